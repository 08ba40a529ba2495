package exposition

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Replacement takes the place of what a page must not hold.
const Replacement = "\uFFFD"

// IsText reports whether a label value or a help may be text. Each of Prometheus' parsers refuses a page with one that
// is not UTF-8. They take every character, NUL included.
func IsText(text []byte) bool { return utf8.Valid(text) }

// Text is text with the Replacement for each run of bytes that are not UTF-8. It is text itself where there is none.
func Text(text []byte) []byte {
	if IsText(text) {
		return text
	}
	return bytes.ToValidUTF8(text, []byte(Replacement))
}

// IsExemplarText reports whether the value of an exemplar's label may be text. It must not hold a NUL byte either: the
// OpenMetrics parser, which passes over one in a label value, refuses a page with one in an exemplar.
func IsExemplarText(text []byte) bool { return IsText(text) && bytes.IndexByte(text, 0) < 0 }

// ExemplarText is Text with the Replacement for each NUL byte too.
func ExemplarText(text []byte) []byte {
	if IsExemplarText(text) {
		return text
	}
	return bytes.ReplaceAll(Text(text), []byte{0}, []byte(Replacement))
}

// IsName reports whether name may be that of a family, of a label or of an exemplar's label. Names that are not of
// letters, digits and underscores are in quotes, within which the parsers of both text formats refuse a NUL byte.
func IsName(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.IndexByte(name, 0) < 0
}
