package config

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// scalar returns the node of a scalar. Plain text is resolved here, by YAML 1.2's
// core schema, since the library takes 1e3 for a text.
func (c *converter) scalar(n ast.Node) *node {
	result := &node{Position: position(n), kind: text, size: 1}
	switch n := n.(type) {
	case *ast.LiteralNode:
		if n.Value != nil {
			result.text = n.Value.Value
		}
		return result
	case *ast.StringNode:
		result.text = n.Value
		if t := n.Token; t != nil && (t.Type == token.SingleQuoteType || t.Type == token.DoubleQuoteType) {
			return result
		}
	case *ast.NullNode:
		result.kind = null
		result.text = n.GetToken().Value
		return result
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		result.text = n.GetToken().Value
	default:
		return c.wrong(n, "a YAML construct that is not used here", "write texts, numbers, lists and mappings")
	}
	result.resolve()
	return result
}

// plainNumber is how YAML 1.2 writes numbers, without those that have a leading
// zero: they were octal in YAML 1.1 and are decimal in 1.2.
var plainNumber = regexp.MustCompile(`^[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$`)

// resolve finds out what a plain scalar is.
func (n *node) resolve() {
	switch n.text {
	case "true", "True", "TRUE":
		n.kind, n.number = boolean, 1
		return
	case "false", "False", "FALSE":
		n.kind = boolean
		return
	case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF":
		n.kind, n.number = number, math.Inf(1)
		return
	case "-.inf", "-.Inf", "-.INF":
		n.kind, n.number = number, math.Inf(-1)
		return
	case ".nan", ".NaN", ".NAN":
		n.kind, n.number = number, math.NaN()
		return
	}
	if plainNumber.MatchString(n.text) {
		// Out of range gives an infinity, which every reader of numbers refuses.
		n.number, _ = strconv.ParseFloat(n.text, 64)
		n.kind = number
	}
}

// scalar reports whether n is a text, a number or a boolean.
func (n *node) scalar() bool { return n.kind == text || n.kind == number || n.kind == boolean }

// describe says what was found where something else was wanted.
func (n *node) describe() string {
	switch n.kind {
	case null:
		return "nothing"
	case boolean:
		return n.text
	case number:
		return "the number " + n.text
	case text:
		return "the text " + quote(n.text)
	case sequence:
		return "a list"
	case mapping:
		return "a mapping"
	default:
		return "something unreadable"
	}
}

// hasNUL refuses a NUL byte, which no text for a page is meant to hold: Prometheus
// refuses a page with one in an exemplar.
func (p *parser) hasNUL(n *node, path string) bool {
	if !strings.Contains(n.text, "\x00") {
		return false
	}
	p.wrong(n, path, "a NUL byte in "+quote(n.text), `write it without the escape \0, \x00 or \u0000`)
	return true
}

// maxQuoted bounds what a message repeats of a file, in runes.
const maxQuoted = 80

func quote(s string) string { return strconv.Quote(shorten(s, maxQuoted)) }

// shorten cuts s to n runes.
func shorten(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i] + "..."
		}
	}
	return s
}

// maxPart bounds each part of a message, in runes.
const maxPart = 300

// oneLine replaces line breaks and other control characters and cuts what is too
// long.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return shorten(s, maxPart)
}

// under is the path of a key below a path.
func under(path, key string) string {
	if key == "" || strings.ContainsFunc(key, notPlain) {
		return path + "[" + quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// at is the path of an element below a path.
func at(path string, index int) string { return fmt.Sprintf("%s[%d]", path, index) }

func notPlain(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
