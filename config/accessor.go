package config

import (
	"strconv"
	"strings"
)

// roots are the names with a special meaning at the start of an accessor. A field with such a name is written as
// $['metadata'].
var roots = map[string]Root{
	"TAG":              RootTag,
	"metadata":         RootMetadata,
	"group_metadata":   RootGroupMetadata,
	"group_attributes": RootGroupAttributes,
	"item":             RootItem,
	"TIME":             RootTime,
	"NOW":              RootNow,
}

// Bounds of an accessor.
const (
	maxAccessor = 1024 // bytes
	maxSteps    = 32
	maxIndex    = 65535
)

// parseAccessor parses an accessor in the syntax of Fluent Bit, with three additions: double quotes, $['key'] for keys
// that need quotes, and blanks in quotes.
func parseAccessor(s string) (*Accessor, error) {
	rest, ok := strings.CutPrefix(s, "$")
	switch {
	case !ok:
		return nil, newTextError("it does not start with $", "write $%s", shorten(s, maxQuoted))
	case len(s) > maxAccessor:
		return nil, newTextError("it is longer than 1024 bytes", "write a shorter one")
	}
	a := &Accessor{Text: s}
	name := rest[:bareLength(rest)]
	rest = rest[len(name):]
	switch root, special := roots[name]; {
	case special:
		a.Root = root
	case name != "":
		a.Steps = append(a.Steps, Step{Key: name})
	case !strings.HasPrefix(rest, "["):
		return nil, badStart(rest)
	}
	for rest != "" {
		step, tail, err := cutStep(rest)
		if err != nil {
			return nil, err
		}
		if a.Steps = append(a.Steps, step); len(a.Steps) > maxSteps {
			return nil, newTextError("it has more than 32 steps", "write fewer")
		}
		rest = tail
	}
	if err := a.check(); err != nil {
		return nil, err
	}
	return a, nil
}

// bareLength returns the length of the key without quotes at the start of s. As in the grammar of Fluent Bit, a dot
// ends it.
func bareLength(s string) int {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c != '-' && c != '/' && (c < '0' || c > '9')) {
			return i
		}
	}
	return len(s)
}

func badStart(rest string) error {
	switch {
	case rest == "":
		return newTextError("a field is missing after $", "write a field such as $status, and $$ for a dollar sign")
	case rest[0] == '{':
		return newTextError("${...} is a variable of metric names", "write $%s", strings.Trim(rest, "{}"))
	case rest[0] == '.' && bareLength(rest[1:]) > 0:
		return newTextError("a dot cannot follow $", "write $%s, or $['%s'] for a field of this name", rest[1:], rest)
	case rest[0] >= '0' && rest[0] <= '9':
		return newTextError("a capture of a regular expression is not a field",
			"write {from: $field, regex: ..., replacement: $1}, or $['%s'] for a field of this name", rest)
	}
	return newTextError("a field cannot start with "+strconv.QuoteRune(firstRune(rest)), "write $['%s']", rest)
}

func firstRune(s string) rune {
	for _, r := range s {
		return r
	}
	return 0
}

// cutStep splits ['key'], ["key"] or [0] off s.
func cutStep(s string) (step Step, rest string, err error) {
	if s[0] != '[' {
		return step, "", notAStep(s)
	}
	s = s[1:]
	if s == "" {
		return step, "", newTextError("a [ is not closed", "write ['key'] or [0]")
	}
	if s[0] == '\'' || s[0] == '"' {
		step.Key, rest, err = cutQuoted(s)
	} else {
		step.IsIndex = true
		step.Index, rest, err = cutIndex(s)
	}
	if err != nil {
		return step, "", err
	}
	rest, ok := strings.CutPrefix(rest, "]")
	if !ok {
		return step, "", newTextError("a ] is missing", "write ['key'] or [0]")
	}
	return step, rest, nil
}

func notAStep(s string) error {
	if s[0] == '.' && bareLength(s[1:]) > 0 {
		key := s[1 : 1+bareLength(s[1:])]
		return newTextError("a dot does not lead into a map",
			"write ['%s'] instead of .%s, or $['a.b'] for a key with a dot in it", key, key)
	}
	return newTextError(quote(s)+" cannot follow a field", "write a key with special characters as $['key']")
}

// cutQuoted splits a quoted key off s. A quote within it is doubled.
func cutQuoted(s string) (key, rest string, err error) {
	mark := s[:1]
	var b strings.Builder
	for s = s[1:]; ; {
		part, tail, ok := strings.Cut(s, mark)
		if !ok {
			return "", "", newTextError("a "+mark+" is not closed", "write ['key']")
		}
		b.WriteString(part)
		if !strings.HasPrefix(tail, mark) {
			return b.String(), tail, nil
		}
		b.WriteString(mark)
		s = tail[1:]
	}
}

func cutIndex(s string) (index int, rest string, err error) {
	digits := s[:len(s)-len(strings.TrimLeft(s, "0123456789"))]
	index, err = strconv.Atoi(digits)
	switch {
	case digits == "":
		return 0, "", newTextError(quote("["+s)+" is neither a quoted key nor an index", "write ['key'] or [0]")
	case len(digits) > 1 && digits[0] == '0':
		return 0, "", newTextError("the index "+digits+" starts with 0", "write [0] or [7]")
	case err != nil || index > maxIndex:
		return 0, "", newTextError("the index "+digits+" is too large", "write at most %d", maxIndex)
	}
	return index, s[len(digits):], nil
}

// check checks the steps against the root.
func (a *Accessor) check() error {
	byIndex := len(a.Steps) > 0 && a.Steps[0].IsIndex
	switch a.Root {
	case RootItem:
		return nil
	case RootTime, RootNow:
		if len(a.Steps) > 0 {
			return newTextError("it is a number and has no parts", "write %s, or $['%s'] for a field of this name", a.name(), a.name()[1:])
		}
		return nil
	case RootTag:
		if len(a.Steps) > 1 || len(a.Steps) == 1 && !byIndex {
			return newTextError("the parts of a tag have numbers, not keys", "write $TAG or $TAG[1]")
		}
		return nil
	case RootBody:
		if byIndex {
			return newTextError("a record is a map, not an array", "write a key: $['key']")
		}
		return nil
	}
	if len(a.Steps) == 0 {
		return newTextError("it names a whole map", "write %s['key'], or $['%s'] for a field of this name", a.Text, a.Text[1:])
	}
	if byIndex {
		return newTextError("it is a map, not an array", "write a key: ['key']")
	}
	return nil
}

// name returns the accessor without its steps in brackets.
func (a *Accessor) name() string {
	name, _, _ := strings.Cut(a.Text, "[")
	return name
}

// String returns the accessor as written.
func (a *Accessor) String() string { return a.Text }
