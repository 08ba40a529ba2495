package config

import (
	"slices"
	"strings"
)

// parseTemplate parses a name with ${variables}.
func parseTemplate(s string) (Template, error) {
	var t Template
	for s != "" {
		literal, rest, found := strings.Cut(s, "${")
		if literal != "" {
			t = append(t, TemplatePart{Literal: literal})
		}
		if !found {
			break
		}
		variable, tail, closed := cutVariable(rest)
		switch {
		case !closed:
			return nil, newTextError("a } is missing after ${"+rest, "write ${field}")
		case variable == "":
			return nil, newTextError("${} does not name a variable", "write ${field}")
		}
		t = append(t, TemplatePart{Variable: variable})
		s = tail
	}
	return t, nil
}

// cutVariable splits s at the first } that is not in quotes.
func cutVariable(s string) (variable, rest string, closed bool) {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			quote = 0
		case quote != 0:
		case c == '\'' || c == '"':
			quote = c
		case c == '}':
			return s[:i], s[i+1:], true
		}
	}
	return s, "", false
}

// String returns the template as written.
func (t Template) String() string {
	var b strings.Builder
	for _, part := range t {
		if part.Variable != "" {
			b.WriteString("${" + part.Variable + "}")
		} else {
			b.WriteString(part.Literal)
		}
	}
	return b.String()
}

// fixed reports whether t expands to the same name for all records: ${namespace} is its only variable.
func (t Template) fixed() bool {
	for _, part := range t {
		if part.Variable != "" && part.Variable != "namespace" {
			return false
		}
	}
	return true
}

// readsRecord reports whether t has fields of records.
func (t Template) readsRecord() bool {
	return slices.ContainsFunc(t, func(part TemplatePart) bool { return part.From != nil })
}
