package config

import (
	"fmt"
	"path/filepath"
	"time"
)

// Bounds of a rules file.
const (
	maxFileSize = 1 << 20 // bytes
	maxMetrics  = 10_000  // rules
	maxMistakes = 1_000   // reported per file
)

// parser reads one rules file and collects its mistakes.
type parser struct {
	file     string
	mistakes Mistakes
	warnings Mistakes
	rules    Rules
	sources  []ruleSource // of the rules, in their order

	// Settings of the file for all rules.
	labels      []Label
	ttl         time.Duration
	seriesLimit int
}

// ParseRules parses a rules file. Messages show the last element of file, which is its path. ParseRules does not retain
// text. If any part of the file is invalid, it returns no Rules, and an error of type Mistakes that lists all mistakes.
func ParseRules(file string, text []byte) (*Rules, error) {
	p := newParser(file)
	p.parse(text)
	if len(p.mistakes) > 0 {
		return nil, p.mistakes.inOrder().limited()
	}
	p.rules.File = file
	p.rules.Warnings = p.warnings.inOrder().limited()
	return &p.rules, nil
}

func newParser(file string) *parser { return &parser{file: filepath.Base(file)} }

func (p *parser) parse(text []byte) {
	if body := p.body(text, smallestFile); body != nil {
		p.document(body)
	}
}

// limited truncates m to maxMistakes and reports how many more there are.
func (m Mistakes) limited() Mistakes {
	if len(m) <= maxMistakes {
		return m
	}
	rest := m[maxMistakes]
	rest.Path, rest.Right = "", ""
	rest.Wrong = fmt.Sprintf("%d more mistakes follow", len(m)-maxMistakes)
	return append(m[:maxMistakes:maxMistakes], rest)
}

// mistake makes a Mistake with each part limited to one line of bounded length.
func (p *parser) mistake(code Code, pos Position, path, wrong, right string) Mistake {
	return Mistake{File: p.file, Position: pos, Code: code, Path: oneLine(path), Wrong: oneLine(wrong), Right: oneLine(right)}
}

func (p *parser) reportAs(code Code, pos Position, path, wrong, right string) {
	p.mistakes = append(p.mistakes, p.mistake(code, pos, path, wrong, right))
}

func (p *parser) report(pos Position, path, wrong, right string) {
	p.reportAs(Invalid, pos, path, wrong, right)
}

func (p *parser) wrong(n *node, path, wrong, right string) { p.report(n.Position, path, wrong, right) }

func (p *parser) warn(code Code, pos Position, path, wrong, right string) {
	p.warnings = append(p.warnings, p.mistake(code, pos, path, wrong, right))
}
