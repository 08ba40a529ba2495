package conf

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// classicSection is a section as written.
type classicSection struct {
	name       string // lower-case
	where      string // file:line
	properties property.List
}

// classic reads a file in the classic format, and what it includes.
type classic struct {
	root      string // the directory of the first file, from which includes are looked for
	open      []string
	sections  []*classicSection
	variables property.List
}

func readClassicFile(path string) (*classic, error) {
	c := &classic{root: filepath.Dir(path)}
	return c, c.read(path)
}

func (d *document) readClassic(path string) error {
	c, err := readClassicFile(path)
	if err != nil {
		return err
	}
	d.variables = append(d.variables, c.variables...)
	for _, s := range c.sections {
		switch s.name {
		case "service":
			d.service = append(d.service, s.properties...)
		case "input":
			d.inputs = append(d.inputs, s.properties)
		case "output":
			d.outputs = append(d.outputs, s.properties)
		case "plugins":
			return fmt.Errorf("%s: [PLUGINS] does not belong here, but in the file that Plugins_File names", s.where)
		case "parser", "multiline_parser":
			return fmt.Errorf("%s: [%s] does not belong here, but in a parsers file", s.where, strings.ToUpper(s.name))
		case "filter", "custom":
			return fmt.Errorf("%s: the development host has no [%s] sections", s.where, strings.ToUpper(s.name))
		default:
			d.warn("%s: section [%s] is ignored", s.where, s.name)
		}
	}
	return nil
}

func readClassicPlugins(path string) ([]string, error) {
	c, err := readClassicFile(path)
	if err != nil {
		return nil, err
	}
	var plugins []string
	for _, s := range c.sections {
		if s.name != "plugins" {
			continue
		}
		for _, p := range s.properties {
			if p.Key == "path" {
				plugins = append(plugins, p.Value)
			}
		}
	}
	return plugins, nil
}

// read reads one file. The indentation of its first indented line holds for all of it.
func (c *classic) read(path string) error {
	for _, open := range c.open {
		if open == path {
			return fmt.Errorf("%s includes itself", path)
		}
	}
	c.open = append(c.open, path)
	defer func() { c.open = c.open[:len(c.open)-1] }()
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r := classicReader{classic: c}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		r.where = fmt.Sprintf("%s:%d", path, n)
		if err := r.line(strings.TrimSuffix(lines.Text(), "\r")); err != nil {
			return fmt.Errorf("%s: %w", r.where, err)
		}
	}
	return lines.Err()
}

// classicReader is the state within one file.
type classicReader struct {
	*classic
	where   string
	indent  string
	section *classicSection
}

func (r *classicReader) line(line string) error {
	switch {
	case strings.TrimSpace(line) == "" || strings.HasPrefix(strings.TrimSpace(line), "#"):
		return nil
	case line[0] == '@':
		return r.command(line)
	case line[0] == '[':
		name, _, ok := strings.Cut(line[1:], "]")
		if !ok {
			return errors.New("a section starts with [NAME]")
		}
		r.section = &classicSection{name: strings.ToLower(strings.TrimSpace(name)), where: r.where}
		r.sections = append(r.sections, r.section)
		return nil
	default:
		return r.property(line)
	}
}

func (r *classicReader) command(line string) error {
	name, rest, _ := strings.Cut(line[1:], " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToLower(name) {
	case "include":
		return r.include(rest)
	case "set":
		key, value, ok := strings.Cut(rest, "=")
		if !ok {
			return fmt.Errorf("@SET %s has no value: write @SET name=value", rest)
		}
		r.variables = append(r.variables, property.Property{Key: key, Value: value})
		return nil
	}
	return fmt.Errorf("unknown command @%s: there are @INCLUDE and @SET", name)
}

func (r *classicReader) include(pattern string) error {
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(r.root, pattern)
	}
	paths := []string{pattern}
	if strings.Contains(pattern, "*") {
		var err error
		if paths, err = filepath.Glob(pattern); err != nil {
			return fmt.Errorf("@INCLUDE %s: %w", pattern, err)
		}
	}
	for _, path := range paths {
		if err := r.classic.read(path); err != nil {
			return fmt.Errorf("@INCLUDE: %w", err)
		}
	}
	return nil
}

func (r *classicReader) property(line string) error {
	indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	switch {
	case r.section == nil:
		return errors.New("a key stands before any [SECTION]")
	case indent == "":
		return errors.New("a key has to be indented")
	case r.indent == "":
		r.indent = indent
	case indent != r.indent:
		return fmt.Errorf("indentation is %q, and was %q before", indent, r.indent)
	}
	// A tab does not separate, as in Fluent Bit.
	key, value, ok := strings.Cut(line[len(indent):], " ")
	value = strings.TrimSpace(value)
	if !ok || value == "" {
		return fmt.Errorf("key %q has no value: write a key, a space and a value", strings.TrimSpace(key))
	}
	key = strings.ToLower(strings.TrimSpace(key))
	r.section.properties = append(r.section.properties, property.Property{Key: key, Value: value})
	return nil
}
