package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Position is a place in a file, both counted from 1. Columns count runes.
type Position struct{ Line, Column int }

func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column))
}

// Mistake is one thing that is wrong in a configuration.
type Mistake struct {
	File string // a file, or "" for a key of the [OUTPUT] section
	Position
	Path  string // where in the document: metrics[3].labels.x, or the key's name; "" for the whole
	Wrong string // what is wrong
	Right string // what would be right
}

// Error says where, what is wrong and what would be right, in one line.
func (m *Mistake) Error() string {
	var b strings.Builder
	if m.File != "" {
		fmt.Fprintf(&b, "%s:%d:%d: ", m.File, m.Line, m.Column)
	}
	if m.Path != "" {
		b.WriteString(m.Path + ": ")
	}
	b.WriteString(m.Wrong)
	if m.Right != "" {
		b.WriteString("; " + m.Right)
	}
	return b.String()
}

// Mistakes is all that is wrong in a configuration, in the order of the text.
type Mistakes []Mistake

// Error returns one line per mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}

// textError is what is wrong with a text, before its place is known.
type textError struct{ wrong, right string }

func (f textError) Error() string { return f.wrong + "; " + f.right }

func newTextError(wrong, right string, args ...any) error {
	return textError{wrong, fmt.Sprintf(right, args...)}
}

// inOrder returns m in the order of the text, without repetitions, which an anchor that is used twice would give.
func (m Mistakes) inOrder() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int { return a.compare(b.Position) })
	return slices.Compact(m)
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

// oneLine replaces line breaks and other control characters and cuts what is too long.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, s)
	return shorten(s, maxPart)
}

// control reports whether r is a control character, which Unicode's two separators are in all but name.
func control(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

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
