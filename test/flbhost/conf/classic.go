package conf

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// classic is a section of a file in the classic format.
type classic struct {
	name       string // in lower case
	where      string // file:line
	properties property.List
}

// readFile adds what a configuration file says.
func (c *Config) readFile(path string) error {
	sections, err := readClassic(path)
	if err != nil {
		return err
	}
	for _, s := range sections {
		if err := c.add(s, filepath.Dir(path)); err != nil {
			return fmt.Errorf("%s: %w", s.where, err)
		}
	}
	return nil
}

func (c *Config) add(s classic, dir string) error {
	if s.name == "service" {
		for _, p := range s.properties {
			if err := c.setService(p, dir); err != nil {
				return fmt.Errorf("%s: %w", p.Key, err)
			}
		}
		return nil
	}
	sections := map[string]*[]host.Section{"input": &c.Inputs, "output": &c.Outputs}[s.name]
	if sections == nil {
		return fmt.Errorf("the development host does not support [%s]; it supports [SERVICE], [INPUT] and [OUTPUT], "+
			"and [PLUGINS] in the file that Plugins_File names", strings.ToUpper(s.name))
	}
	name, ok := s.properties.Last("name")
	if !ok {
		return fmt.Errorf("[%s] has no Name", strings.ToUpper(s.name))
	}
	*sections = append(*sections, host.Section{Plugin: name, Properties: s.properties})
	return nil
}

// setService sets a property of [SERVICE]. A relative Plugins_File belongs to dir.
func (c *Config) setService(p property.Property, dir string) (err error) {
	switch p.Key {
	case "flush":
		c.Flush, err = parseSeconds(p.Value)
	case "log_level":
		c.LogLevel, err = host.ParseLevel(p.Value)
	case "hot_reload":
		c.HotReload, err = property.ParseBool(p.Value)
	case "plugins_file":
		path := p.Value
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, path)
		}
		err = c.readPlugins(path)
	case "grace", "hot_reload.ensure_thread_safety": // nothing here depends on them
	default:
		err = errors.New("the development host does not support this key of [SERVICE]")
	}
	return err
}

func (c *Config) readPlugins(path string) error {
	sections, err := readClassic(path)
	for _, s := range sections {
		for _, p := range s.properties {
			if s.name == "plugins" && p.Key == "path" {
				c.Plugins = append(c.Plugins, p.Value)
			}
		}
	}
	return err
}

func readClassic(path string) ([]classic, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var sections []classic
	n := 0
	for line := range strings.Lines(string(content)) {
		n++
		where := fmt.Sprintf("%s:%d", path, n)
		text := strings.TrimSpace(line)
		if text == "" || text[0] == '#' {
			continue
		}
		if name, ok := strings.CutPrefix(strings.TrimRight(line, " \t\r\n"), "["); ok && strings.HasSuffix(name, "]") {
			sections = append(sections, classic{name: strings.ToLower(strings.TrimSuffix(name, "]")), where: where})
			continue
		}
		p, err := parseProperty(line)
		if err == nil && len(sections) == 0 {
			err = errors.New("a key comes before the first [SECTION]")
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		last := &sections[len(sections)-1]
		last.properties = append(last.properties, p)
	}
	return sections, nil
}

func parseProperty(line string) (p property.Property, err error) {
	text := strings.TrimSpace(line)
	key, value, _ := strings.Cut(text, " ") // not a tab, as in Fluent Bit
	value = strings.TrimSpace(value)
	switch {
	case text[0] == '[' || text[0] == '@':
		return p, fmt.Errorf("the development host does not support %s; write [SECTION], or a key and a value", text)
	case line[0] != ' ' && line[0] != '\t':
		return p, fmt.Errorf("key %q is not indented", key)
	case value == "":
		return p, fmt.Errorf("key %q has no value; write a key, a space and a value", key)
	case strings.Contains(value, "${"):
		return p, errors.New("the development host does not support variables such as ${HOME}; write the value")
	}
	return property.Property{Key: strings.ToLower(key), Value: value}, nil
}
