// Package parsertest takes the Fluent Bit configuration from the comment at the head of a rules file, for tests in a
// real Fluent Bit. For tests without one, it reads the lines of a log as that configuration says.
package parsertest

import (
	_ "embed"
	"regexp"
	"strings"
)

//go:embed parsers.conf
var shipped string

// Section is a section of a configuration in Fluent Bit's classic form.
type Section struct {
	Name string
	Keys []Key
}

// Key is a key of a section. Keys may repeat.
type Key struct{ Name, Value string }

// Get returns the value of the first key of that name, in any case, or "".
func (s *Section) Get(name string) string {
	for _, k := range s.Keys {
		if strings.EqualFold(k.Name, name) {
			return k.Value
		}
	}
	return ""
}

// Set changes the value of a key, or adds the key.
func (s *Section) Set(name, value string) {
	for i := range s.Keys {
		if strings.EqualFold(s.Keys[i].Name, name) {
			s.Keys[i].Value = value
			return
		}
	}
	s.Keys = append(s.Keys, Key{name, value})
}

// Config is the sections of a configuration, in order.
type Config []*Section

var (
	sectionLine = regexp.MustCompile(`^#? *\[([A-Z_]+)\]$`)
	keyLine     = regexp.MustCompile(`^(?:#   )? {4}([A-Za-z_.]+) +(.*)$`)
)

// Parse returns the sections in text, which is a configuration file or a rules file with such sections in its comments.
// Lines that are not part of a section do not matter.
func Parse(text string) Config {
	var (
		c  Config
		in *Section
	)
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if m := sectionLine.FindStringSubmatch(line); m != nil {
			in = &Section{Name: m[1]}
			c = append(c, in)
		} else if m := keyLine.FindStringSubmatch(line); m != nil && in != nil {
			in.Keys = append(in.Keys, Key{m[1], strings.TrimSpace(m[2])})
		} else {
			in = nil
		}
	}
	return c
}

// Head returns the configuration at the head of a rules file, with the parsers that Fluent Bit itself has.
func Head(rules string) Config {
	head, _, _ := strings.Cut(rules, "\nmetrics:\n")
	return append(Parse(head), Parse(shipped)...)
}

// First returns the first section of that name, or nil.
func (c Config) First(name string) *Section {
	for _, s := range c {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Parser returns the section of that name with the key Name parser, or nil.
func (c Config) Parser(section, parser string) *Section {
	for _, s := range c {
		if s.Name == section && s.Get("Name") == parser {
			return s
		}
	}
	return nil
}

// Texts returns the configuration as files: parsers belong in one of their own.
func (c Config) Texts() (main, parsers string) {
	var m, p strings.Builder
	for _, s := range c {
		b := &m
		if strings.HasSuffix(s.Name, "PARSER") {
			b = &p
		}
		b.WriteString("[" + s.Name + "]\n")
		for _, k := range s.Keys {
			b.WriteString("    " + k.Name + " " + k.Value + "\n")
		}
	}
	return m.String(), p.String()
}
