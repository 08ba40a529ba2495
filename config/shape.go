package config

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// Bounds of what the library is given.
const (
	maxKeys  = 5000 // of one mapping in the indented form
	maxEmpty = 1000 // keys and list elements without a value
)

// shape watches the tokens of a file for what would make the library call itself
// without bound, since a stack that overflows cannot be recovered from: nesting,
// and also the keys of an indented mapping, each of which it reads one call
// deeper. Indentation itself needs no watch: a file of maxFileSize has no room
// for more than some hundred levels. Values that are left out are counted because
// each makes the library copy all tokens.
type shape struct {
	brackets int // that are open
	marks    int // tokens in a row that each open a level
	empty    int // keys and list elements without a value
	line     int
	mappings []openMapping // the indented ones around the token
}

// openMapping is an indented mapping by its column.
type openMapping struct{ column, keys int }

// checkShape refuses files that the library must not be given.
func (p *parser) checkShape(tokens token.Tokens) bool {
	var s shape
	for _, t := range tokens {
		if wrong, right := s.next(t); wrong != "" {
			p.report(Position{t.Position.Line, t.Position.Column}, "", wrong, right)
			return false
		}
	}
	return true
}

func (s *shape) next(t *token.Token) (wrong, right string) {
	if s.brackets == 0 && t.Position.Line != s.line {
		s.marks, s.line = 0, t.Position.Line
	}
	if s.valueless(t) {
		s.empty++
	}
	switch t.Type {
	case token.MappingStartType, token.SequenceStartType:
		s.brackets++
	case token.MappingEndType, token.SequenceEndType:
		s.brackets = max(s.brackets-1, 0)
	case token.CollectEntryType:
		s.marks = 0
	case token.SequenceEntryType:
		s.marks++
		s.leave(t.Position.Column)
	case token.MappingValueType:
		s.marks++
		if s.brackets == 0 && s.key(t) > maxKeys {
			return fmt.Sprintf("more than %d keys in one mapping", maxKeys), "write fewer"
		}
	case token.MappingKeyType, token.TagType, token.AnchorType:
		s.marks++
	}
	if s.empty > maxEmpty {
		return fmt.Sprintf("more than %d keys or list elements without a value", maxEmpty), "remove them"
	}
	if s.brackets > maxDepth || s.marks > maxDepth {
		return fmt.Sprintf("nested more than %d levels deep", maxDepth), "write it flatter"
	}
	return "", ""
}

// valueless reports whether t wants a value that does not follow.
func (s *shape) valueless(t *token.Token) bool {
	column := t.Position.Column
	switch t.Type {
	case token.SequenceEntryType, token.MappingKeyType:
	case token.MappingValueType:
		if t.Prev != nil {
			column = t.Prev.Position.Column
		}
	default:
		return false
	}
	next := t.Next
	for next != nil && next.Type == token.CommentType {
		next = next.Next
	}
	if next == nil || t.Type == token.MappingKeyType {
		return true // the few uses of ? count in any case
	}
	switch next.Type {
	case token.CollectEntryType, token.MappingEndType, token.SequenceEndType:
		return true
	case token.SequenceEntryType:
		if t.Type == token.MappingValueType {
			return next.Position.Column < column
		}
	}
	return s.brackets == 0 && next.Position.Line != t.Position.Line && next.Position.Column <= column
}

// leave closes the mappings that stand further right than column.
func (s *shape) leave(column int) {
	for n := len(s.mappings); n > 0 && s.mappings[n-1].column > column; n-- {
		s.mappings = s.mappings[:n-1]
	}
}

// key counts the key in front of the colon t and returns how many its mapping has.
func (s *shape) key(t *token.Token) int {
	if t.Prev == nil {
		return 0
	}
	column := t.Prev.Position.Column
	s.leave(column)
	n := len(s.mappings)
	if n == 0 || s.mappings[n-1].column < column {
		s.mappings = append(s.mappings, openMapping{column, 0})
		n++
	}
	s.mappings[n-1].keys++
	return s.mappings[n-1].keys
}
