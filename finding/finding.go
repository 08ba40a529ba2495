// Package finding writes what was found in files, as text for people and in the formats of editors and CI systems.
//
// A [Report] owns its memory. Nothing here opens a file.
package finding

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/promexporter/promexporter/config"
)

// Severity says how much a problem matters.
type Severity string

// The severities: an error keeps a file from being used, a warning does not.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
)

// Problem is one thing that is wrong in a file. Lines and columns count from 1, columns in characters; EndColumn is the
// column after the last character.
type Problem struct {
	Severity  Severity    `json:"severity"`
	Code      config.Code `json:"code"`
	Line      int         `json:"line"`
	Column    int         `json:"column"`
	EndColumn int         `json:"end_column"`
	Path      string      `json:"path"`
	Wrong     string      `json:"wrong"`
	Right     string      `json:"right"`
}

// Message returns the problem in one line, without its place and code.
func (p *Problem) Message() string {
	m := config.Mistake{Path: p.Path, Wrong: p.Wrong, Right: p.Right}
	return m.Error()
}

// File is what was found in one file.
type File struct {
	Path     string    `json:"file"`
	Rules    int       `json:"rules"`
	Problems []Problem `json:"problems"`

	// Holds names what the file has, such as "4 rules".
	Holds string `json:"-"`
	text  []byte
}

// Report is what was found in all files.
type Report struct {
	Files []File
}

// NewFile returns a File without problems. It keeps text, of which excerpts are shown.
func NewFile(path, holds string, text []byte) File {
	return File{Path: path, Holds: holds, Problems: []Problem{}, text: bytes.TrimPrefix(text, []byte("\uFEFF"))}
}

// Add adds the mistakes of the file with a severity.
func (f *File) Add(s Severity, all config.Mistakes) {
	for i := range all {
		m := &all[i]
		f.Problems = append(f.Problems, Problem{
			Severity: s, Code: m.Code, Line: m.Line, Column: m.Column, EndColumn: f.end(m.Position),
			Path: m.Path, Wrong: m.Wrong, Right: m.Right,
		})
	}
	slices.SortStableFunc(f.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// line returns a line of the file without its end.
func (f *File) line(n int) string {
	for line := range strings.Lines(string(f.text)) {
		if n--; n == 0 {
			return strings.TrimRight(line, "\r\n")
		}
	}
	return ""
}

// end returns the column after the word or quoted text at a place.
func (f *File) end(p config.Position) int {
	line := []rune(f.line(p.Line))
	i := p.Column - 1
	if i < 0 || i >= len(line) {
		return p.Column + 1
	}
	if quote := line[i]; quote == '"' || quote == '\'' {
		if n := slices.Index(line[i+1:], quote); n >= 0 {
			return p.Column + n + 2
		}
	}
	n := strings.IndexAny(string(line[i:]), " \t:,{}[]#")
	if n < 0 {
		return len(line) + 1
	}
	return p.Column + max(utf8.RuneCountInString(string(line[i:])[:n]), 1)
}

// Count returns how many problems of a severity there are.
func (f *File) Count(s Severity) (n int) {
	for i := range f.Problems {
		if f.Problems[i].Severity == s {
			n++
		}
	}
	return n
}

// Count returns how many problems of a severity there are.
func (r *Report) Count(s Severity) (n int) {
	for i := range r.Files {
		n += r.Files[i].Count(s)
	}
	return n
}
