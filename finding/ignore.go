package finding

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/promexporter/promexporter/config"
)

// mark is the comment that silences warnings of its line, or of the line below when it has a line of its own.
var mark = regexp.MustCompile(`#\s*promexporter:\s*ignore=([A-Za-z0-9_,-]*)`)

// Silence takes out the warnings that the file's comments, or codes, name. A comment that names an unknown code is a
// mistake.
func (f *File) Silence(codes []config.Code) {
	silent := make(map[int][]config.Code)
	n := 0
	for line := range strings.Lines(string(f.text)) {
		n++
		at := mark.FindStringSubmatchIndex(line)
		if at == nil {
			continue
		}
		target := n
		if strings.TrimSpace(line[:at[0]]) == "" {
			target++
		}
		column := utf8.RuneCountInString(line[:at[2]]) + 1
		for word := range strings.SplitSeq(line[at[2]:at[3]], ",") {
			silent[target] = append(silent[target], config.Code(word))
			f.checkCode(n, column, config.Code(word))
			column += len(word) + 1
		}
	}
	f.Problems = slices.DeleteFunc(f.Problems, func(p Problem) bool {
		return p.Severity == Warning && (slices.Contains(codes, p.Code) || slices.Contains(silent[p.Line], p.Code))
	})
}

func (f *File) checkCode(line, column int, code config.Code) {
	if err := CheckCode(code); err != nil {
		f.Add(Error, config.Mistakes{{
			Position: config.Position{Line: line, Column: column}, Code: config.Invalid, Wrong: err.Error(), Right: codeAdvice(),
		}})
	}
}

// CheckCode reports a code that no warning has.
func CheckCode(code config.Code) error {
	if slices.Contains(config.WarningCodes(), code) {
		return nil
	}
	return fmt.Errorf("no warning has the code %q", string(code))
}

func codeAdvice() string {
	words := make([]string, 0, len(config.WarningCodes()))
	for _, code := range config.WarningCodes() {
		words = append(words, string(code))
	}
	return "write one of " + strings.Join(words, ", ")
}
