package input

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// newDummy returns an input that repeats one record.
func newDummy(l property.List) (Input, error) {
	text, ok := l.Last("dummy")
	if !ok {
		text = `{"message":"dummy"}`
	}
	record, err := chunktest.AppendJSON(nil, text)
	if err == nil && !strings.HasPrefix(strings.TrimSpace(text), "{") {
		err = errors.New("it does not start with {")
	}
	if err != nil {
		return Input{}, fmt.Errorf("dummy: %s is not a JSON object: %w", text, err)
	}
	rate, rateErr := number(l, "rate", 1)
	copies, copiesErr := number(l, "copies", 1)
	left, samplesErr := number(l, "samples", -1)
	return Input{time.Second / time.Duration(rate), func(now time.Time, b []byte) ([]byte, error) {
		if left == 0 {
			return b, nil
		}
		left--
		for range copies {
			b = append(appendHead(b, now, 0x80), record...)
		}
		return b, nil
	}}, errors.Join(rateErr, copiesErr, samplesErr)
}

// number returns the positive number of a key, or fallback if there is none.
func number(l property.List, key string, fallback int) (int, error) {
	v, ok := l.Last(key)
	if !ok {
		return fallback, nil
	}
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return n, nil
	}
	return fallback, fmt.Errorf("%s: %q is not a positive whole number", key, v)
}
