package config

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var durationUnits = map[string]time.Duration{
	"ns": time.Nanosecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
	"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}

// maxDuration is the longest valid duration, about ten years.
const maxDuration = 3660 * 24 * time.Hour

// parseDuration parses numbers with units, such as 1h30m, 1.5s or 7d: the syntax of Go with days and weeks. A number
// without a unit is in seconds.
func parseDuration(s string) (time.Duration, error) {
	if s == "" {
		return 0, errors.New("it is empty")
	}
	if strings.HasPrefix(s, "-") {
		return 0, errors.New("it is negative")
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil {
		return inRange(v, time.Second)
	}
	var sum time.Duration
	for s != "" {
		digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
		v, err := strconv.ParseFloat(s[:digits], 64)
		if err != nil {
			return 0, errors.New("a number is missing before " + quote(s))
		}
		s = s[digits:]
		letters := strings.IndexAny(s+"0", "0123456789.")
		unit, ok := durationUnits[s[:letters]]
		if !ok {
			return 0, unknownUnit(s[:letters])
		}
		s = s[letters:]
		d, err := inRange(v, unit)
		if err != nil {
			return 0, err
		}
		if sum += d; sum > maxDuration {
			return 0, errTooLong
		}
	}
	return sum, nil
}

var errTooLong = errors.New("it is longer than ten years")

func inRange(v float64, unit time.Duration) (time.Duration, error) {
	d := math.Round(v * float64(unit))
	if !(d <= float64(maxDuration)) {
		return 0, errTooLong
	}
	return time.Duration(d), nil
}

func unknownUnit(s string) error {
	if s == "" {
		return errors.New("a unit is missing")
	}
	return errors.New("its unit " + quote(s) + " is not one of ns, us, ms, s, m, h, d and w")
}
