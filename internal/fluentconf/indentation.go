package fluentconf

import (
	"fmt"
	"strings"
)

// An indentation is what the lines of a classic file begin with. Fluent Bit wants that of the first indented line, even
// if it is a comment or has only blanks, in front of all keys of the file, or twice as many blanks.
type indentation struct {
	blanks   string
	at       int  // the number of the first indented line, or 0
	empty    bool // that line has only blanks
	reported bool // in this section, because one mistake often has many lines
}

// checkIndentation reports a line that Fluent Bit refuses because of its indentation. body is the line without it.
func (c *classic) checkIndentation(line, body string, column int) {
	blanks := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
	if strings.HasPrefix(body, "[") || strings.HasPrefix(body, "@") {
		c.mistake(column, "a section or a command that is indented", "write "+body+" at the start of the line")
		return
	}
	if c.at == 0 && blanks != "" {
		c.blanks, c.at, c.empty = blanks, c.number, body == ""
	}
	extra, ok := strings.CutPrefix(blanks, c.blanks)
	if c.at > 0 && ok && (extra == "" || len(extra) == len(c.blanks)) || c.reported {
		return
	}
	c.reported = true
	wrong, right := "the line is not indented", "indent each key, for example by 4 spaces"
	if c.at > 0 {
		wrong = fmt.Sprintf("the indentation is %s, and that of line %d is %s", count(blanks), c.at, count(c.blanks))
		right = "indent this line by " + count(c.blanks) + " too"
	}
	switch {
	case body == "":
		right = "remove the blanks of this line"
	case c.empty:
		right = fmt.Sprintf("remove the blanks of line %d", c.at)
	}
	c.mistake(column, wrong, right)
}

// count describes blanks, such as "4 spaces" or "1 space and 1 tab".
func count(blanks string) string {
	spaces, tabs := strings.Count(blanks, " "), strings.Count(blanks, "\t")
	switch {
	case tabs == 0:
		return plural(spaces, "space")
	case spaces == 0:
		return plural(tabs, "tab")
	}
	return plural(spaces, "space") + " and " + plural(tabs, "tab")
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
