package fluentconf

import (
	"strings"
	"unicode/utf8"
)

// A classic reads a file in the classic format: sections in brackets, and below them indented keys with a value each.
type classic struct {
	*reader
	file   string
	depth  int // of the include
	number int // of the line, from 1
	open   int // the index of the section that takes the keys, or -1
	indentation
}

func (r *reader) classic(file string, text []byte, depth int) {
	c := classic{reader: r, file: file, depth: depth, open: -1}
	body, marked := strings.CutPrefix(string(text), "\uFEFF")
	if marked {
		r.wrong(file, 1, 1, "the file begins with a byte order mark, which Fluent Bit takes for a key", "save it as UTF-8 without one")
	}
	for line := range strings.Lines(body) {
		c.number++
		c.line(strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
	}
}

func (c *classic) line(line string) {
	if line == "" || line[0] == '#' {
		return
	}
	body := strings.TrimSpace(line)
	column := utf8.RuneCountInString(line[:strings.Index(line, body)]) + 1
	if line[0] != '[' && line[0] != '@' { // which are not indented
		c.checkIndentation(line, body, column)
	}
	switch {
	case body == "" || body[0] == '#':
	case body[0] == '[':
		c.section(body, column)
	case body[0] == '@':
		c.command(strings.TrimLeft(line, " \t"), column)
	case c.open < 0:
		c.mistake(column, "a key before the first section", "write for example [OUTPUT] above it")
	default:
		if p, ok := c.property(body, column); ok {
			c.Sections[c.open].Properties = append(c.Sections[c.open].Properties, p)
		}
	}
}

// mistake reports a mistake in the line.
func (c *classic) mistake(column int, wrong, right string) {
	c.wrong(c.file, c.number, column, wrong, right)
}

func (c *classic) section(body string, column int) {
	name, _, ok := strings.Cut(body[1:], "]") // Fluent Bit ignores what follows
	if !ok {
		c.mistake(column, "a section whose bracket is not closed", "write for example [OUTPUT]")
		return
	}
	c.reported = false
	c.open = len(c.Sections)
	c.Sections = append(c.Sections, Section{Kind: strings.ToLower(name), File: c.file, Line: c.number})
}

// command follows @INCLUDE and @SET.
func (c *classic) command(body string, column int) {
	name, rest, _ := strings.Cut(body, " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(name) {
	case "@include":
		if name+" "+rest != body {
			c.mistake(column, "blanks around the path", "write one space after @INCLUDE, and nothing after the path")
		}
		pattern, _ := c.expand(rest)
		c.include(pattern, c.file, c.number, column, c.depth)
	case "@set":
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			c.mistake(column, "@SET without =", "write @SET name=value")
			return
		}
		c.variables[strings.TrimSpace(key)], _ = c.expand(strings.TrimSpace(value))
	default:
		c.mistake(column, "unknown command "+name, "write @INCLUDE file or @SET name=value")
	}
}

func (c *classic) property(body string, column int) (p Property, ok bool) {
	key, rest, _ := strings.Cut(body, " ") // not a tab, as in Fluent Bit
	value := strings.TrimSpace(rest)
	switch before, _, tab := strings.Cut(key, "\t"); {
	case value == "" && tab:
		c.mistake(column, "a tab after the key "+before, "write a space, which Fluent Bit needs there")
		return p, false
	case value == "":
		c.mistake(column, "the key "+key+" has no value", "write a key, a space and a value")
		return p, false
	}
	p = Property{Key: strings.ToLower(key), Line: c.number, Column: column}
	p.ValueAt = column + utf8.RuneCountInString(body[:len(body)-len(strings.TrimLeft(rest, " \t"))])
	p.Value, p.Undefined = c.expand(value)
	return p, true
}
