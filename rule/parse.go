package rule

import (
	"bytes"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/promexporter/promexporter/config"
)

// maxNumberText bounds the length of text that is parsed as a number, in bytes.
const maxNumberText = 64

// parseText parses text as a number in the base unit: seconds, bytes or a ratio.
func parseText(text []byte, p config.Parse) (float64, Reason) {
	text = trim(text)
	if len(text) == 0 || len(text) > maxNumberText {
		return 0, NotANumber
	}
	var n float64
	var ok bool
	switch p {
	case config.ParseDuration:
		n, ok = parseDuration(text)
	case config.ParseBytes:
		n, ok = parseBytes(text, 1000)
	case config.ParsePercent:
		n, ok = parsePercent(text)
	case config.ParseTimestamp:
		n, ok = parseTimestamp(text)
	case config.ParseHex:
		n, ok = parseHex(text)
	default:
		n, ok = parseFloat(text)
	}
	if !ok || math.IsInf(n, 0) {
		return 0, NotANumber
	}
	return n, noReason
}

// borrow returns text as a string that shares its bytes, for functions that do not retain it.
func borrow(text []byte) string { return unsafe.String(unsafe.SliceData(text), len(text)) }

// view returns text as bytes that must not change.
func view(text string) []byte { return unsafe.Slice(unsafe.StringData(text), len(text)) }

// trim cuts white space off both ends.
func trim(text []byte) []byte {
	if n := len(text); n > 0 && text[0] > ' ' && text[0] < utf8.RuneSelf && text[n-1] > ' ' && text[n-1] < utf8.RuneSelf {
		return text
	}
	return bytes.TrimSpace(text)
}

func parsePercent(text []byte) (float64, bool) {
	if text[len(text)-1] == '%' {
		text = trim(text[:len(text)-1])
	}
	n, ok := parseFloat(text)
	return n / 100, ok
}

// parseHex reads a whole number in hexadecimal digits, of 64 bits at most.
func parseHex(text []byte) (float64, bool) {
	if len(text) > 2 && text[0] == '0' && text[1]|' ' == 'x' {
		text = text[2:]
	}
	if len(text) == 0 || len(text) > 16 {
		return 0, false
	}
	var n uint64
	for _, c := range text {
		switch digit := c | ' '; {
		case c >= '0' && c <= '9':
			n = n<<4 | uint64(c-'0')
		case digit >= 'a' && digit <= 'f':
			n = n<<4 | uint64(digit-'a'+10)
		default:
			return 0, false
		}
	}
	return float64(n), true
}

// parseFloat parses a finite number.
func parseFloat(text []byte) (float64, bool) {
	if n, ok := parseDigits(text); ok {
		return n, true
	}
	if !numeral(text) {
		return 0, false
	}
	n, err := strconv.ParseFloat(borrow(text), 64)
	return n, err == nil
}

// parseDigits parses an integer of up to 15 digits, the form of most numbers in text. A float64 represents it exactly.
func parseDigits(text []byte) (float64, bool) {
	if len(text) == 0 || len(text) > 15 {
		return 0, false
	}
	var n uint64
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	return float64(n), true
}

// numeral reports whether text is a decimal number. It keeps words such as "Inf", which ParseFloat would read, from
// being numbers, and other text, such as dates and addresses, from costing an error.
func numeral(text []byte) bool {
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	whole := digits(text)
	text, fraction := text[whole:], 0
	if len(text) > 0 && text[0] == '.' {
		fraction = digits(text[1:])
		text = text[1+fraction:]
	}
	switch {
	case whole+fraction == 0:
		return false
	case len(text) == 0:
		return true
	case text[0] != 'e' && text[0] != 'E':
		return false
	}
	if text = text[1:]; len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		text = text[1:]
	}
	return len(text) > 0 && digits(text) == len(text)
}

// digits returns how many digits text starts with.
func digits(text []byte) int {
	for i, c := range text {
		if !isDigit(c) {
			return i
		}
	}
	return len(text)
}

// quantity splits text after the number that it starts with.
func quantity(text []byte) (n float64, rest []byte, ok bool) {
	i := 0
	for i < len(text) && (text[i] >= '0' && text[i] <= '9' || text[i] == '.') {
		i++
	}
	n, ok = parseFloat(text[:i])
	return n, text[i:], ok
}

// parseBytes reads a quantity with a unit of bytes: k, M, G, T, P and E are powers of kilo, Ki, Mi and so on powers of
// 1024, a B may follow.
func parseBytes(text []byte, kilo float64) (float64, bool) {
	n, unit, ok := quantity(text)
	if !ok {
		return 0, false
	}
	unit = trim(unit)
	if len(unit) > 0 && unit[len(unit)-1] == 'B' {
		unit = unit[:len(unit)-1]
	}
	base := kilo
	if len(unit) == 2 && unit[1] == 'i' {
		base, unit = 1024, unit[:1]
	}
	if len(unit) == 0 {
		return n, true
	}
	if len(unit) > 1 {
		return 0, false
	}
	power := 0
	switch unit[0] {
	case 'k', 'K':
		power = 1
	case 'M':
		power = 2
	case 'G':
		power = 3
	case 'T':
		power = 4
	case 'P':
		power = 5
	case 'E':
		power = 6
	default:
		return 0, false
	}
	return n * math.Pow(base, float64(power)), true
}

// parseTimestamp parses an RFC 3339 time as seconds since 1970.
func parseTimestamp(text []byte) (float64, bool) {
	t, err := time.Parse(time.RFC3339Nano, borrow(text))
	if err != nil {
		return 0, false
	}
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9, true
}
