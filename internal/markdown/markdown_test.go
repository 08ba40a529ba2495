package markdown

import (
	"os"
	"strings"
	"testing"
)

// FuzzBlocks holds that no text makes Blocks panic, and that a block starts at its mark and has what follows it.
func FuzzBlocks(f *testing.F) {
	for _, file := range []string{"../../README.md", "../../docs/getting-started.md"} {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add("# a\n```yaml wrong\nb\n```\n ```\nc")
	f.Add("```\n```\n```\u0085a  b \r\n# c\n\n\xff```\n\t``` d\r\n``````\n\n```")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.SplitAfter(text, "\n")
		for _, b := range Blocks(text) {
			if b.Line < 1 || b.Line > len(lines) {
				t.Fatalf("line %d of %d", b.Line, len(lines))
			}
			mark := strings.TrimSpace(lines[b.Line-1])
			if !strings.HasPrefix(mark, "```"+b.Language) || !strings.HasSuffix(mark, b.Note) {
				t.Errorf("the mark %q is of a block of %q with the note %q", mark, b.Language, b.Note)
			}
			rest, whole := strings.CutPrefix(strings.Join(lines[b.Line:], ""), b.Body)
			if !whole || !strings.HasPrefix(strings.TrimSpace(rest), "```") || strings.Contains(b.Body, "\n```") {
				t.Errorf("the block after line %d has the body %q", b.Line, b.Body)
			}
		}
	})
}
