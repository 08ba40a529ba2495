package conf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// Config is a whole configuration.
type Config struct {
	Service  Service
	Plugins  []string // shared objects, in the order of loading
	Inputs   []Section
	Outputs  []Section
	Warnings []string // what was ignored
}

// Service is what concerns the agent as a whole.
type Service struct {
	Flush     time.Duration // default one second
	Grace     time.Duration // how long a stop may wait for chunks; default five seconds
	LogLevel  string        // "" is the default
	HotReload bool
}

// Section is an input or an output.
type Section struct {
	Plugin     string        // the value of "name"
	Properties property.List // all others
}

// document is what the configuration files say, variables not yet replaced.
type document struct {
	variables property.List
	service   property.List
	plugins   []string
	inputs    []property.List
	outputs   []property.List
	warnings  []string
}

func (d *document) warn(format string, args ...any) {
	d.warnings = append(d.warnings, fmt.Sprintf(format, args...))
}

// Load reads the files that the command line names, and joins both. Calling it again reads the files anew. The
// environment is that of os.LookupEnv. Warnings come with an error, too.
func (c *CommandLine) Load(environment func(string) (string, bool)) (*Config, error) {
	d := &document{
		inputs:  append([]property.List(nil), c.inputs...),
		outputs: append([]property.List(nil), c.outputs...),
	}
	d.service = append(d.service, c.service...)
	if c.File != "" {
		if err := d.read(c.File); err != nil {
			return &Config{Warnings: d.warnings}, err
		}
	}
	config, err := d.config(c, environment)
	config.Warnings = d.warnings
	return config, err
}

func (d *document) read(path string) error {
	if isYAML(path) {
		return d.readYAML(path)
	}
	return d.readClassic(path)
}

func isYAML(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".yaml" || ext == ".yml"
}

// config replaces variables and gives the parts their types.
func (d *document) config(c *CommandLine, environment func(string) (string, bool)) (*Config, error) {
	v := variables{set: d.variables, environment: environment, warn: d.warn}
	config := &Config{Plugins: append([]string(nil), c.Plugins...)}
	var err error
	if config.Service, err = d.readService(v); err != nil {
		return config, err
	}
	if err := d.loadPluginsFiles(v, filepath.Dir(c.File)); err != nil {
		return config, err
	}
	config.Plugins = append(config.Plugins, d.plugins...)
	if config.Inputs, err = sections("input", d.inputs, v); err != nil {
		return config, err
	}
	config.Outputs, err = sections("output", d.outputs, v)
	return config, err
}

func sections(kind string, lists []property.List, v variables) ([]Section, error) {
	var all []Section
	for _, l := range lists {
		var s Section
		for _, p := range l {
			if p.Key == "name" {
				s.Plugin = v.replace(p.Value)
				continue
			}
			s.Properties = append(s.Properties, property.Property{Key: p.Key, Value: v.replace(p.Value)})
		}
		if s.Plugin == "" {
			return nil, fmt.Errorf("[config] section '%s' is missing the 'name' property", kind)
		}
		all = append(all, s)
	}
	return all, nil
}

// loadPluginsFiles adds the plugins of the files that the service section names. A relative path is looked for here,
// then beside the configuration file.
func (d *document) loadPluginsFiles(v variables, dir string) error {
	var all []string
	for _, p := range d.service {
		if !strings.EqualFold(p.Key, "plugins_file") {
			continue
		}
		path := v.replace(p.Value)
		if _, err := os.Stat(path); err != nil && !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		plugins, err := readPluginsFile(path)
		if err != nil {
			return fmt.Errorf("plugins_file: %w", err)
		}
		all = append(all, plugins...)
	}
	d.plugins = append(all, d.plugins...)
	return nil
}

func readPluginsFile(path string) ([]string, error) {
	if isYAML(path) {
		var d document
		err := d.readYAML(path)
		return d.plugins, err
	}
	return readClassicPlugins(path)
}
