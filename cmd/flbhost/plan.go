package main

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/conf"
	"github.com/promexporter/promexporter/cmd/flbhost/host"
	"github.com/promexporter/promexporter/cmd/flbhost/input"
	"github.com/promexporter/promexporter/cmd/flbhost/output"
	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// plan is a configuration that can be started: inputs and built-in outputs are made, plugins are not yet loaded.
type plan struct {
	flush   time.Duration
	grace   time.Duration
	host    host.Config
	sources []source
	routes  []route
}

// source is an input and the tag of its events.
type source struct {
	name     string // cpu.0
	tag      string
	input    input.Input // nil for a plugin, until its host has started
	isPlugin bool
	plugin   int // the position in host.Config.Inputs
}

// route is an output and what it takes.
type route struct {
	match   func(tag string) bool
	builtin output.Output // nil for a plugin
	plugin  int           // the position in host.Config.Outputs
	name    string        // stdout.0; plugins are named by the host
}

func newPlan(line *conf.CommandLine, c *conf.Config, stdout io.Writer) (*plan, error) {
	level, err := logLevel(line, c.Service.LogLevel)
	if err != nil {
		return nil, err
	}
	p := &plan{
		flush: c.Service.Flush,
		grace: c.Service.Grace,
		host:  host.Config{Plugins: c.Plugins, LogLevel: level, HotReload: c.Service.HotReload},
	}
	if len(c.Inputs) == 0 {
		return nil, errors.New("no input(s) have been defined")
	}
	if len(c.Outputs) == 0 {
		return nil, errors.New("you must specify an output target")
	}
	alone := len(c.Inputs) == 1 && len(c.Outputs) == 1
	for n, s := range c.Outputs {
		if err := p.addRoute(n, s, alone, stdout); err != nil {
			return nil, err
		}
	}
	for n, s := range c.Inputs {
		if err := p.addSource(n, s); err != nil {
			p.close()
			return nil, err
		}
	}
	return p, nil
}

func (p *plan) addSource(n int, s conf.Section) error {
	src := source{name: fmt.Sprintf("%s.%d", s.Plugin, n)}
	if input.Known(s.Plugin) {
		var err error
		if src.input, err = input.New(s.Plugin, s.Properties, input.System{}); err != nil {
			return err
		}
	} else {
		src.isPlugin, src.plugin = true, len(p.host.Inputs)
		p.host.Inputs = append(p.host.Inputs, host.Input{Plugin: s.Plugin, Properties: s.Properties, Number: n})
	}
	var ok bool
	if src.tag, ok = s.Properties.Last("tag"); !ok {
		src.tag = src.name
	}
	p.sources = append(p.sources, src)
	return nil
}

func (p *plan) addRoute(n int, s conf.Section, alone bool, stdout io.Writer) error {
	match, err := matcher(s.Properties, alone)
	if err != nil {
		return fmt.Errorf("[config] output '%s': %w", s.Plugin, err)
	}
	builtin, ok, err := output.New(s.Plugin, s.Properties, stdout)
	if err != nil {
		return err
	}
	r := route{match: match, builtin: builtin, name: fmt.Sprintf("%s.%d", s.Plugin, n)}
	if !ok {
		r.plugin = len(p.host.Outputs)
		p.host.Outputs = append(p.host.Outputs, host.Output{Plugin: s.Plugin, Properties: s.Properties, Number: n})
	}
	p.routes = append(p.routes, r)
	return nil
}

// matcher returns what an output takes. An output without match and match_regex takes nothing, unless it and the input
// are alone.
func matcher(l property.List, alone bool) (func(string) bool, error) {
	pattern, hasPattern := l.Last("match")
	expression, hasExpression := l.Last("match_regex")
	if !hasPattern && !hasExpression && alone {
		pattern, hasPattern = "*", true
	}
	re, err := regexp.Compile(`\A(?:` + expression + `)`)
	if err != nil {
		return nil, fmt.Errorf("match_regex: %w", err)
	}
	return func(tag string) bool {
		return hasExpression && re.FindString(tag) != "" || hasPattern && match(pattern, tag)
	}, nil
}

// logLevel is that of the file, or info; the command line can raise it, or turn it off.
func logLevel(line *conf.CommandLine, configured string) (host.Level, error) {
	level := host.Info
	if configured != "" {
		var err error
		if level, err = host.ParseLevel(configured); err != nil {
			return level, err
		}
	}
	if line.Quiet {
		return host.Off, nil
	}
	if line.Verbose > 0 {
		level = max(level, min(host.Info+host.Level(line.Verbose), host.Trace))
	}
	return level, nil
}

// close closes the inputs.
func (p *plan) close() {
	for _, s := range p.sources {
		if c, ok := s.input.(io.Closer); ok {
			_ = c.Close() // they were only read
		}
	}
}

// tags returns all tags, in the order of the sources.
func (p *plan) tags() []string {
	var tags []string
	for _, s := range p.sources {
		if !slices.Contains(tags, s.tag) {
			tags = append(tags, s.tag)
		}
	}
	return tags
}
