package record

import (
	"math"
	"testing"
)

// TestTimestamps reads [time, {"n": 1}] and [[time, {}], {"n": 1}] for each encoding of the time. An empty want means a
// bad timestamp.
func TestTimestamps(t *testing.T) {
	tests := map[string]struct {
		time raw
		want string
	}{
		"positive fixint":     {raw{0x7f}, "127.000000000"},
		"uint8":               {raw{0xcc, 200}, "200.000000000"},
		"uint16":              {raw{0xcd, 0x01, 0x00}, "256.000000000"},
		"uint32":              {raw{0xce, 0x65, 0x53, 0xf1, 0x00}, "1700000000.000000000"},
		"uint32, the most":    {raw{0xce, 0xff, 0xff, 0xff, 0xff}, "4294967295.000000000"},
		"uint64":              {raw{0xcf, 0, 0, 0, 0, 0x65, 0x53, 0xf1, 0}, "1700000000.000000000"},
		"uint64, the most":    {raw{0xcf, 255, 255, 255, 255, 255, 255, 255, 255}, "9223372035.000000000"},
		"int8":                {raw{0xd0, 5}, "5.000000000"},
		"int16":               {raw{0xd1, 0x01, 0x00}, "256.000000000"},
		"int32":               {raw{0xd2, 0x65, 0x53, 0xf1, 0x00}, "1700000000.000000000"},
		"int64":               {raw{0xd3, 0, 0, 0, 0, 0x65, 0x53, 0xf1, 0}, "1700000000.000000000"},
		"int64, the most":     {raw{0xd3, 0x7f, 255, 255, 255, 255, 255, 255, 255}, "9223372035.000000000"},
		"float32":             {encode(float32(1.5)), "1.500000000"},
		"float64":             {encode(1700000000.25), "1700000000.250000000"},
		"float64, zero":       {encode(0.0), "0.000000000"},
		"float64, minus zero": {encode(math.Copysign(0, -1)), "0.000000000"},
		"float64, the least":  {encode(math.SmallestNonzeroFloat64), "0.000000000"},
		"float64, the most":   {encode(math.MaxFloat64), "9223372035.000000000"},
		"fixext8":             {eventTime(1700000000, 999999999), "1700000000.999999999"},
		"fixext8, the most":   {eventTime(0xFFFFFFFD, 5), "4294967293.000000005"},
		"fixext8, ns beyond":  {eventTime(7, 0xFFFFFFFF), "11.294967295"},
		"ext8":                {raw{0xc7, 8, 0, 0, 0, 0, 7, 0, 0, 0, 9}, "7.000000009"},
		"ext16":               {raw{0xc8, 0, 8, 0, 0, 0, 0, 7, 0, 0, 0, 9}, "7.000000009"},
		"ext32":               {raw{0xc9, 0, 0, 0, 8, 0, 0, 0, 0, 7, 0, 0, 0, 9}, "7.000000009"},

		"negative fixint":    {raw{0xff}, ""},
		"int8 below zero":    {raw{0xd0, 0x80}, ""},
		"int16 below zero":   {raw{0xd1, 0x80, 0}, ""},
		"int32 below zero":   {raw{0xd2, 0x80, 0, 0, 0}, ""},
		"int64 below zero":   {raw{0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0}, ""},
		"float below zero":   {encode(-1.0), ""},
		"NaN":                {encode(math.NaN()), ""},
		"float32 NaN":        {encode(float32(math.NaN())), ""},
		"+Inf":               {encode(math.Inf(1)), ""},
		"-Inf":               {encode(math.Inf(-1)), ""},
		"fixext8, type 1":    {raw{0xd7, 1, 0, 0, 0, 7, 0, 0, 0, 9}, ""},
		"fixext8, type -1":   {raw{0xd7, 0xff, 0, 0, 0, 7, 0, 0, 0, 9}, ""},
		"ext8, type 1":       {raw{0xc7, 8, 1, 0, 0, 0, 7, 0, 0, 0, 9}, ""},
		"ext16, type 1":      {raw{0xc8, 0, 8, 1, 0, 0, 0, 7, 0, 0, 0, 9}, ""},
		"ext32, type 1":      {raw{0xc9, 0, 0, 0, 8, 1, 0, 0, 0, 7, 0, 0, 0, 9}, ""},
		"ext8, empty":        {raw{0xc7, 0, 0}, ""},
		"ext8 of 7":          {raw{0xc7, 7, 0, 0, 0, 0, 7, 0, 0, 0}, ""},
		"ext8 of 9":          {raw{0xc7, 9, 0, 0, 0, 0, 7, 0, 0, 0, 9, 9}, ""},
		"fixext1":            {raw{0xd4, 0, 0}, ""},
		"fixext2":            {raw{0xd5, 0, 0, 0}, ""},
		"fixext4":            {raw{0xd6, 0, 0, 0, 0, 0}, ""},
		"fixext16":           {append(raw{0xd8, 0}, make([]byte, 16)...), ""},
		"group start and ns": {eventTime(0xFFFFFFFF, 1), ""},
		"group end and ns":   {eventTime(0xFFFFFFFE, 1), ""},
		"nil":                {raw{0xc0}, ""},
		"true":               {raw{0xc3}, ""},
		"string":             {encode("1700000000"), ""},
		"binary":             {encode([]byte("12345678")), ""},
		"map":                {obj(), ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, chunk := range []raw{
				array(test.time, obj("n", 1)),
				array(array(test.time, obj()), obj("n", 1)),
			} {
				next := plain(3)
				want := []string{test.want, "  n = uint 1", "3.000000000"}
				if test.want == "" {
					want = []string{malformed(BadTimestamp, 0, len(chunk)), "3.000000000"}
				}
				check(t, join(chunk, next), true, nil, want...)
			}
		})
	}
}

// TestArrayTimestamp: an array in place of the time is a head, and a head is not an event without a time.
func TestArrayTimestamp(t *testing.T) {
	for _, head := range []raw{array(), array(1), array(1, obj(), 2), array(array(), obj())} {
		chunk := array(head, obj("n", 1))
		got := dump(t, chunk, true)
		if got != lines(malformed(NotEvent, 0, len(chunk))) && got != lines(malformed(BadTimestamp, 0, len(chunk))) {
			t.Errorf("head %x: got %s", head, got)
		}
	}
}

// TestHeaders reads an event whose arrays and maps are encoded in every width.
func TestHeaders(t *testing.T) {
	arrays := []raw{{0x92}, {0xdc, 0, 2}, {0xdd, 0, 0, 0, 2}}
	maps := []raw{{0x81}, {0xde, 0, 1}, {0xdf, 0, 0, 0, 1}}
	field := encode("n")
	for _, root := range arrays {
		for _, head := range arrays {
			for _, metadata := range maps {
				for _, body := range maps {
					chunk := join(nil, root, head, eventTime(5, 0),
						metadata, raw(field), 7, body, raw(field), 8)
					check(t, join(chunk, chunk), true, []string{"metadata.n", "body.n"},
						"5.000000000", "  $metadata.n = uint 7", "  $body.n = uint 8", "  n = uint 8",
						"5.000000000", "  $metadata.n = uint 7", "  $body.n = uint 8", "  n = uint 8")
				}
			}
		}
	}
}
