package rule

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"unicode/utf8"
)

// extraction extracts a part of a string by a regular expression.
type extraction struct {
	regex       *regexp.Regexp
	replacement string
	// With cut, the result is the match without so many bytes at its start and end. The search for a whole match takes
	// no memory, unlike that for groups.
	cut        bool
	start, end int
}

func newExtraction(re *regexp.Regexp, replacement string) *extraction {
	e := &extraction{regex: re, replacement: replacement}
	switch parsed, err := syntax.Parse(re.String(), syntax.Perl); {
	case replacement == "$0" || replacement == "${0}":
		e.cut = true
	case err == nil && (replacement == "$1" || replacement == "${1}"):
		e.start, e.end, e.cut = around(parsed)
	}
	return e
}

// around returns how many bytes of a match are before and after its only group, if they are always as many.
func around(re *syntax.Regexp) (start, end int, ok bool) {
	parts := []*syntax.Regexp{re}
	if re.Op == syntax.OpConcat {
		parts = re.Sub
	}
	seen, ok := false, true
	for _, part := range parts {
		if part.Op == syntax.OpCapture && !seen && part.Sub[0].MaxCap() == 0 {
			seen = true
			continue
		}
		n, fixed := width(part)
		ok = ok && fixed && part.MaxCap() == 0
		if seen {
			end += n
		} else {
			start += n
		}
	}
	return start, end, ok && seen
}

// width returns how many bytes re matches, if they are always as many.
func width(re *syntax.Regexp) (n int, ok bool) {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return 0, true
	case syntax.OpLiteral:
		for _, c := range re.Rune {
			n += utf8.RuneLen(c)
		}
		// U+FFFD also matches a byte that is not UTF-8.
		return n, re.Flags&syntax.FoldCase == 0 && !slices.Contains(re.Rune, utf8.RuneError)
	case syntax.OpCharClass:
		last := len(re.Rune) - 1
		return 1, last > 0 && re.Rune[last] < utf8.RuneSelf
	case syntax.OpConcat:
		for _, part := range re.Sub {
			m, fixed := width(part)
			if !fixed {
				return 0, false
			}
			n += m
		}
		return n, true
	}
	return 0, false
}

// apply returns what the expression takes out of text, and false when it does not match. The result borrows text or
// buffer.
func (e *extraction) apply(buffer *[]byte, text []byte) ([]byte, bool) {
	if e.cut {
		match := e.regex.Find(text)
		if match == nil {
			return nil, false
		}
		return match[e.start : len(match)-e.end], true
	}
	match := e.regex.FindSubmatchIndex(text)
	if match == nil {
		return nil, false
	}
	*buffer = e.regex.ExpandString((*buffer)[:0], e.replacement, borrow(text), match)
	return *buffer, true
}
