package config

import (
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// kind is what a node of a document is.
type kind uint8

const (
	broken kind = iota // what could not be read; the mistake is reported already
	null
	boolean
	number
	text
	sequence
	mapping
)

// node is a value of a document, with aliases and merge keys resolved. An
// aliased node stands in several places, so a node never changes.
type node struct {
	Position
	kind     kind
	text     string  // a scalar as written, without its quotes
	number   float64 // of a number; 0 or 1 of a boolean
	elements []*node // of a sequence
	fields   []field // of a mapping, in the order written, keys once each
	size     int     // nodes below and with this one, aliases counted in full
}

// field is a key of a mapping and its value.
type field struct{ key, value *node }

// Bounds of a document.
const (
	maxDepth = 64        // levels of nesting
	maxNodes = 1_000_000 // nodes with aliases counted in full
)

// converter makes nodes of the library's syntax tree.
type converter struct {
	p       *parser
	anchors map[string]*node
	depth   int
	flooded bool // too many nodes, reported
}

func position(n ast.Node) Position {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return position(m.Values[0].Key)
	}
	if t := n.GetToken(); t != nil && t.Position != nil {
		return Position{t.Position.Line, t.Position.Column}
	}
	return Position{1, 1}
}

func (c *converter) wrong(at ast.Node, wrong, right string) *node {
	pos := position(at)
	c.p.report(pos, "", wrong, right)
	return &node{Position: pos, size: 1}
}

// node returns the node of n, which is never nil.
func (c *converter) node(n ast.Node) *node {
	c.depth++
	defer func() { c.depth-- }()
	if c.depth > maxDepth {
		return c.wrong(n, fmt.Sprintf("nested more than %d levels deep", maxDepth), "write it flatter")
	}
	result := c.convert(n)
	if result.size > maxNodes {
		if !c.flooded {
			c.flooded = true
			return c.wrong(n, fmt.Sprintf("more than %d values when every alias is counted in full", maxNodes),
				"use fewer aliases")
		}
		return &node{Position: result.Position, size: 1}
	}
	return result
}

func (c *converter) convert(n ast.Node) *node {
	switch n := n.(type) {
	case *ast.MappingNode:
		return c.mapping(n, n.Values)
	case *ast.MappingValueNode:
		return c.mapping(n, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		result := &node{Position: position(n), kind: sequence, size: 1}
		for _, v := range n.Values {
			e := c.node(v)
			result.elements = append(result.elements, e)
			result.size += e.size
		}
		return result
	case *ast.AnchorNode:
		return c.anchor(n)
	case *ast.AliasNode:
		return c.alias(n)
	case *ast.TagNode:
		return c.wrong(n, fmt.Sprintf("the YAML tag %s is not used here", n.GetToken().Value),
			"remove it; quotes make a text of any value")
	default:
		return c.scalar(n)
	}
}

func (c *converter) anchor(n *ast.AnchorNode) *node {
	name := n.Name.GetToken().Value
	// Until its value is read, the name means nothing: an alias inside of it
	// would never end.
	delete(c.anchors, name)
	result := c.node(n.Value)
	c.anchors[name] = result
	return result
}

func (c *converter) alias(n *ast.AliasNode) *node {
	name := n.Value.GetToken().Value
	if result, ok := c.anchors[name]; ok {
		return result
	}
	return c.wrong(n, fmt.Sprintf("the alias *%s has no anchor before it", name),
		fmt.Sprintf("write &%s in front of a complete value above, or quote the text: '*%s'", name, name))
}

func (c *converter) mapping(at ast.Node, values []*ast.MappingValueNode) *node {
	result := &node{Position: position(at), kind: mapping, size: 1}
	seen := make(map[string]*node, len(values))
	var merged []*node
	for _, v := range values {
		if _, ok := v.Key.(*ast.MergeKeyNode); ok {
			merged = append(merged, c.node(v.Value))
			continue
		}
		key, value := c.key(v.Key), c.node(v.Value)
		if key.kind == broken {
			continue
		}
		if first := seen[key.text]; first != nil {
			c.p.report(key.Position, "", fmt.Sprintf("the key %q stands twice in one mapping, first in line %d",
				key.text, first.Line), "remove one of them")
			continue
		}
		seen[key.text] = key
		result.fields = append(result.fields, field{key, value})
		result.size += 1 + value.size
	}
	for _, m := range merged {
		c.merge(result, m, seen)
	}
	return result
}

// merge adds the fields of from to n whose keys were not seen there.
func (c *converter) merge(n, from *node, seen map[string]*node) {
	switch from.kind {
	case broken:
	case mapping:
		for _, f := range from.fields {
			if seen[f.key.text] == nil {
				seen[f.key.text] = f.key
				n.fields = append(n.fields, f)
				n.size += 1 + f.value.size
			}
		}
	case sequence:
		for _, e := range from.elements {
			if e.kind == sequence {
				c.p.report(e.Position, "", "<< merges mappings, and this is a list", "name mappings: <<: [*a, *b]")
				continue
			}
			c.merge(n, e, seen)
		}
	default:
		c.p.report(from.Position, "", "<< merges a mapping, and this is "+from.describe(), "name a mapping: <<: *a")
	}
}

// key returns a key as text: 5, true and '5' are the keys "5", "true" and "5".
func (c *converter) key(n ast.MapKeyNode) *node {
	switch n := n.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode,
		*ast.InfinityNode, *ast.NanNode:
		return c.scalar(n)
	case *ast.MappingKeyNode:
		if key, ok := n.Value.(*ast.StringNode); ok {
			return c.scalar(key)
		}
	}
	return c.wrong(n, "a key that is no plain text", "write the key as a text, without anchor, alias or tag")
}

// documents checks that there is one document and returns its body, or nil.
func (c *converter) document(docs []*ast.DocumentNode) *node {
	docs = slices.DeleteFunc(docs, func(d *ast.DocumentNode) bool { return d == nil || d.Body == nil })
	if len(docs) == 0 {
		return nil
	}
	for _, d := range docs {
		if _, ok := d.Body.(*ast.DirectiveNode); ok {
			return c.wrong(d.Body, "YAML directives are not used here", "remove the line")
		}
	}
	if len(docs) > 1 {
		return c.wrong(docs[1].Body, "a second YAML document", "remove the line --- above it: a rules file is one document")
	}
	return c.node(docs[0].Body)
}
