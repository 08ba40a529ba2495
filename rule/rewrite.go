package rule

import (
	"bytes"

	"github.com/promexporter/promexporter/config"
)

// maxRewritten bounds the bytes of a text before each replacement, because each one of a list may double it.
const maxRewritten = 64 << 10

// rewrite returns text with its replacements and in its case, and false when nothing is left.
func rewrite(c *config.Label, text []byte) ([]byte, bool) {
	for i := range c.Replace {
		if len(text) > maxRewritten {
			text = truncate(text, maxRewritten)
		}
		text = c.Replace[i].Regex.ReplaceAll(text, []byte(c.Replace[i].With))
	}
	switch c.Case {
	case config.LowerCase:
		text = bytes.ToLower(text)
	case config.UpperCase:
		text = bytes.ToUpper(text)
	}
	return text, len(text) > 0
}
