package rule

import (
	"math"
	"strconv"
	"time"
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
		n, ok = parseBytes(text)
	case config.ParsePercent:
		if text[len(text)-1] == '%' {
			text = trim(text[:len(text)-1])
		}
		n, ok = parseFloat(text)
		n /= 100
	case config.ParseTimestamp:
		n, ok = parseTimestamp(text)
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

// trim removes blanks at both ends.
func trim(text []byte) []byte {
	for len(text) > 0 && text[0] == ' ' {
		text = text[1:]
	}
	for len(text) > 0 && text[len(text)-1] == ' ' {
		text = text[:len(text)-1]
	}
	return text
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

// numeral reports whether text has only characters of decimal numbers. It excludes words such as "Inf", which
// ParseFloat accepts, and avoids the cost of an error for most other text.
func numeral(text []byte) bool {
	digits := 0
	for _, c := range text {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c != '.' && c != '-' && c != '+' && c != 'e' && c != 'E':
			return false
		}
	}
	return digits > 0
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

// parseDuration parses one or more quantities with units, such as 15ms, 1h2m or 2d, as seconds. A number without a unit
// is in seconds.
func parseDuration(text []byte) (float64, bool) {
	sign := 1.0
	if text[0] == '-' || text[0] == '+' {
		if text[0] == '-' {
			sign = -1
		}
		text = text[1:]
	}
	if n, ok := parseFloat(text); ok {
		return sign * n, true
	}
	var seconds float64
	for more := true; more; more = len(text) > 0 {
		n, rest, ok := quantity(text)
		if !ok {
			return 0, false
		}
		rest = trim(rest)
		i := 0
		for i < len(rest) && (rest[i] < '0' || rest[i] > '9') && rest[i] != ' ' {
			i++
		}
		whole, parts := durationUnit(string(rest[:i]))
		if parts == 0 {
			return 0, false
		}
		seconds += n * whole / parts
		text = trim(rest[i:])
	}
	return sign * seconds, true
}

// durationUnit returns the seconds per unit, or the units per second: with a factor of 1e-3, milliseconds would not be
// exact. Both are 0 for an unknown unit.
func durationUnit(unit string) (whole, parts float64) {
	switch unit {
	case "ns":
		return 1, 1e9
	case "us", "\u00b5s", "\u03bcs":
		return 1, 1e6
	case "ms":
		return 1, 1e3
	case "s":
		return 1, 1
	case "m", "min":
		return 60, 1
	case "h":
		return 3600, 1
	case "d":
		return 86400, 1
	case "w":
		return 7 * 86400, 1
	}
	return 0, 0
}

// parseBytes parses a quantity with a unit of bytes: k, M, G, T, P and E are powers of 1000, Ki, Mi and so on are
// powers of 1024; a B may follow.
func parseBytes(text []byte) (float64, bool) {
	n, unit, ok := quantity(text)
	if !ok {
		return 0, false
	}
	unit = trim(unit)
	if len(unit) > 0 && unit[len(unit)-1] == 'B' {
		unit = unit[:len(unit)-1]
	}
	base := 1000.0
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
