// Package fluentconf reads configurations of Fluent Bit, classic and YAML, with the place of each key.
//
// Includes and variables are followed. What a section means is left to the caller: keys and values are texts. A file
// that Fluent Bit would not read is a [Mistake] with its place; what can be read is returned too.
package fluentconf

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// maxFile bounds a configuration file, in bytes.
const maxFile = 4 << 20

// minFile is how many bytes a small file counts as, so that few are read.
const minFile = 4 << 10

// maxIncludes bounds how deep includes may nest.
const maxIncludes = 16

// Property is a key of a section and its value. Columns count characters, from 1.
type Property struct {
	Key       string // in lower case
	Value     string
	Line      int
	Column    int    // of the key
	ValueAt   int    // the column of the value
	Undefined string // a variable in the value that is not set, or ""
}

// Section is a section of a configuration, such as an [OUTPUT].
type Section struct {
	Kind       string // "service", "input", "filter", "output", and others, in lower case
	File       string
	Line       int
	Properties []Property
}

// Last returns the property of that key, the last one if there are several.
func (s *Section) Last(key string) (p Property, ok bool) {
	for i := range s.Properties {
		if s.Properties[i].Key == key {
			p, ok = s.Properties[i], true
		}
	}
	return p, ok
}

// Name returns the plugin of the section, in lower case.
func (s *Section) Name() string {
	p, _ := s.Last("name")
	return strings.ToLower(p.Value)
}

// Mistake is what is wrong with a file.
type Mistake struct {
	File         string
	Line, Column int
	Wrong, Right string
}

func (m *Mistake) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s; %s", m.File, m.Line, m.Column, m.Wrong, m.Right)
}

// Config is a configuration with all files that it includes.
type Config struct {
	Sections []Section
	Mistakes []Mistake
}

// Read reads the configuration in a file. Its error is that the file cannot be read.
func Read(path string) (*Config, error) {
	r := reader{variables: make(map[string]string)}
	if err := r.file(path, 0); err != nil {
		return nil, err
	}
	if r.used > maxFile {
		return nil, fmt.Errorf("%s: with its includes and the values of its variables, it has more than %d bytes; "+
			"does a file include itself, or a variable contain itself?", path, maxFile)
	}
	return &r.Config, nil
}

// IsYAML reports whether Fluent Bit reads a file of this name as YAML.
func IsYAML(path string) bool {
	ext := filepath.Ext(path)
	return ext == ".yaml" || ext == ".yml"
}

type reader struct {
	Config
	variables map[string]string // what @SET and env define
	used      int               // bytes of files, and of values with their variables
}

// take counts n bytes, and reports whether that many may be used. Without a bound, files that include each other and
// values that contain variables grow exponentially.
func (r *reader) take(n int) bool {
	r.used += n
	return r.used <= maxFile
}

func (r *reader) file(path string, depth int) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > maxFile {
		return fmt.Errorf("%s: %d bytes, and at most %d are read", path, info.Size(), maxFile)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !r.take(max(len(text), minFile)) {
		return nil // Read reports it
	}
	if bytes.IndexByte(text, 0) >= 0 {
		r.wrong(path, 1, 1, "a NUL byte, which UTF-16 has and text does not", "save the file as UTF-8")
		return nil
	}
	if IsYAML(path) {
		r.yaml(path, text, depth)
	} else {
		r.classic(path, text, depth)
	}
	return nil
}

func (r *reader) wrong(file string, line, column int, wrong, right string) {
	r.Mistakes = append(r.Mistakes, Mistake{file, line, column, wrong, right})
}

// include reads the files that pattern names, which belongs to the folder of from.
func (r *reader) include(pattern, from string, line, column, depth int) {
	if depth >= maxIncludes {
		r.wrong(from, line, column, "includes nest too deep", "does a file include itself?")
		return
	}
	if !filepath.IsAbs(pattern) {
		pattern = filepath.Join(filepath.Dir(from), pattern)
	}
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		r.wrong(from, line, column, "no file "+pattern, "write the path of a file, relative to this one")
		return
	}
	for _, file := range files {
		if err := r.file(file, depth+1); err != nil {
			r.wrong(from, line, column, err.Error(), "write the path of a file that can be read")
		}
	}
}

// expand replaces ${NAME} by the variable of that name. undefined is the first one that is not set.
func (r *reader) expand(value string) (expanded, undefined string) {
	expanded = os.Expand(maskDollars(value), func(name string) string {
		if name == dollar {
			return "$"
		}
		v, ok := r.variables[name]
		if !ok {
			v, ok = os.LookupEnv(name)
		}
		if !ok && undefined == "" {
			undefined = name
		}
		if !r.take(len(v)) {
			return ""
		}
		return v
	})
	return expanded, undefined
}

const dollar = "\x00"

// maskDollars keeps os.Expand from replacing $NAME without braces, which Fluent Bit leaves alone.
func maskDollars(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '$' && !strings.HasPrefix(s[i:], "${") {
			b.WriteString("${" + dollar + "}")
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
