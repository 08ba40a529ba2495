package finding

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/promexporter/promexporter/internal/ansi"
)

// WriteText writes a line for each problem, as compilers do. With excerpt, the line of the file follows.
func (r *Report) WriteText(w io.Writer, color ansi.Palette, excerpt bool) error {
	out := bufio.NewWriter(w)
	for i := range r.Files {
		f := &r.Files[i]
		for j := range f.Problems {
			p := &f.Problems[j]
			severity := color.Yellow(string(p.Severity))
			if p.Severity == Error {
				severity = color.Red(string(p.Severity))
			}
			fmt.Fprintf(out, "%s %s: %s %s\n", color.Bold(fmt.Sprintf("%s:%d:%d:", f.Path, p.Line, p.Column)), severity,
				p.Message(), color.Faint("["+string(p.Code)+"]"))
			if excerpt {
				f.writeExcerpt(out, p, color)
			}
		}
	}
	return out.Flush()
}

// maxExcerpt bounds the line that an excerpt shows, in characters.
const maxExcerpt = 160

func (f *File) writeExcerpt(w io.Writer, p *Problem, color ansi.Palette) {
	line := []rune(f.line(p.Line))
	if len(line) == 0 || len(line) > maxExcerpt {
		return
	}
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(line[:min(p.Column-1, len(line))]))
	number := fmt.Sprintf("%3d", p.Line)
	fmt.Fprintf(w, "%s | %s\n", number, string(line))
	fmt.Fprintf(w, "%*s | %s%s\n", len(number), "", indent, color.Yellow(strings.Repeat("^", max(p.EndColumn-p.Column, 1))))
}

// Summary returns a line for people on a file.
func (f *File) Summary(color ansi.Palette) string {
	errors, warnings := f.Count(Error), f.Count(Warning)
	result := color.Green("fine")
	if errors+warnings > 0 {
		var parts []string
		if errors > 0 {
			parts = append(parts, color.Red(Plural(errors, "error")))
		}
		if warnings > 0 {
			parts = append(parts, color.Yellow(Plural(warnings, "warning")))
		}
		result = strings.Join(parts, ", ")
	}
	return fmt.Sprintf("%s: %s, %s", f.Path, f.Holds, result)
}

// Plural returns a number with its noun.
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// WriteJSON writes the report as one object.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	files := r.Files
	if files == nil {
		files = []File{}
	}
	return e.Encode(struct {
		Files    []File `json:"files"`
		Errors   int    `json:"errors"`
		Warnings int    `json:"warnings"`
	}{files, r.Count(Error), r.Count(Warning)})
}

// WriteGitHub writes the commands with which GitHub Actions shows problems beside the lines of a change.
func (r *Report) WriteGitHub(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i := range r.Files {
		f := &r.Files[i]
		for j := range f.Problems {
			p := &f.Problems[j]
			fmt.Fprintf(out, "::%s file=%s,line=%d,col=%d,endColumn=%d,title=%s::%s\n", p.Severity, gitHubProperty(f.Path),
				p.Line, p.Column, p.EndColumn, gitHubProperty(string(p.Code)), gitHubText(p.Message()))
		}
	}
	return out.Flush()
}

func gitHubText(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func gitHubProperty(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C").Replace(s)
}
