// Package check finds what is wrong in rules files, in their tests and in configurations of Fluent Bit.
//
// What enters are paths; what leaves is a [finding.Report]. An error is that a file cannot be read, not that it is wrong.
package check

import (
	"cmp"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/finding"
	"github.com/promexporter/promexporter/internal/fluentconf"
)

// Plugins are the names by which a section may call the plugin.
var Plugins = []string{"promexporter"}

// Files checks files, and the rules files that configurations among them name. ignore are codes of warnings that are left
// out.
func Files(paths []string, ignore []config.Code) (*finding.Report, error) {
	c := checker{seen: make(map[string]bool)}
	for _, path := range paths {
		if err := c.file(path); err != nil {
			return nil, err
		}
	}
	for i := range c.report.Files {
		c.report.Files[i].Silence(ignore)
	}
	return &c.report, nil
}

type checker struct {
	report finding.Report
	seen   map[string]bool
}

func (c *checker) file(path string) error {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if c.seen[absolute] {
		return nil
	}
	c.seen[absolute] = true
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	switch kindOf(path, text) {
	case configuration:
		return c.configuration(path, text)
	case testsFile:
		c.tests(path, text)
	default:
		c.rules(path, text)
	}
	return nil
}

func (c *checker) tests(path string, text []byte) {
	tests, err := config.ParseTests(path, text)
	n := 0
	if tests != nil {
		n = len(tests.Tests)
	}
	f := finding.NewFile(path, finding.Plural(n, "test"), text)
	var mistakes config.Mistakes
	if errors.As(err, &mistakes) {
		f.Add(finding.Error, mistakes)
	}
	c.report.Files = append(c.report.Files, f)
}

func (c *checker) rules(path string, text []byte) {
	r := config.Check(path, text)
	f := finding.NewFile(path, finding.Plural(r.Rules, "rule"), text)
	f.Rules = r.Rules
	f.Add(finding.Error, r.Mistakes)
	f.Add(finding.Warning, r.Warnings)
	c.report.Files = append(c.report.Files, f)
}

// fileSet is a configuration and the files that it includes, by their paths.
type fileSet map[string]*finding.File

func (s fileSet) get(path string) *finding.File {
	if s[path] == nil {
		text, _ := os.ReadFile(path) // only the excerpt needs it
		s[path] = new(finding.NewFile(path, "", text))
	}
	return s[path]
}

// configuration checks the sections of the plugin in a configuration, and the rules files that they name.
func (c *checker) configuration(path string, text []byte) error {
	read, err := fluentconf.Read(path)
	if err != nil {
		return err
	}
	files := fileSet{path: new(finding.NewFile(path, "", text))}
	sections := 0
	for i := range read.Mistakes {
		m := &read.Mistakes[i]
		files.get(m.File).Add(finding.Error, config.Mistakes{{
			Code: config.Syntax, Position: config.Position{Line: m.Line, Column: m.Column}, Wrong: m.Wrong, Right: m.Right,
		}})
	}
	var rules []string
	for i := range read.Sections {
		s := &read.Sections[i]
		if s.Kind == "output" && slices.Contains(Plugins, s.Name()) {
			sections++
			rules = append(rules, section(s, files.get(s.File))...)
		}
	}
	files[path].Holds = finding.Plural(sections, "section") + " of promexporter"
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if f := files[name]; f.Holds != "" || len(f.Problems) > 0 {
			f.Holds = cmp.Or(f.Holds, "included")
			c.report.Files = append(c.report.Files, *f)
		}
	}
	for _, name := range rules {
		if err := c.file(name); err != nil {
			return err
		}
	}
	return nil
}
