package check

import (
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/finding"
	"github.com/promexporter/promexporter/internal/fluentconf"
)

// section checks the keys of a section of the plugin, and returns the rules file that it names.
func section(s *fluentconf.Section, f *finding.File) (rules []string) {
	var undefined []string
	_, err := config.ParseKeys(func(key string) string {
		p, _ := s.Last(key)
		if p.Undefined != "" {
			undefined = append(undefined, key)
			return ""
		}
		return p.Value
	})
	var mistakes config.Mistakes
	errors.As(err, &mistakes)
	for i := range mistakes {
		p, _ := s.Last(mistakes[i].Path)
		mistakes[i].Position = config.Position{Line: p.Line, Column: p.ValueAt}
	}
	for _, p := range s.Properties {
		if m, known := config.CheckKey(p.Key); !known {
			m.Position = config.Position{Line: p.Line, Column: p.Column}
			mistakes = append(mistakes, m)
		}
	}
	isRulesFile := func(m config.Mistake) bool { return m.Path == "rules_file" }
	if p, ok := s.Last("rules_file"); ok && !slices.Contains(undefined, "rules_file") && !slices.ContainsFunc(mistakes, isRulesFile) {
		name, found := Near(p.Value, s.File)
		if found {
			rules = append(rules, name)
		} else {
			mistakes = append(mistakes, config.Mistake{
				Code: config.Invalid, Position: config.Position{Line: p.Line, Column: p.ValueAt}, Path: p.Key,
				Wrong: "there is no file " + p.Value, Right: "write the path of a rules file",
			})
		}
	}
	f.Add(finding.Error, mistakes)
	return rules
}

// Near returns where the file is that a configuration names: from the working directory, as Fluent Bit takes it, or else
// from the folder of the configuration.
func Near(name, conf string) (path string, found bool) {
	for _, path := range []string{name, filepath.Join(filepath.Dir(conf), name)} {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path, true
		}
	}
	return name, false
}
