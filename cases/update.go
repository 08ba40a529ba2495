package cases

import (
	"os"
	"slices"
	"strings"

	"github.com/promexporter/promexporter/config"
)

// edit is an expected text that is to be another one.
type edit struct {
	line int // of the key
	text string
}

func (f *File) edit(step *config.TestStep, text string) {
	f.edits = append(f.edits, edit{step.ExpectPosition.Line, strings.TrimRight(text, "\n")})
}

// suggest keeps what a step could expect: of the page, the series of the names that it expects now.
func (f *File) suggest(step *config.TestStep, want, got *page, text string, wrong bool) {
	if !wrong {
		return
	}
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, "\n"); expects(step, want, line) {
			lines = append(lines, line)
		}
	}
	f.edit(step, strings.Join(lines, "\n"))
}

// expects reports whether a line of the page belongs to what the step expects.
func expects(step *config.TestStep, want *page, line string) bool {
	if strings.HasPrefix(line, "#") {
		name := strings.Fields(line)[2]
		for comment := range want.comments {
			if words := strings.Fields(comment); len(words) > 2 && words[2] == name && words[1] == strings.Fields(line)[1] {
				return true
			}
		}
		return false
	}
	one, err := parsePage(line)
	if err != nil {
		return false
	}
	for name, series := range one.samples {
		for labels := range series {
			_, named := want.samples[name]
			_, known := want.samples[name][labels]
			switch step.Compare {
			case config.CompareSome:
				return known
			case config.CompareNames:
				return named || len(want.samples) == 0
			}
		}
	}
	return true
}

// Update writes what came into the expected texts of the file, and returns how many that are. All else stays.
func (f *File) Update() (int, error) {
	if len(f.edits) == 0 {
		return 0, nil
	}
	lines := strings.SplitAfter(string(f.text), "\n")
	slices.SortFunc(f.edits, func(a, b edit) int { return b.line - a.line })
	for _, e := range f.edits {
		if IsMarkdown(f.Path) {
			lines = e.applyBlock(lines)
		} else {
			lines = e.apply(lines)
		}
	}
	return len(f.edits), os.WriteFile(f.Path, []byte(strings.Join(lines, "")), 0o644)
}

// apply replaces the value of the key expect in a line and those below.
func (e edit) apply(lines []string) []string {
	const key = "expect:"
	line := lines[e.line-1]
	at := strings.Index(line, key)
	if at < 0 {
		return lines
	}
	end := e.line
	if value := strings.TrimSpace(line[at+len(key):]); value == "" || strings.ContainsAny(value[:1], "|>") {
		for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || indent(lines[end]) > at) {
			end++
		}
	}
	for end > e.line && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	replaced := []string{line[:at] + key + " |\n"}
	for text := range strings.Lines(e.text + "\n") {
		replaced = append(replaced, strings.Repeat(" ", at+2)+text)
	}
	return slices.Replace(lines, e.line-1, end, replaced...)
}

// applyBlock replaces the block of code that starts in a line.
func (e edit) applyBlock(lines []string) []string {
	end := e.line
	for end < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[end]), "```") {
		end++
	}
	return slices.Replace(lines, e.line, end, strings.SplitAfter(e.text+"\n", "\n")...)
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
