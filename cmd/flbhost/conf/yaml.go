package conf

import (
	"fmt"
	"os"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// readYAML walks the syntax tree instead of decoding, since Fluent Bit takes every value as the text that was written.
func (d *document) readYAML(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	f, err := parser.ParseBytes(b, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	y := yamlReader{document: d, path: path}
	for _, doc := range f.Docs {
		if doc.Body == nil {
			continue
		}
		if err := y.top(doc.Body); err != nil {
			return err
		}
	}
	return nil
}

type yamlReader struct {
	*document
	path string
}

func (y yamlReader) errorf(n ast.Node, format string, args ...any) error {
	pos := n.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %w", y.path, pos.Line, pos.Column, fmt.Errorf(format, args...))
}

// pair is one key of a mapping.
type pair struct {
	key   string
	value ast.Node
	node  ast.Node
}

func (y yamlReader) mapping(n ast.Node) ([]pair, error) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	case *ast.NullNode:
	default:
		return nil, y.errorf(n, "here keys with values are wanted, not %s", strings.ToLower(n.Type().String()))
	}
	var pairs []pair
	for _, v := range values {
		key, err := y.scalar(v.Key)
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, pair{key: key, value: v.Value, node: v.Key})
	}
	return pairs, nil
}

func (y yamlReader) sequence(n ast.Node) ([]ast.Node, error) {
	switch n := n.(type) {
	case *ast.SequenceNode:
		return n.Values, nil
	case *ast.NullNode:
		return nil, nil
	}
	return nil, y.errorf(n, "here a list is wanted, not %s", strings.ToLower(n.Type().String()))
}

// scalar returns the text of a value, block scalars with their newlines.
func (y yamlReader) scalar(n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.NullNode:
		return "", nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.StringNode:
		return n.Value, nil
	case ast.ScalarNode:
		return n.GetToken().Value, nil
	}
	return "", y.errorf(n, "here a single value is wanted, not %s", strings.ToLower(n.Type().String()))
}

func (y yamlReader) top(n ast.Node) error {
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
func (y yamlReader) readPlugins(n ast.Node) error {
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

func (y yamlReader) pipeline(n ast.Node) error {
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
func (y yamlReader) properties(n ast.Node) (property.List, error) {
	pairs, err := y.mapping(n)
	if err != nil {
		return nil, err
	}
	var l property.List
	for _, p := range pairs {
		values := []ast.Node{p.value}
		if s, ok := p.value.(*ast.SequenceNode); ok {
			if values = s.Values; len(values) == 0 {
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
