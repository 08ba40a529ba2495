package rule

import (
	"math"
	"strconv"

	"github.com/promexporter/promexporter/record"
)

// appendText appends v as a label value shows it. Its second result is false when v has no text: it is missing, nil, an
// array, a map or an extension.
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

// floatFormat keeps everyday numbers free of exponents.
func floatFormat(f float64) byte {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return 'e'
	}
	return 'f'
}

func itoa(n int) string { return strconv.Itoa(n) }
