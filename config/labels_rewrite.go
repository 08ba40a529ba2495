package config

import (
	"fmt"
	"regexp"
	"slices"
)

// Replacement replaces what Regex matches, everywhere in a text.
type Replacement struct {
	Regex *regexp.Regexp
	With  string // in Go's Expand syntax
}

// Case is the case to which a string is converted.
type Case uint8

// The cases. NoCase keeps a string unchanged.
const (
	NoCase Case = iota
	LowerCase
	UpperCase
)

// maxReplacements bounds the replacements of a label.
const maxReplacements = 64

// masks replace parts of texts that are different in every record. They apply in this order, whatever the order in
// which they are written: a UUID has numbers in it.
var masks = []struct{ word, regex, with string }{
	{"email", `[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+`, ":email"},
	{"uuid", `(?i)\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`, ":uuid"},
	{"date", `\b[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?\b`, ":date"},
	{"ip", `\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b|(?i)\b(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}\b|` +
		`(?:\b[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?::(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*\b)?`, ":ip"},
	{"number", `\b[0-9]+\b`, ":id"},
	{"hex", `(?i)\b(?:0x)?[0-9a-f]{8,}\b`, ":hex"},
}

func maskWords() []string {
	words := make([]string, len(masks))
	for i := range masks {
		words[i] = masks[i].word
	}
	return words
}

// rewriting reads what becomes of the text of a label.
func (r *reader) rewriting(l *Label, s *mappingReader) {
	if n := s.get("replace"); n != nil {
		l.Replace = r.replacements(n, s.under("replace"))
	}
	if n := s.get("mask"); n != nil {
		l.Replace = append(l.Replace, r.masks(n, s.under("mask"))...)
	}
	if n := s.get("case"); n != nil {
		if i, ok := r.word(n, s.under("case"), caseWords); ok {
			l.Case = Case(i) + LowerCase
		}
	}
	if n := s.get("length"); n != nil {
		if i, ok := r.word(n, s.under("length"), lengthWords); ok {
			l.Length = Length(i) + LengthBytes
		}
		if s.has("capture") {
			r.wrong(n, s.under("length"), "captureis also set", "write from: $field: the length is that of a field")
		}
	}
}

func (r *reader) replacements(n *node, path string) []Replacement {
	if n.kind != sequence || len(n.elements) == 0 || len(n.elements) > maxReplacements {
		r.wrongKind(n, path, fmt.Sprintf("a list of 1 to %d replacements", maxReplacements), "write [{regex: '[0-9]+', with: ':id'}]")
		return nil
	}
	var all []Replacement
	for i, e := range n.elements {
		if one, ok := r.oneReplacement(e, at(path, i)); ok {
			all = append(all, one)
		}
	}
	return all
}

func (r *reader) oneReplacement(n *node, path string) (one Replacement, ok bool) {
	s, ok := r.parser.readMapping(n, path, replaceSpec)
	if !ok {
		return one, false
	}
	if n := s.get("regex"); n != nil {
		one.Regex, ok = r.regexp(n, s.under("regex"))
	} else if !s.has("regex") {
		r.wrong(s.node, s.under("regex"), "missing", "write what is replaced: regex: '[0-9]+'")
	}
	with := s.get("with")
	switch {
	case with == nil && !s.has("with"):
		r.wrong(s.node, s.under("with"), "missing", "write what a match becomes, or '' to remove it")
		return one, false
	case with == nil:
		return one, false
	case !with.scalar():
		return one, r.wrongKind(with, s.under("with"), "a string", "write a string with $1, $2 or ${name}")
	}
	one.With = with.text
	if one.Regex != nil {
		r.references(with, s.under("with"), one.Regex)
	}
	return one, ok && one.Regex != nil
}

// masks reads the names of masks.
func (r *reader) masks(n *node, path string) []Replacement {
	words := maskWords()
	if n.kind != sequence || len(n.elements) == 0 {
		r.wrongKind(n, path, "a list of masks", "write [uuid, number], of "+listed(words))
		return nil
	}
	wanted := make([]bool, len(masks))
	for i, e := range n.elements {
		if k, ok := r.word(e, at(path, i), words); ok {
			wanted[k] = true
		}
	}
	var all []Replacement
	for i, m := range masks {
		if wanted[i] {
			all = append(all, Replacement{regexp.MustCompile(m.regex), m.with})
		}
	}
	return slices.Clip(all)
}
