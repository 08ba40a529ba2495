// Package ansi marks up text for terminals.
package ansi

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Palette colors text, or with false leaves it as it is. No meaning is in the color alone.
type Palette bool

func (p Palette) paint(code, text string) string {
	if !p || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Red is for errors.
func (p Palette) Red(text string) string { return p.paint("31", text) }

// Yellow is for warnings.
func (p Palette) Yellow(text string) string { return p.paint("33", text) }

// Green is for what is fine.
func (p Palette) Green(text string) string { return p.paint("32", text) }

// Bold is for names.
func (p Palette) Bold(text string) string { return p.paint("1", text) }

// Faint is for what matters less.
func (p Palette) Faint(text string) string { return p.paint("2", text) }

// Printable returns text with its control characters as JSON escapes them, and with U+FFFD for what is not UTF-8, so
// that text from elsewhere cannot send commands to the terminal or look like another line.
func Printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if unicode.IsControl(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
