package rule

import (
	"math"
	"strconv"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// readNumber returns v as the value of a sample.
func readNumber(v *record.Value, c *config.Value) (float64, Reason) {
	n, r := convert(v, c)
	n *= c.Scale
	if r == noReason && c.Bounds != nil && !(n >= c.Bounds.Min && n <= c.Bounds.Max) {
		r = OutOfRange
	}
	return n, r
}

func convert(v *record.Value, c *config.Value) (float64, Reason) {
	switch v.Kind() {
	case record.Missing, record.Nil:
		return 0, NoValue
	case record.String, record.Binary:
		if c.Map != nil {
			if n, ok := c.Map[string(v.Bytes())]; ok {
				return n, noReason
			}
		}
		return parseText(v.Bytes(), c.Parse)
	}
	n, ok := v.Float()
	if !ok {
		return 0, NotANumber
	}
	if c.Parse == config.ParsePercent {
		n /= 100
	}
	return n, noReason
}

// readWeight returns v as the number of observations that a value stands for.
func readWeight(v *record.Value) (uint64, Reason) {
	n, ok := numeric(v)
	switch {
	case v.Kind() == record.Missing:
		return 0, NoValue
	case !ok || !(n >= 1 && n <= math.MaxInt64) || n != math.Trunc(n):
		return 0, NotACount
	}
	return uint64(n), noReason
}

// appendText appends v as the text of a label value. Its second result is false if v has no text: it is missing, nil,
// an array, a map or an extension.
func appendText(b []byte, v *record.Value) ([]byte, bool) {
	switch v.Kind() {
	case record.String, record.Binary:
		return append(b, v.Bytes()...), true
	case record.Uint:
		return strconv.AppendUint(b, v.Uint(), 10), true
	case record.Int:
		return strconv.AppendInt(b, v.Int(), 10), true
	case record.Bool:
		return strconv.AppendBool(b, v.Bool()), true
	case record.Float:
		f, _ := v.Float()
		return strconv.AppendFloat(b, f, floatFormat(f), -1, 64), true
	}
	return b, false
}

// floatFormat avoids exponents for common numbers.
func floatFormat(f float64) byte {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return 'e'
	}
	return 'f'
}

func itoa(n int) string { return strconv.Itoa(n) }
