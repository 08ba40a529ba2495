package exposition

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Replacement replaces what a page must not contain.
const Replacement = "\uFFFD"

// IsText reports whether text is valid as a label value or a help. All parsers of Prometheus refuse a page with text
// that is not UTF-8. They accept every character, including NUL.
func IsText(text []byte) bool { return utf8.Valid(text) }

// Text returns text with each run of bytes that are not UTF-8 replaced by Replacement. It returns valid text unchanged,
// without a copy.
func Text(text []byte) []byte {
	if IsText(text) {
		return text
	}
	return bytes.ToValidUTF8(text, []byte(Replacement))
}

// IsExemplarText reports whether text is valid as the label value of an exemplar. Unlike other label values, it must
// not contain a NUL byte: the OpenMetrics parser refuses a page with one in an exemplar.
func IsExemplarText(text []byte) bool { return IsText(text) && bytes.IndexByte(text, 0) < 0 }

// ExemplarText is like Text, but replaces NUL bytes as well.
func ExemplarText(text []byte) []byte {
	if IsExemplarText(text) {
		return text
	}
	return bytes.ReplaceAll(Text(text), []byte{0}, []byte(Replacement))
}

// IsName reports whether name is valid as the name of a family, of a label or of an exemplar's label. Names with other
// characters than letters, digits and underscores are quoted; the parsers of both text formats refuse a NUL byte in
// quotes.
func IsName(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.IndexByte(name, 0) < 0
}
