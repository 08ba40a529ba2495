package rule

import (
	"bytes"
	"strings"
)

// parseDuration reads a duration as seconds: a number alone, quantities with units (15ms, 1h2m, 1.25 seconds), a clock
// (04:05, 00:01:19.2, 1.02:03:04, 1 day, 2:03:04), or ISO 8601 (PT1H2M3.5S).
func parseDuration(text []byte) (float64, bool) {
	if text[0] == '-' || text[0] == '+' {
		seconds, ok := parseSpan(text[1:])
		if text[0] == '-' {
			seconds = -seconds
		}
		return seconds, ok
	}
	return parseSpan(text)
}

func parseSpan(text []byte) (float64, bool) {
	switch {
	case len(text) == 0 || text[0] == '-' || text[0] == '+':
		return 0, false
	case text[0] == 'P':
		return parseISO(text[1:])
	}
	if n, ok := parseFloat(text); ok {
		return n, true
	}
	if colon := bytes.IndexByte(text, ':'); colon > 0 {
		return parseClock(text, colon)
	}
	return parseUnits(text)
}

// parseUnits reads one or more quantities with units.
func parseUnits(text []byte) (seconds float64, ok bool) {
	for more := true; more; more = len(text) > 0 {
		n, rest, ok := quantity(text)
		if !ok {
			return 0, false
		}
		rest = trim(rest)
		i := 0
		for i < len(rest) && (rest[i] < '0' || rest[i] > '9') && rest[i] != ' ' && rest[i] != ',' {
			i++
		}
		whole, parts := durationUnit(borrow(rest[:i]))
		if parts == 0 {
			return 0, false
		}
		seconds += n * whole / parts
		text = trim(rest[i:])
		if len(text) > 1 && text[0] == ',' {
			text = trim(text[1:])
		}
	}
	return seconds, true
}

// parseClock reads [days and] hours:minutes:seconds, or minutes:seconds when there are neither hours nor days. Days are
// in front of a dot, a dash, or in words.
func parseClock(text []byte, colon int) (float64, bool) {
	first := colon
	for first > 0 && text[first-1] >= '0' && text[first-1] <= '9' {
		first--
	}
	seconds, ok := parseDigits(text[first:colon])
	if !ok {
		return 0, false
	}
	fields := 1
	for rest := text[colon+1:]; ; fields++ {
		part, tail, more := bytes.Cut(rest, []byte(":"))
		n, good := parseFloat(part)
		if !good || !(n < 60) || len(part) < 2 || part[0] < '0' || part[0] > '9' || more && len(part) > 2 || fields > 2 {
			return 0, false
		}
		seconds = seconds*60 + n
		if rest = tail; !more {
			break
		}
	}
	if first == 0 {
		return seconds, true
	}
	if fields == 1 { // hours and minutes
		seconds *= 60
	}
	days, ok := parseDays(text[:first])
	return days + seconds, ok
}

// parseDays reads what is in front of the hours of a clock.
func parseDays(text []byte) (seconds float64, ok bool) {
	if end := len(text) - 1; text[end] == '.' || text[end] == '-' {
		days, ok := parseDigits(text[:end])
		return days * 86400, ok
	}
	return parseUnits(bytes.TrimRight(text, ", "))
}

// parseISO parses a duration of ISO 8601 after its P. Years and months are not accepted, because they differ in length.
func parseISO(text []byte) (seconds float64, ok bool) {
	units, isTime := "WD", false
	for len(text) > 0 {
		if text[0] == 'T' && !isTime {
			units, isTime, text = "HMS", true, text[1:]
		}
		n, rest, good := quantity(text)
		if !good || len(rest) == 0 {
			return 0, false
		}
		i := strings.IndexByte(units, rest[0])
		if i < 0 {
			return 0, false
		}
		seconds += n * isoUnit(rest[0])
		text, units, ok = rest[1:], units[i+1:], true
	}
	return seconds, ok
}

func isoUnit(unit byte) float64 {
	switch unit {
	case 'W':
		return 7 * 86400
	case 'D':
		return 86400
	case 'H':
		return 3600
	case 'M':
		return 60
	}
	return 1
}

// durationUnit returns how many seconds the unit has, or how many of it a second has: as 1e-3, a millisecond would not
// be an exact number. For what is not a unit, both are 0.
func durationUnit(unit string) (whole, parts float64) {
	switch unit {
	case "ns", "nsec", "nsecs", "nanosecond", "nanoseconds":
		return 1, 1e9
	case "us", "\u00b5s", "\u03bcs", "usec", "usecs", "microsecond", "microseconds":
		return 1, 1e6
	case "ms", "msec", "msecs", "millisecond", "milliseconds":
		return 1, 1e3
	case "s", "sec", "secs", "second", "seconds":
		return 1, 1
	case "m", "min", "mins", "minute", "minutes":
		return 60, 1
	case "h", "hr", "hrs", "hour", "hours":
		return 3600, 1
	case "d", "day", "days":
		return 86400, 1
	case "w", "week", "weeks":
		return 7 * 86400, 1
	case "y", "year", "years":
		return 365 * 86400, 1
	}
	return 0, 0
}
