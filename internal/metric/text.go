package metric

import (
	"bytes"
	"unicode/utf8"
)

// Replacement replaces what a page must not contain.
const Replacement = "\uFFFD"

// IsText reports whether text may be a label value or a help. The parsers of Prometheus refuse a page with text that is
// not UTF-8. They accept all characters, including NUL.
func IsText(text []byte) bool { return utf8.Valid(text) }

// Text returns text with the Replacement for each run of bytes that are not UTF-8. It returns text itself if there are
// none.
func Text(text []byte) []byte {
	if IsText(text) {
		return text
	}
	return bytes.ToValidUTF8(text, []byte(Replacement))
}

// IsExemplarText reports whether text may be the value of a label of an exemplar. The OpenMetrics parser also refuses NUL
// bytes there, which it accepts in other label values.
func IsExemplarText(text []byte) bool { return IsText(text) && bytes.IndexByte(text, 0) < 0 }

// ExemplarText is like Text, with the Replacement also for each NUL byte.
func ExemplarText(text []byte) []byte {
	if IsExemplarText(text) {
		return text
	}
	return bytes.ReplaceAll(Text(text), []byte{0}, []byte(Replacement))
}
