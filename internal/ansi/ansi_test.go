package ansi

import "testing"

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "",
		"héllo → 日本":       "héllo → 日本",
		"a\x1b[2Jb\nc\x7f": `a\u001b[2Jb\u000ac\u007f`,
		"\u009b2J":         `\u009b2J`,
		"\xff\xfe":         "\ufffd\ufffd",
	} {
		if got := Printable(text); got != want {
			t.Errorf("Printable(%q) = %q, want %q", text, got, want)
		}
	}
}
