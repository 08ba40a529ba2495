package config

import (
	"fmt"
	"regexp"
)

// TextSteps extract a part of a string before it is parsed as a number.
type TextSteps struct {
	Regex       *regexp.Regexp // nil: the string as it is
	Replacement string         // in Go's Expand syntax; default $1, or $0 when the regex has no group
	Split       []string       // the strings that separate the elements of a list; nil: the string is one element
	Pick        Pick
}

// Pick says which element of a list counts.
type Pick uint8

// The picks. NoPick is for values that are not lists.
const (
	NoPick Pick = iota
	PickFirst
	PickLast
	PickMin
	PickMax
	PickSum
	PickEach // makes a sample of every element
)

// Length says what of a value is counted.
type Length uint8

// The lengths. Of an array or map, both are the number of elements.
const (
	NoLength Length = iota
	LengthBytes
	LengthRunes
)

// maxSeparators bounds the strings that separate elements.
const maxSeparators = 8

// textSteps reads the keys that extract a part of a string.
func (r *reader) textSteps(v *Value, s *mappingReader) {
	t := &v.Text
	t.Regex, t.Replacement = r.extraction(s)
	if n := s.get("split"); n != nil {
		t.Split = r.separators(n, s.under("split"))
		if !s.has("pick") {
			r.wrong(n, s.under("split"), "split needs pick, which selects an element", "add pick: last, or another of its words")
		}
	}
	if n := s.get("pick"); n != nil {
		if i, ok := r.word(n, s.under("pick"), pickWords); ok {
			t.Pick = Pick(i) + PickFirst
		}
	}
	if n := s.get("length"); n != nil {
		if i, ok := r.word(n, s.under("length"), lengthWords); ok {
			v.Length = Length(i) + LengthBytes
		}
	}
}

// separators reads a string or a list of strings.
func (r *reader) separators(n *node, path string) []string {
	const right = "write the separator of the elements: ',', or several: [',', ':']"
	if n.kind != sequence {
		s, ok := r.text(n, path, right)
		if !ok {
			return nil
		}
		return []string{s}
	}
	if len(n.elements) == 0 || len(n.elements) > maxSeparators {
		r.wrong(n, path, fmt.Sprintf("%d separators", len(n.elements)), fmt.Sprintf("write 1 to %d of them", maxSeparators))
	}
	var all []string
	for i, e := range n.elements {
		if s, ok := r.text(e, at(path, i), right); ok {
			all = append(all, s)
		}
	}
	return all
}
