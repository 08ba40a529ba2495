// Package markdown reads the blocks of code in Markdown documents, which tests run.
package markdown

import "strings"

// A Block is a block of code. The text after the language is a note for those who run it.
type Block struct {
	Language, Note, Body string
	Line                 int    // of its first mark
	Heading              string // above it
}

// Blocks returns the blocks of code in a text. A block without an end is left out.
func Blocks(text string) (all []Block) {
	var open *Block
	heading, n, at := "", 0, 0
	for line := range strings.Lines(text) {
		start := at
		at += len(line)
		n++
		mark, isMark := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isMark && open == nil:
			language, note, _ := strings.Cut(mark, " ")
			open = &Block{Language: language, Note: note, Line: n, Heading: heading, Body: text[at:]}
		case isMark:
			open.Body = strings.TrimSuffix(open.Body, text[start:])
			all = append(all, *open)
			open = nil
		case open == nil && strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	return all
}
