package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/conf"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/input"
	"github.com/promexporter/promexporter/test/flbhost/output"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// plan is a configuration that can be started. Its built-in inputs and outputs exist; its plugins are not loaded yet.
type plan struct {
	dryRun  bool
	flush   time.Duration
	host    host.Config
	sources []source
	routes  []route
}

// source is an input and the tag of its events.
type source struct {
	name     string // such as cpu.0
	tag      string
	isPlugin bool
	plugin   int         // of a plugin: the position in host.Config.Inputs
	input    input.Input // of a plugin: set by start
}

// route is an output and the tags that it takes.
type route struct {
	name    string // such as stdout.0
	match   *regexp.Regexp
	builtin output.Output // nil for a plugin
	plugin  int           // the position in host.Config.Outputs
}

func newPlan(c *conf.Config, stdout io.Writer) (*plan, error) {
	if len(c.Inputs) == 0 || len(c.Outputs) == 0 {
		return nil, errors.New("the configuration needs an input and an output")
	}
	p := &plan{dryRun: c.DryRun, flush: c.Flush, host: c.Config}
	p.host.Inputs, p.host.Outputs = nil, nil
	for n, s := range c.Inputs {
		s.Number = n
		if err := p.addSource(s); err != nil {
			return nil, err
		}
	}
	alone := len(c.Inputs) == 1 && len(c.Outputs) == 1
	for n, s := range c.Outputs {
		s.Number = n
		if err := p.addRoute(s, alone, stdout); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *plan) addSource(s host.Section) (err error) {
	name := fmt.Sprintf("%s.%d", s.Plugin, s.Number)
	src := source{name: name, tag: name, plugin: len(p.host.Inputs)}
	var builtin bool
	if src.input, builtin, err = input.New(s.Plugin, s.Properties, "/proc"); err != nil {
		return err
	}
	if !builtin {
		src.isPlugin = true
		p.host.Inputs = append(p.host.Inputs, s)
	}
	if tag, ok := s.Properties.Last("tag"); ok {
		src.tag = tag
	}
	p.sources = append(p.sources, src)
	return nil
}

func (p *plan) addRoute(s host.Section, alone bool, stdout io.Writer) (err error) {
	r := route{name: fmt.Sprintf("%s.%d", s.Plugin, s.Number), plugin: len(p.host.Outputs)}
	if r.match, err = matcher(s.Properties, alone); err != nil {
		return fmt.Errorf("[output:%s] %w", r.name, err)
	}
	if r.builtin, err = output.New(s.Plugin, s.Properties, stdout); err != nil {
		return err
	}
	if r.builtin == nil {
		p.host.Outputs = append(p.host.Outputs, s)
	}
	p.routes = append(p.routes, r)
	return nil
}

// matcher returns the tags that an output takes: those that its match describes, where * is any text. Without a match
// it takes nothing, unless it and the input are alone.
func matcher(l property.List, alone bool) (*regexp.Regexp, error) {
	if _, ok := l.Last("match_regex"); ok {
		return nil, errors.New("match_regex: the development host does not support it; write match")
	}
	pattern, ok := l.Last("match")
	if !ok && alone {
		pattern, ok = "*", true
	}
	if !ok {
		return regexp.Compile(`\z\A.`) // matches nothing
	}
	return regexp.Compile(`(?s)\A` + strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*") + `\z`)
}
