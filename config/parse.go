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
	maxMistakes = 1_000   // that are reported of one file
)

// parser reads one rules file and collects what is wrong with it.
type parser struct {
	file     string
	mistakes Mistakes
	warnings Mistakes
	rules    Rules
	sources  []ruleSource // of the rules, in their order

	// What the file says for all rules.
	labels      []Label
	ttl         time.Duration
	seriesLimit int
}

// ParseRules reads a rules file. file is its name in messages, of which only the last element is shown; text is not
// retained. A file that is not right in all its parts gives no Rules and Mistakes, all of them at once.
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
	rest.Wrong = fmt.Sprintf("%d more mistakes follow", len(m)-maxMistakes)
	return append(m[:maxMistakes:maxMistakes], rest)
}

// mistake keeps what a message repeats of the file to one line of bounded length.
func (p *parser) mistake(pos Position, path, wrong, right string) Mistake {
	return Mistake{File: p.file, Position: pos, Path: oneLine(path), Wrong: oneLine(wrong), Right: oneLine(right)}
}

func (p *parser) report(pos Position, path, wrong, right string) {
	p.mistakes = append(p.mistakes, p.mistake(pos, path, wrong, right))
}

func (p *parser) wrong(n *node, path, wrong, right string) { p.report(n.Position, path, wrong, right) }

func (p *parser) warn(pos Position, path, wrong, right string) {
	p.warnings = append(p.warnings, p.mistake(pos, path, wrong, right))
}
