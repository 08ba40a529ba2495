package config

import "strings"

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
		variable, tail, closed := strings.Cut(rest, "}")
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
