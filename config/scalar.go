package config

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// plainNumber matches numbers. The library also accepts numbers that YAML 1.2 does not have, such as 1_000 and 0x1F,
// and numbers with a leading zero, which are octal in YAML 1.1 and decimal in 1.2. They are strings here.
var plainNumber = regexp.MustCompile(`^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$`)

// scalar returns the node of a scalar.
func scalar(n *yaml.Node) *node {
	result := &node{Position: position(n), kind: text, text: n.Value, size: 1 + len(n.Value)/textSize}
	switch {
	case n.Tag == "!!null":
		result.kind = null
	case n.Tag == "!!bool":
		result.kind = boolean
		if strings.EqualFold(n.Value, "true") {
			result.number = 1
		}
	case n.Style == 0 && plainNumber.MatchString(n.Value):
		result.kind = number
		// A number out of range is infinite, which all readers of numbers report.
		result.number, _ = strconv.ParseFloat(n.Value, 64)
	case n.Tag == "!!float" && !strings.ContainsAny(n.Value, "0123456789"):
		result.kind = number
		result.number, _ = strconv.ParseFloat(strings.Replace(n.Value, ".", "", 1), 64) // .inf and .nan
	}
	return result
}

// scalar reports whether n is a string, a number or a boolean.
func (n *node) scalar() bool { return n.kind == text || n.kind == number || n.kind == boolean }

// describe describes n for a message.
func (n *node) describe() string {
	switch n.kind {
	case null:
		return "nothing"
	case boolean:
		return n.text
	case number:
		return "the number " + n.text
	case text:
		return "the string " + quote(n.text)
	case sequence:
		return "a list"
	case mapping:
		return "a mapping"
	default:
		return "something unreadable"
	}
}

// hasNUL reports a NUL byte. Prometheus refuses a page with one in an exemplar, and no other text needs one.
func (p *parser) hasNUL(n *node, path string) bool {
	if !strings.Contains(n.text, "\x00") {
		return false
	}
	p.wrong(n, path, "a NUL byte in "+quote(n.text), `remove the escape \0, \x00 or \u0000`)
	return true
}
