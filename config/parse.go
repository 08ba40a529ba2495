package config

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml/lexer"
	yaml "github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a rules file.
const (
	maxFileSize = 1 << 20 // bytes
	maxMetrics  = 10_000  // rules
	maxMistakes = 1_000   // that are reported of one file
)

// parser reads one rules file and collects what is wrong with it.
type parser struct {
	file     string
	mistakes Mistakes
	warnings Mistakes
	rules    Rules

	// What the file says for all rules.
	labels      []Label
	ttl         time.Duration
	seriesLimit int
}

// ParseRules reads a rules file. file is its name in messages, of which only the
// last element is shown; text is not retained. A file that is not right in all
// its parts gives no Rules and Mistakes, all of them at once.
func ParseRules(file string, text []byte) (*Rules, error) {
	p := &parser{file: filepath.Base(file)}
	if body := p.body(text); body != nil {
		p.document(body)
	}
	if len(p.mistakes) > 0 {
		return nil, p.mistakes.inOrder().limited()
	}
	p.rules.File = file
	p.rules.Warnings = p.warnings.inOrder().limited()
	return &p.rules, nil
}

// limited cuts m off at maxMistakes and says so.
func (m Mistakes) limited() Mistakes {
	if len(m) <= maxMistakes {
		return m
	}
	rest := m[maxMistakes]
	rest.Path, rest.Right = "", ""
	rest.Wrong = fmt.Sprintf("%d more mistakes from here on", len(m)-maxMistakes)
	return append(m[:maxMistakes:maxMistakes], rest)
}

func (p *parser) report(pos Position, path, wrong, right string) {
	p.mistakes = append(p.mistakes, Mistake{File: p.file, Position: pos, Path: path, Wrong: wrong, Right: right})
}

func (p *parser) wrong(n *node, path, wrong, right string) { p.report(n.Position, path, wrong, right) }

func (p *parser) warn(pos Position, path, wrong, right string) {
	p.warnings = append(p.warnings, Mistake{File: p.file, Position: pos, Path: path, Wrong: wrong, Right: right})
}

// body reads the YAML of text. It returns nil when there is nothing to go on with.
func (p *parser) body(text []byte) (body *node) {
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
	// The library is not ours, and what it reads may be anything.
	defer func() {
		if r := recover(); r != nil {
			p.report(start, "", "the YAML cannot be read", "check its indentation, brackets and quotes")
			body = nil
		}
	}()
	tokens := lexer.Tokenize(string(text))
	if !p.checkNesting(tokens) {
		return nil
	}
	file, err := yaml.Parse(tokens, 0, yaml.AllowDuplicateMapKey())
	if err != nil {
		p.syntax(err)
		return nil
	}
	c := &converter{p: p, anchors: make(map[string]*node)}
	if body = c.document(file.Docs); body == nil {
		p.report(start, "", "the file is empty", "write at least: metrics: [{name: records_total, type: counter}]")
	}
	return body
}

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

// checkNesting refuses what would make the library call itself without bound: a
// stack that overflows cannot be recovered from. Mappings and lists of the
// indented form nest no deeper than half the width of a line, of which a file of
// maxFileSize allows only some hundreds; brackets and marks on one line are
// counted.
func (p *parser) checkNesting(tokens token.Tokens) bool {
	brackets, marks, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			marks, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.MappingStartType, token.SequenceStartType:
			brackets++
		case token.MappingEndType, token.SequenceEndType:
			brackets--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType, token.TagType, token.AnchorType:
			marks++
		}
		if brackets > maxDepth || brackets == 0 && marks > maxDepth {
			p.report(Position{t.Position.Line, t.Position.Column}, "",
				fmt.Sprintf("nested more than %d levels deep", maxDepth), "write it flatter")
			return false
		}
	}
	return true
}

// syntax reports a text that is no YAML.
func (p *parser) syntax(err error) {
	pos, wrong := Position{1, 1}, err.Error()
	var located interface {
		GetToken() *token.Token
		GetMessage() string
	}
	right := "check indentation, brackets and quotes there and above"
	if errors.As(err, &located) {
		wrong = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			pos = Position{t.Position.Line, t.Position.Column}
			if t.Prev != nil && strings.HasPrefix(t.Prev.Value, "$") || strings.HasPrefix(t.Value, "$") {
				right = `within {} and [] put an accessor with brackets in quotes: {from: "$a['b']"}`
			}
		}
	}
	wrong, _, _ = strings.Cut(wrong, "\n")
	p.report(pos, "", "not YAML: "+wrong, right)
}
