package conf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// readYAML reads nodes instead of decoding, because Fluent Bit takes every value as the text that was written.
func (d *document) readYAML(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	loader, err := yaml.NewLoader(f)
	for err == nil {
		var n yaml.Node
		if err = loader.Load(&n); err == nil {
			err = yamlReader{document: d, path: path}.top(n.Content[0])
		}
	}
	var syntax *yaml.LoadError
	switch {
	case err == io.EOF:
		return nil
	case errors.As(err, &syntax):
		return fmt.Errorf("%s:%d:%d: %s", path, syntax.Mark.Line, syntax.Mark.Column, syntax.Message)
	}
	return err
}

type yamlReader struct {
	*document
	path string
}

func (y yamlReader) errorf(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %w", y.path, n.Line, n.Column, fmt.Errorf(format, args...))
}

// unwanted reports a value of another kind.
func (y yamlReader) unwanted(n *yaml.Node, wanted string) error {
	found := map[yaml.Kind]string{
		yaml.MappingNode: "a mapping", yaml.SequenceNode: "a list", yaml.ScalarNode: "a single value", yaml.AliasNode: "an alias",
	}
	return y.errorf(n, "%s expected, found %s", wanted, found[n.Kind])
}

// pair is one key of a mapping.
type pair struct {
	key   string
	value *yaml.Node
	node  *yaml.Node
}

func (y yamlReader) mapping(n *yaml.Node) ([]pair, error) {
	if n.Kind != yaml.MappingNode && !empty(n) {
		return nil, y.unwanted(n, "keys with values")
	}
	var pairs []pair
	for kv := range slices.Chunk(n.Content, 2) {
		key, err := y.scalar(kv[0])
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(pairs, func(p pair) bool { return p.key == key }) {
			return nil, y.errorf(kv[0], "the key '%s' is there already", key)
		}
		pairs = append(pairs, pair{key: key, value: kv[1], node: kv[0]})
	}
	return pairs, nil
}

func empty(n *yaml.Node) bool { return n.Tag == "!!null" }

func (y yamlReader) sequence(n *yaml.Node) ([]*yaml.Node, error) {
	if n.Kind != yaml.SequenceNode && !empty(n) {
		return nil, y.unwanted(n, "a list")
	}
	return n.Content, nil
}

// scalar returns the text of a value, block scalars with their newlines.
func (y yamlReader) scalar(n *yaml.Node) (string, error) {
	switch {
	case n.Kind != yaml.ScalarNode:
		return "", y.unwanted(n, "a single value")
	case empty(n):
		return "", nil
	}
	return n.Value, nil
}

func (y yamlReader) top(n *yaml.Node) error {
	pairs, err := y.mapping(n)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		if err := y.part(p); err != nil {
			return err
		}
	}
	return nil
}

func (y yamlReader) part(p pair) (err error) {
	switch p.key {
	case "service":
		l, err := y.properties(p.value)
		y.document.service = append(y.document.service, l...)
		return err
	case "env":
		pairs, err := y.mapping(p.value)
		for _, v := range pairs {
			value, valueErr := y.scalar(v.value)
			if valueErr != nil {
				return valueErr
			}
			y.document.variables = append(y.document.variables, property.Property{Key: v.key, Value: value})
		}
		return err
	case "plugins":
		return y.readPlugins(p.value)
	case "pipeline":
		return y.pipeline(p.value)
	case "parsers", "multiline_parsers":
		y.warn("%s: the development host ignores '%s'", y.path, p.key)
		return nil
	}
	return y.errorf(p.node, "the development host does not know '%s'", p.key)
}

// readPlugins takes the oddity over that Fluent Bit has here: a path goes the way of keys.
func (y yamlReader) readPlugins(n *yaml.Node) error {
	paths, err := y.sequence(n)
	if err != nil {
		return err
	}
	for _, p := range paths {
		path, err := y.scalar(p)
		if err != nil {
			return err
		}
		y.document.plugins = append(y.document.plugins, translateKey(path))
	}
	return nil
}

func (y yamlReader) pipeline(n *yaml.Node) error {
	pairs, err := y.mapping(n)
	if err != nil {
		return err
	}
	for _, p := range pairs {
		var to *[]property.List
		switch p.key {
		case "inputs":
			to = &y.document.inputs
		case "outputs":
			to = &y.document.outputs
		default:
			return y.errorf(p.node, "the development host has no '%s', only inputs and outputs", p.key)
		}
		sections, err := y.sequence(p.value)
		if err != nil {
			return err
		}
		for _, s := range sections {
			l, err := y.properties(s)
			if err != nil {
				return err
			}
			*to = append(*to, l)
		}
	}
	return nil
}

// properties reads a section. A list is the same key several times.
func (y yamlReader) properties(n *yaml.Node) (property.List, error) {
	pairs, err := y.mapping(n)
	if err != nil {
		return nil, err
	}
	var l property.List
	for _, p := range pairs {
		values := []*yaml.Node{p.value}
		if p.value.Kind == yaml.SequenceNode {
			if values = p.value.Content; len(values) == 0 {
				return nil, y.errorf(p.node, "the list of '%s' is empty, which Fluent Bit refuses", p.key)
			}
		}
		for _, v := range values {
			value, err := y.scalar(v)
			if err != nil {
				return nil, err
			}
			l = append(l, property.Property{Key: translateKey(p.key), Value: value})
		}
	}
	return l, nil
}

// translateKey makes camelCase into snake_case, as Fluent Bit does with YAML keys that start in lower case and have no
// underscore.
func translateKey(key string) string {
	if key == "" || key[0] < 'a' || key[0] > 'z' {
		return key
	}
	if strings.Contains(key, "_") {
		return strings.ToLower(key)
	}
	var b strings.Builder
	for i := range len(key) {
		c := key[i]
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}
