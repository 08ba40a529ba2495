package config

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// kind is the kind of a node.
type kind uint8

const (
	broken kind = iota // invalid, and reported
	null
	boolean
	number
	text
	sequence
	mapping
)

// node is a value of a document, after aliases and merge keys were resolved. A node never changes, because an aliased
// node is in several places.
type node struct {
	Position
	kind     kind
	text     string  // a scalar as written, without its quotes
	number   float64 // of a number; 0 or 1 for a boolean
	elements []*node // of a sequence
	fields   []field // of a mapping, in the order of the file; keys are unique
	size     int     // number of nodes including this one, with aliases expanded; see textSize
}

// field is a key of a mapping and its value.
type field struct{ key, value *node }

// maxNodes bounds the nodes of a document, with aliases expanded: each reader visits an aliased node in all its places.
const maxNodes = 1_000_000

// textSize is how many bytes of a scalar count as one more node, because records of a test repeat an aliased text.
const textSize = 64

// converter converts nodes of the library.
type converter struct {
	p        *parser
	anchored map[*yaml.Node]*node // the complete values that have an anchor
}

// position returns the position of n or of its anchor. A block mapping is at its first key.
func position(n *yaml.Node) Position {
	if n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle == 0 && len(n.Content) > 0 {
		n = n.Content[0]
	}
	return Position{n.Line, n.Column}
}

func (c *converter) wrong(at *yaml.Node, wrong, right string) *node {
	c.p.report(position(at), "", wrong, right)
	return &node{Position: position(at), size: 1}
}

// node returns the node of n, which is never nil.
func (c *converter) node(n *yaml.Node) *node {
	result := c.convert(n)
	if result.size > maxNodes {
		result = c.wrong(n, fmt.Sprintf("more than %d values, with aliases expanded", maxNodes), "use fewer aliases")
	}
	if n.Anchor != "" {
		c.anchored[n] = result
	}
	return result
}

func (c *converter) convert(n *yaml.Node) *node {
	if tagged(n) {
		return c.wrong(n, fmt.Sprintf("the YAML tag %s is not supported", n.Tag),
			"remove the tag; a value in quotes is a string")
	}
	switch n.Kind {
	case yaml.MappingNode:
		return c.mapping(n)
	case yaml.SequenceNode:
		result := &node{Position: position(n), kind: sequence, size: 1}
		for _, v := range n.Content {
			e := c.node(v)
			result.elements = append(result.elements, e)
			result.size += e.size
		}
		return result
	case yaml.AliasNode:
		// A value is complete after its end, so it cannot contain itself.
		if result := c.anchored[n.Alias]; result != nil {
			return result
		}
		return c.wrong(n, fmt.Sprintf("the alias *%s has no anchor above", n.Value),
			fmt.Sprintf("add &%s to a complete value above, or quote the string: '*%[1]s'", n.Value))
	default:
		return scalar(n)
	}
}

// tagged reports whether the file gives n a tag.
func tagged(n *yaml.Node) bool { return n.Style&yaml.TaggedStyle != 0 || n.Tag == "!" }

func (c *converter) mapping(n *yaml.Node) *node {
	result := &node{Position: position(n), kind: mapping, size: 1}
	seen := make(map[string]*node, len(n.Content)/2)
	var merged []*node
	for pair := range slices.Chunk(n.Content, 2) {
		key, value := c.key(pair[0]), c.node(pair[1])
		switch first := seen[key.text]; {
		case key.kind == broken:
		case pair[0].Tag == "!!merge":
			merged = append(merged, value)
		case first != nil:
			c.p.report(key.Position, "", fmt.Sprintf("the key %q appears twice in one mapping, first on line %d",
				key.text, first.Line), "remove one of them")
		default:
			result.add(field{key, value}, seen)
		}
	}
	for _, m := range merged {
		c.merge(result, m, seen)
	}
	return result
}

func (n *node) add(f field, seen map[string]*node) {
	seen[f.key.text] = f.key
	n.fields = append(n.fields, f)
	n.size += 1 + f.value.size
}

// merge adds those fields of from, a mapping or a list of mappings, to n whose keys are not in seen.
func (c *converter) merge(n, from *node, seen map[string]*node) {
	sources := []*node{from}
	if from.kind == sequence {
		sources = from.elements
	}
	for _, s := range sources {
		switch s.kind {
		case broken:
		case mapping:
			for _, f := range s.fields {
				if seen[f.key.text] == nil {
					n.add(f, seen)
				}
			}
		case sequence:
			c.p.report(s.Position, "", "<< merges mappings, and this is a list", "write mappings: <<: [*a, *b]")
		default:
			c.p.report(s.Position, "", "<< merges a mapping, and this is "+s.describe(), "write a mapping: <<: *a")
		}
	}
}

// key returns a key as a string: 5, true and '5' are the keys "5", "true" and "5".
func (c *converter) key(n *yaml.Node) *node {
	if n.Kind != yaml.ScalarNode || n.Anchor != "" || tagged(n) {
		return c.wrong(n, "a key that is not a string", "write a string, without anchor, alias or tag")
	}
	return scalar(n)
}
