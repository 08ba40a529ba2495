package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	"github.com/promexporter/promexporter/check"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/fluentconf"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/trial"
)

// rulesFlags say which rules are tried, as the keys of a section do.
type rulesFlags struct {
	file        string
	named       string // the flag or key that names file; "" for the usual one
	namespace   string
	seriesLimit int
	conf        string
	section     string
	clock       string
	live        bool // metrics events come when they are measured
}

func (f *rulesFlags) define(flags *pflag.FlagSet) {
	f.defineRules(flags)
	flags.StringVar(&f.clock, "clock", "now", "now, or records: the clock follows the times of the records, so that ttl shows")
}

// defineRules defines the flags without that of the clock.
func (f *rulesFlags) defineRules(flags *pflag.FlagSet) {
	f.clock = "now"
	flags.StringVarP(&f.file, "rules", "r", "", "rules `file`; by default rules.yaml, and without it the default rules")
	flags.StringVar(&f.namespace, "namespace", "", "the value of ${namespace}")
	flags.IntVar(&f.seriesLimit, "series-limit", 0, "the largest number of series; 0 for the default of the plugin")
	flags.StringVarP(&f.conf, "config", "c", "", "configuration of Fluent Bit whose section has rules, namespace and series limit")
	flags.StringVar(&f.section, "section", "", "the `alias` of the section, if there are several")
}

// defaultRules is the file that is used when it is there.
const defaultRules = "rules.yaml"

// trial compiles the rules for a clock that starts now.
func (a *app) trial(f *rulesFlags, now time.Time) (*trial.Trial, []*config.Rules, error) {
	if err := oneOf("--clock", f.clock, "now", "records"); err != nil {
		return nil, nil, err
	}
	if err := f.configuration(); err != nil {
		return nil, nil, err
	}
	if err := f.check(); err != nil {
		return nil, nil, err
	}
	rules, err := a.readRules(f)
	if err != nil {
		return nil, nil, err
	}
	t, err := trial.New(trial.Options{
		Rules: rules, Namespace: f.namespace, SeriesLimit: f.seriesLimit, Now: now, FollowRecords: f.clock == "records",
		Live: f.live,
	})
	return t, rules, err
}

// check reports values that a section could not have.
func (f *rulesFlags) check() error {
	values := map[string]string{"namespace": f.namespace}
	if f.seriesLimit != 0 {
		values["series_limit"] = strconv.Itoa(f.seriesLimit)
	}
	_, err := config.ParseKeys(func(key string) string { return values[key] })
	return err
}

// configuration takes what was not given as a flag from a section.
func (f *rulesFlags) configuration() error {
	f.named = "--rules"
	if f.conf == "" {
		return nil
	}
	c, err := fluentconf.Read(f.conf)
	if err != nil {
		return fileError("--config", err, wantConf)
	}
	if len(c.Mistakes) > 0 {
		return &c.Mistakes[0]
	}
	s, err := f.find(c)
	if err != nil {
		return err
	}
	read, err := config.ParseKeys(func(key string) string { p, _ := s.Last(key); return p.Value })
	if err != nil {
		return fmt.Errorf("%s: %w", f.conf, err)
	}
	if f.file == "" && read.RulesFile != "" {
		f.file, _ = check.Near(read.RulesFile, s.File)
		f.named = s.File + ": rules_file"
	}
	if f.namespace == "" {
		f.namespace = read.Namespace
	}
	if f.seriesLimit == 0 {
		f.seriesLimit = read.SeriesLimit
	}
	return nil
}

func (f *rulesFlags) find(c *fluentconf.Config) (found *fluentconf.Section, err error) {
	for i := range c.Sections {
		s := &c.Sections[i]
		alias, _ := s.Last("alias")
		if s.Kind != "output" || !slices.Contains(check.Plugins, s.Name()) || f.section != "" && alias.Value != f.section {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("%s has several sections of promexporter; pick one by its alias with --section", f.conf)
		}
		found = s
	}
	if found == nil {
		return nil, fmt.Errorf("%s has no section of promexporter, or none with this alias; write the configuration of the "+
			"agent after --config, and the alias of the section after --section", f.conf)
	}
	return found, nil
}

// readRules reads a rules file, or "" for the usual one, and what it adds to itself.
func (a *app) readRules(f *rulesFlags) ([]*config.Rules, error) {
	file, named := f.file, f.named
	if file == "" {
		if _, err := os.Stat(defaultRules); err != nil {
			a.note("the default rules are applied; --rules names others")
			d, err := rule.Defaults()
			return []*config.Rules{d}, err
		}
		a.note("rules of %s", defaultRules)
		file, named = defaultRules, ""
	}
	text, err := readFile(named, file, wantRules)
	if err != nil {
		return nil, err
	}
	rules, err := config.ParseRules(file, text)
	var mistakes config.Mistakes
	if errors.As(err, &mistakes) {
		for i := range mistakes {
			mistakes[i].File = file
			fmt.Fprintf(a.err, "%v\n", &mistakes[i])
		}
		return nil, status(statusWrong)
	}
	if err != nil {
		return nil, err
	}
	all := []*config.Rules{rules}
	if rules.Defaults {
		d, err := rule.Defaults()
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}
