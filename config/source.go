package config

import (
	"fmt"
	"strings"
)

// Source is where a value is read from: one or several accessors, of which the first decides whose field is there and
// not null. A nil Source reads nothing.
type Source []*Accessor

// String returns the accessors as written.
func (s Source) String() string {
	texts := make([]string, len(s))
	for i, a := range s {
		texts[i] = a.Text
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

// maxAlternatives bounds the accessors of a Source.
const maxAlternatives = 16

// source reads an accessor or a list of them.
func (r *reader) source(n *node, path string) (Source, bool) {
	if n.kind != sequence {
		a, ok := r.field(n, path)
		if !ok {
			return nil, false
		}
		return Source{a}, true
	}
	const right = "write the accessors in the order in which they are tried: [$status, $code]"
	switch {
	case len(n.elements) == 0:
		r.wrong(n, path, "an empty list", right)
		return nil, false
	case len(n.elements) > maxAlternatives:
		r.wrong(n, path, fmt.Sprintf("%d accessors", len(n.elements)), fmt.Sprintf("write at most %d", maxAlternatives))
		return nil, false
	}
	source := make(Source, 0, len(n.elements))
	for i, e := range n.elements {
		if a, ok := r.field(e, at(path, i)); ok {
			source = append(source, a)
		}
	}
	return source, len(source) == len(n.elements)
}

// field reads an accessor of what the rule is about: records or points.
func (r *reader) field(n *node, path string) (*Accessor, bool) {
	if r.received == nil {
		return r.accessor(n, path)
	}
	a, ok := r.parser.accessor(n, path)
	return a, ok && r.pointAccessor(n, path, a)
}
