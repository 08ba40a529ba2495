package fluentconf

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"
)

// kinds are the lists of sections below `pipeline`, by their key.
var kinds = map[string]string{"inputs": "input", "filters": "filter", "outputs": "output"}

func (r *reader) yaml(file string, text []byte, depth int) {
	root, err := load(text)
	if err != nil {
		line, column, said := 1, 1, err.Error()
		var bad *yaml.LoadError
		if errors.As(err, &bad) {
			line, column, said = max(bad.Mark.Line, 1), max(bad.Mark.Column, 1), bad.Message
		}
		r.wrong(file, line, column, "not YAML: "+said, "check indentation, brackets and quotes there and above")
		return
	}
	if root == nil {
		return
	}
	if root.Kind != yaml.MappingNode {
		r.wrong(file, root.Line, root.Column, "no configuration of Fluent Bit", "write for example pipeline: {outputs: [...]}")
		return
	}
	r.environment(root)
	each(root, func(key, value *yaml.Node) {
		switch strings.ToLower(key.Value) {
		case "includes":
			for _, n := range value.Content {
				pattern, _ := r.expand(n.Value)
				r.include(pattern, file, n.Line, n.Column, depth)
			}
		case "service":
			r.section(file, "service", value)
		case "pipeline":
			each(value, func(key, value *yaml.Node) {
				kind := kinds[strings.ToLower(key.Value)]
				switch {
				case kind == "" || value.Tag == "!!null":
				case value.Kind != yaml.SequenceNode:
					r.wrong(file, value.Line, value.Column, key.Value+" is not a list", "write for example - name: promexporter below it")
				default:
					for _, n := range value.Content {
						r.section(file, kind, n)
					}
				}
			})
		}
	})
}

func (r *reader) environment(root *yaml.Node) {
	each(root, func(key, value *yaml.Node) {
		if strings.ToLower(key.Value) == "env" {
			each(value, func(key, value *yaml.Node) { r.variables[key.Value] = value.Value })
		}
	})
}

// section adds a section. Values that are not scalars belong to processors, and are left out.
func (r *reader) section(file, kind string, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.wrong(file, n.Line, n.Column, "not a section", "write for example - name: promexporter")
		return
	}
	s := Section{Kind: kind, File: file, Line: n.Line}
	each(n, func(key, value *yaml.Node) {
		if value.Kind != yaml.ScalarNode {
			return
		}
		p := Property{Key: strings.ToLower(key.Value), Line: value.Line, Column: key.Column, ValueAt: value.Column}
		p.Value, p.Undefined = r.expand(value.Value)
		s.Properties = append(s.Properties, p)
	})
	r.Sections = append(r.Sections, s)
}

// each calls f for each key of a mapping.
func each(n *yaml.Node, f func(key, value *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		value := n.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		f(n.Content[i], value)
	}
}

// load returns the root of the first document in text, or nil when there is none.
func load(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the file cannot be read")
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	var n yaml.Node
	switch err := loader.Load(&n); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err != nil:
		return nil, err
	case n.Kind == yaml.DocumentNode && len(n.Content) > 0:
		return n.Content[0], nil
	}
	return &n, nil
}
