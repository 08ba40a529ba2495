package fluentconf

import (
	"strings"
	"unicode/utf8"
)

// classic reads the classic format: sections in brackets, and below them indented keys with a value each.
func (r *reader) classic(file string, text []byte, depth int) {
	n, open := 0, -1
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\uFEFF")) {
		n++
		body := strings.TrimSpace(line)
		column := utf8.RuneCountInString(line[:strings.Index(line, body)]) + 1
		switch {
		case body == "" || body[0] == '#':
		case body[0] == '[':
			name, ok := strings.CutSuffix(body[1:], "]")
			if !ok {
				r.wrong(file, n, column, "a section whose bracket is not closed", "write for example [OUTPUT]")
				continue
			}
			open = len(r.Sections)
			r.Sections = append(r.Sections, Section{Kind: strings.ToLower(name), File: file, Line: n})
		case body[0] == '@':
			r.command(file, body, n, column, depth)
		case open < 0:
			r.wrong(file, n, column, "a key before the first section", "write for example [OUTPUT] above it")
		default:
			if p, ok := r.classicProperty(file, body, n, column); ok {
				r.Sections[open].Properties = append(r.Sections[open].Properties, p)
			}
		}
	}
}

// command follows @INCLUDE and @SET.
func (r *reader) command(file, body string, line, column, depth int) {
	name, rest, _ := strings.Cut(body, " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(name) {
	case "@include":
		pattern, _ := r.expand(rest)
		r.include(pattern, file, line, column, depth)
	case "@set":
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			r.wrong(file, line, column, "@SET without =", "write @SET name=value")
			return
		}
		r.variables[strings.TrimSpace(key)], _ = r.expand(strings.TrimSpace(value))
	default:
		r.wrong(file, line, column, "unknown command "+name, "write @INCLUDE file or @SET name=value")
	}
}

func (r *reader) classicProperty(file, body string, line, column int) (p Property, ok bool) {
	key, rest, _ := strings.Cut(body, " ") // not a tab, as in Fluent Bit
	value := strings.TrimSpace(rest)
	if value == "" {
		r.wrong(file, line, column, "the key "+key+" has no value", "write a key, a space and a value")
		return p, false
	}
	p = Property{Key: strings.ToLower(key), Line: line, Column: column}
	p.ValueAt = column + utf8.RuneCountInString(body[:len(body)-len(strings.TrimLeft(rest, " \t"))])
	p.Value, p.Undefined = r.expand(value)
	return p, true
}
