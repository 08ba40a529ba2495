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
	File string // the file; "" for a key of the [OUTPUT] section
	Position
	Code  Code
	Path  string // where in the document: metrics[3].labels.x, or the key's name; "" for the whole
	Wrong string // what is wrong
	Right string // what would be right
}

// Error returns the place, what is wrong and what would be right, in one line.
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

// Mistakes lists everything that is wrong in a configuration, in the order of the text.
type Mistakes []Mistake

// Error returns one line per mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}

// textError describes what is wrong with a string whose position is not known yet.
type textError struct{ wrong, right string }

func (f textError) Error() string { return f.wrong + "; " + f.right }

func newTextError(wrong, right string, args ...any) error {
	return textError{wrong, fmt.Sprintf(right, args...)}
}

// inOrder returns m in the order of the text, without the duplicates that an anchor may cause.
func (m Mistakes) inOrder() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int { return a.compare(b.Position) })
	return slices.Compact(m)
}

// maxQuoted bounds the text of the file that a message quotes, in runes.
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

// oneLine replaces line breaks and other control characters by blanks, and shortens the result.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if control(r) {
			return ' '
		}
		return r
	}, s)
	return shorten(s, maxPart)
}

// control reports whether r is a control character or one of Unicode's two line separators.
func control(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// under returns the path of a key below a path.
func under(path, key string) string {
	if key == "" || strings.ContainsFunc(key, notPlain) {
		return path + "[" + quote(key) + "]"
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// at returns the path of an element below a path.
func at(path string, index int) string { return fmt.Sprintf("%s[%d]", path, index) }

func notPlain(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
}
