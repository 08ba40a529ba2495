package record

import (
	"bytes"
	"math"
	"testing"
)

func decoded(t *testing.T, b []byte) Value {
	t.Helper()
	var v Value
	if next := decode(b, 0, &v); next != len(b) {
		t.Fatalf("decode(%x) ends at %d", b, next)
	}
	return v
}

// TestValueAccessors: each accessor answers for its kind, and with the zero of its type for every other.
func TestValueAccessors(t *testing.T) {
	type answers struct {
		kind    Kind
		float   float64
		isFloat bool
		integer int64
		uint    uint64
		boolean bool
		bytes   []byte
	}
	tests := map[string]struct {
		value Value
		want  answers
	}{
		"missing":    {Value{}, answers{kind: Missing}},
		"nil":        {decoded(t, raw{0xc0}), answers{kind: Nil}},
		"false":      {decoded(t, raw{0xc2}), answers{kind: Bool, isFloat: true}},
		"true":       {decoded(t, raw{0xc3}), answers{kind: Bool, isFloat: true, float: 1, boolean: true}},
		"zero":       {decoded(t, raw{0}), answers{kind: Uint, isFloat: true}},
		"uint":       {decoded(t, raw{0xcc, 200}), answers{kind: Uint, isFloat: true, float: 200, uint: 200}},
		"big uint":   {decoded(t, encode(uint64(math.MaxUint64))), answers{kind: Uint, isFloat: true, float: 1 << 64, uint: math.MaxUint64}},
		"int":        {decoded(t, raw{0xff}), answers{kind: Int, isFloat: true, float: -1, integer: -1}},
		"small int":  {decoded(t, encode(int64(math.MinInt64))), answers{kind: Int, isFloat: true, float: -1 << 63, integer: math.MinInt64}},
		"signed":     {decoded(t, raw{0xd0, 5}), answers{kind: Int, isFloat: true, float: 5, integer: 5}},
		"float32":    {decoded(t, encode(float32(0.5))), answers{kind: Float, isFloat: true, float: 0.5}},
		"float64":    {decoded(t, encode(-2.5)), answers{kind: Float, isFloat: true, float: -2.5}},
		"infinity":   {decoded(t, encode(math.Inf(1))), answers{kind: Float, isFloat: true, float: math.Inf(1)}},
		"string":     {decoded(t, encode("abc")), answers{kind: String, bytes: []byte("abc")}},
		"no string":  {decoded(t, encode("")), answers{kind: String, bytes: []byte{}}},
		"binary":     {decoded(t, encode([]byte{1, 2})), answers{kind: Binary, bytes: []byte{1, 2}}},
		"extension":  {decoded(t, eventTime(1, 2)), answers{kind: Extension, bytes: []byte{0, 0, 0, 1, 0, 0, 0, 2}}},
		"array":      {decoded(t, array(1)), answers{kind: Array, bytes: []byte{0x91, 1}}},
		"map":        {decoded(t, obj()), answers{kind: Map, bytes: []byte{0x80}}},
		"forgotten":  {Value{raw: []byte("stale"), kind: Missing}, answers{kind: Missing}},
		"array, all": {decoded(t, raw{0xdc, 0, 0}), answers{kind: Array, bytes: []byte{0xdc, 0, 0}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			v, want := test.value, test.want
			float, isFloat := v.Float()
			if v.Kind() != want.kind || float != want.float || isFloat != want.isFloat ||
				v.Int() != want.integer || v.Uint() != want.uint || v.Bool() != want.boolean {
				t.Errorf("got %s: float %v %t, int %d, uint %d, bool %t; want %+v",
					v.Kind(), float, isFloat, v.Int(), v.Uint(), v.Bool(), want)
			}
			if !bytes.Equal(v.Bytes(), want.bytes) || (v.Bytes() == nil) != (want.bytes == nil) || cap(v.Bytes()) != len(v.Bytes()) {
				t.Errorf("bytes: got %x of capacity %d, want %x", v.Bytes(), cap(v.Bytes()), want.bytes)
			}
		})
	}
}

func TestFloatNaN(t *testing.T) {
	for _, nan := range []any{math.NaN(), float32(math.NaN())} {
		v := decoded(t, encode(nan))
		if f, ok := v.Float(); !ok || !math.IsNaN(f) {
			t.Errorf("got %v, %t", f, ok)
		}
	}
}

func TestEach(t *testing.T) {
	elements := []any{1, "two", array(3, 4), obj("five", 6), raw{0xc0}}
	for _, header := range []raw{{0x95}, {0xdc, 0, 5}, {0xdd, 0, 0, 0, 5}} {
		v := decoded(t, join(header, elements...))
		i := 0
		v.Each(func(element []byte) bool {
			if !bytes.Equal(element, encode(elements[i])) || cap(element) != len(element) {
				t.Errorf("element %d: got %x of capacity %d, want %x", i, element, cap(element), encode(elements[i]))
			}
			i++
			return true
		})
		if i != len(elements) {
			t.Errorf("%d elements, want %d", i, len(elements))
		}
	}
}

func TestEachStops(t *testing.T) {
	v := decoded(t, array(1, 2, 3))
	n := 0
	v.Each(func([]byte) bool { n++; return n < 2 })
	if n != 2 {
		t.Errorf("called %d times, want 2", n)
	}
}

// TestEachOfNoArray: a text may look like an array.
func TestEachOfNoArray(t *testing.T) {
	for _, b := range []raw{encode("\x92\x01\x02"), encode([]byte{0x91, 1}), {0xd4, 0, 0x90}, obj("a", 1), {0xc0}, {5}} {
		v := decoded(t, b)
		v.Each(func(element []byte) bool {
			t.Errorf("%s %x: called with %x", v.Kind(), b, element)
			return true
		})
	}
	var missing Value
	missing.Each(func([]byte) bool { t.Error("missing: called"); return true })
}

func TestKindString(t *testing.T) {
	for kind, want := range map[Kind]string{Missing: "missing", Nil: "nil", Uint: "uint", Map: "map", Map + 1: "invalid", 255: "invalid"} {
		if kind.String() != want {
			t.Errorf("%d: got %q, want %q", kind, kind, want)
		}
	}
}

func TestText(t *testing.T) {
	v := Text([]byte("abc"))
	if v.Kind() != String || string(v.Bytes()) != "abc" {
		t.Errorf("got %s %q", v.Kind(), v.Bytes())
	}
	for value, want := range map[string]bool{"\xa1a": true, "\xc4\x01a": true, "\xc0": false, "\x05": false, "\x91\x05": false, "\xd4\x00\x01": false} {
		v := decoded(t, []byte(value))
		if v.IsText() != want {
			t.Errorf("%x: %t", value, v.IsText())
		}
	}
}
