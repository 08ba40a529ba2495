package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// marks are the characters that separate values. maxMarks bounds them, because the library keeps up to 1 KiB for each
// one within brackets or braces until the outermost one is closed: all of it may be a key.
const (
	marks    = ",:[]{}"
	maxMarks = 250_000
)

// smallestFile is the smallest useful rules file.
const smallestFile = "metrics: [{name: records_total, type: counter}]"

// body parses the YAML of text. It returns nil after reporting a mistake. smallest is an example for an empty file.
func (p *parser) body(text []byte, smallest string) *node {
	start := Position{1, 1}
	if len(text) > maxFileSize {
		p.reportAs(Syntax, start, "", fmt.Sprintf("the file has %d bytes", len(text)),
			fmt.Sprintf("a rules file has at most %d bytes", maxFileSize))
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if !p.checkBytes(text) {
		return nil
	}
	root, err := p.load(text)
	switch {
	case err != nil:
		p.syntaxError(text, err)
		return nil
	case len(p.mistakes) > 0:
		return nil
	case root == nil:
		p.reportAs(Syntax, start, "", "the file is empty", "write at least: "+smallest)
		return nil
	}
	c := &converter{p: p, anchored: make(map[*yaml.Node]*node)}
	return c.node(root)
}

// checkBytes reports bytes that a rules file must not have.
func (p *parser) checkBytes(text []byte) bool {
	pos := Position{1, 1}
	found := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			p.reportAs(Syntax, pos, "", fmt.Sprintf("the byte 0x%02x is not UTF-8", text[i]), "save the file as UTF-8")
			return false
		case r == '\n':
			pos = Position{pos.Line + 1, 0}
		case r == 0:
			p.reportAs(Syntax, pos, "", "a NUL byte, which UTF-16 has and text does not", "save the file as UTF-8")
			return false
		case control(r) && r != '\t' && r != '\r':
			p.reportAs(Syntax, pos, "", fmt.Sprintf("the control character %U", r), `remove it, or write it as an escape: "\x1b"`)
			return false
		case strings.ContainsRune(marks, r):
			if found++; found > maxMarks {
				p.reportAs(Syntax, pos, "", fmt.Sprintf("more than %d of the characters %s", maxMarks, marks), "write fewer rules")
				return false
			}
		}
		pos.Column++
		i += size
	}
	return true
}

// load returns the root of the only document in text, or nil if there is none.
func (p *parser) load(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the YAML parser failed")
		}
	}()
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithStreamNodes(), yaml.WithPlugin(make(anchors)))
	for err == nil {
		var n yaml.Node
		switch err = loader.Load(&n); {
		case err != nil:
		case n.Kind == yaml.StreamNode:
			if n.Stream.Version != nil || len(n.Stream.TagDirectives) > 0 {
				p.reportAs(Syntax, position(&n), "", "YAML directives are not supported", "remove the line")
			}
		case n.Content[0].Tag == "!!null" && n.Content[0].Value == "":
		case root == nil:
			root = n.Content[0]
		default:
			p.reportAs(Syntax, position(n.Content[0]), "", "a second YAML document",
				"remove the line --- above it; a rules file is one document")
			return nil, nil
		}
	}
	if err == io.EOF {
		err = nil
	}
	return root, err
}

// anchors resolves aliases. It gives an empty value to an alias without an anchor, for which the library would stop.
type anchors map[string]*yaml.Node

func (a anchors) NewAliasDataContext(yaml.AliasDataServices) (yaml.AliasDataContext, error) {
	return a, nil
}

func (a anchors) BeginDocument() error { return nil }

func (a anchors) EndDocument() error { return nil }

func (a anchors) DefineAnchor(name string, n *yaml.Node) error {
	a[name] = n
	return nil
}

func (a anchors) ResolveAlias(name string) (n *yaml.Node, found bool, err error) {
	if n := a[name]; n != nil {
		return n, true, nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, true, nil
}

type syntaxHint struct{ said, wrong, right string }

// syntaxHints describe common syntax errors, by the message of the library.
var syntaxHints = [...]syntaxHint{
	{"exceeded max depth", "nested more than 10000 levels deep", "use fewer levels"},
	{"directive", "YAML directives are not supported", "remove the line"},
	{"incompatible YAML document", "YAML directives are not supported", "remove the line"},
	{"',' or ']'", "a comma or ] is missing", "separate elements by commas, end with ], and quote strings that contain , : [ ] { }"},
	{"',' or '}'", "a comma or } is missing", "separate keys by commas, end with }, and quote strings that contain , : [ ] { }"},
	{"expected key", "expected a key", "indent the keys of a mapping equally, and double a quote within quotes: 'it''s'"},
	{"'-' indicator", "expected a list element", "indent the elements of a list equally, each after a -"},
	{"mapping values", "a colon is not allowed here", "indent the keys of a mapping equally, and quote strings that contain a colon"},
	{"sequence entries", "a list cannot start here", "write each element on its own line, after a -"},
	{"start any token", "a string cannot start with this character", "put it in quotes"},
	{"expected ':'", "a key without a colon", "write key: value, or - value in a list"},
	{"a quoted scalar: found unexpected", "a quote is not closed", "close it, and double a quote within quotes: 'it''s'"},
	{"a quoted scalar", "an unknown escape in double quotes", `write \\ for a backslash, or use single quotes`},
	{"alphabetic or numeric", "a name is missing after * or &", "quote a string that starts with one of them: '*'"},
	{"ing a tag", "YAML tags are not supported", "remove the tag; a value in quotes is a string"},
	{"node content", "a value is missing", "write a value, or close a bracket or quote above"},
	{"document start", "this does not fit the lines above", "indent all keys of the file equally, and close each bracket once"},
	{"comment or line break", "text after | or >", "start the string on the next line"},
	{"preceding whitespace", "a # without a space before it", "write a space before a comment, and quote strings that contain #"},
}

// syntaxError reports that text is not YAML.
func (p *parser) syntaxError(text []byte, err error) {
	e := &yaml.LoadError{Message: err.Error()}
	errors.As(err, &e)
	said := strings.TrimPrefix(e.ContextMsg+": "+e.Message, ": ")
	wrong, right := "not YAML: "+said, "check indentation, brackets and quotes here and above"
	if i := slices.IndexFunc(syntaxHints[:], func(s syntaxHint) bool { return strings.Contains(said, s.said) }); i >= 0 {
		wrong, right = syntaxHints[i].wrong, syntaxHints[i].right
	}
	runes := []rune(string(text))
	before, at := string(runes[:min(e.Mark.Index, len(runes))]), e.Mark
	switch word := before[strings.LastIndexAny(before, " {[,:\n")+1:]; {
	case strings.HasPrefix(word, "$") && strings.HasPrefix(said, "while parsing a flow"):
		right = `within {} and [], quote an accessor that has brackets: {from: "$a['b']"}`
	case strings.HasPrefix(string(text[len(before):]), "\t"):
		wrong, right = "a tab in the indentation", "indent with spaces"
	case e.ContextMark.Line > 0 && (len(before) == len(text) || e.ContextMsg == "while scanning a simple key"):
		at = e.ContextMark // the start of the incomplete part
	}
	p.reportAs(Syntax, Position{max(at.Line, 1), max(at.Column, 1)}, "", wrong, right)
}
