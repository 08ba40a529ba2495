package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	yaml "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// body reads the YAML of text. It returns nil when there is nothing to go on with.
func (p *parser) body(text []byte) *node {
	start := Position{1, 1}
	if len(text) > maxFileSize {
		p.report(start, "", fmt.Sprintf("%d bytes long", len(text)),
			fmt.Sprintf("a rules file has at most %d bytes", maxFileSize))
		return nil
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	if !p.checkBytes(text) {
		return nil
	}
	file, ok := p.syntax(text)
	if !ok {
		return nil
	}
	c := &converter{p: p, anchors: make(map[string]*node)}
	body := c.document(file.Docs)
	if body == nil {
		p.report(start, "", "the file is empty", "write at least: "+leastFile)
	}
	return body
}

// leastFile is the smallest useful rules file.
const leastFile = "metrics: [{name: records_total, type: counter}]"

// checkBytes refuses what no YAML file may hold.
func (p *parser) checkBytes(text []byte) bool {
	pos := Position{1, 1}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			p.report(pos, "", fmt.Sprintf("the byte 0x%02x is not UTF-8", text[i]), "save the file as UTF-8")
			return false
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f:
			p.report(pos, "", fmt.Sprintf("the control character %U", r), `remove it, or write it as an escape: "\x1b"`)
			return false
		case r == '\n':
			pos = Position{pos.Line + 1, 0}
		}
		pos.Column++
		i += size
	}
	return true
}

// syntax parses text with the library, whose panics become a mistake.
func (p *parser) syntax(text []byte) (file *ast.File, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			p.report(Position{1, 1}, "", "the YAML cannot be read", "check its indentation, brackets and quotes")
			ok = false
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if !p.checkShape(tokens) {
		return nil, false
	}
	file, err := yaml.Parse(tokens, 0, yaml.AllowDuplicateMapKey())
	if err != nil {
		p.syntaxError(err)
	}
	return file, err == nil
}

// syntaxError reports a text that is no YAML. The library's Error would print
// the lines around it.
func (p *parser) syntaxError(err error) {
	pos, wrong, right := Position{1, 1}, "broken syntax", "check indentation, brackets and quotes there and above"
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if errors.As(err, &located) {
		wrong = strings.ReplaceAll(located.GetMessage(), "'\t'", "TAB")
		if t := located.GetToken(); t != nil && t.Position != nil {
			pos = Position{t.Position.Line, t.Position.Column}
			right = cmp.Or(usualSlip(t, wrong), right)
		}
	}
	p.report(pos, "", "not YAML: "+wrong, right)
}

// usualSlip says what is probably meant where the syntax breaks at t.
func usualSlip(t *token.Token, wrong string) string {
	dollar := func(t *token.Token) bool { return t != nil && strings.HasPrefix(t.Value, "$") }
	switch {
	case strings.Contains(wrong, "TAB") || strings.Contains(wrong, "tab character"):
		return "indent with spaces"
	case t.Type == token.AliasType:
		return "a text that starts with * stands in quotes: '*'"
	case dollar(t) || dollar(t.Prev):
		return `within {} and [], an accessor with brackets stands in quotes: {from: "$a['b']"}`
	}
	return ""
}
