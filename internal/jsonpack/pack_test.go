package jsonpack

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzPack holds that JSON comes back with the values that encoding/json reads.
func FuzzPack(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2,3.5,1e30,"x\u00e9\ud83d\ude00",null,true]}`, `"é"`, `18446744073709551615`, `{"":{}}`, `[`, `1e999`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var p Packer
		packed, err := p.Value(nil, text)
		if err != nil {
			return
		}
		back, rest, err := AppendJSON(nil, packed)
		if err != nil || len(rest) > 0 {
			t.Fatal(err, rest)
		}
		if !utf8.Valid(text) || bytes.Contains(bytes.ToLower(text), []byte(`\ud`)) {
			return // they replace different numbers of bytes
		}
		if want, got := decode(t, text), decode(t, back); !reflect.DeepEqual(want, got) {
			t.Errorf("%s became %s", text, back)
		}
	})
}

// decode reads JSON with all numbers as floats.
func decode(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

// FuzzPlain holds that the short way and the decoder pack alike, and that the short way takes nothing that is not JSON.
func FuzzPlain(f *testing.F) {
	for _, text := range []string{`{"a":[1,-2,3.5,1e30,"x",null,true,{}],"b":{}}`, `{"a":01}`, `{"a":1.}`, `{"a":-}`, `{"a":1e}`, ` { } `, `{"a":1,}`, `{"a":[1,]}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		fast := plain{text: text}
		packed, ok := fast.object(nil, nil, 1)
		if !ok || fast.space() != 0 || fast.at != len(text) {
			return
		}
		var p Packer
		want, err := p.whole(nil, text, func(b []byte) ([]byte, error) { return p.object(b, nil) })
		if err != nil || !bytes.Equal(packed, want) {
			t.Errorf("%s: %x, and the decoder makes %x, %v", text, packed, want, err)
		}
	})
}

func TestAppendJSON(t *testing.T) {
	for in, want := range map[string]string{
		"\xc4\x01a":                            `"a"`,
		"\xd4\x00\x07":                         `"d40007"`,
		"\x81\x01\x02":                         `{"1":2}`,
		"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00": `null`,
		"\xca\x3f\x80\x00\x00":                 `1.0`,
		"\xd0\xff":                             `-1`,
		"\x81\x81\xa1a\x01\x02":                `{"{\"a\":1}":2}`,
		"\x81\x81\x92\xa1a\xa1b\x01\x02":       `{"{\"[\\\"a\\\",\\\"b\\\"]\":1}":2}`,
	} {
		if got, _, err := AppendJSON(nil, []byte(in)); err != nil || string(got) != want {
			t.Errorf("%x: %s, %v, want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "\xc1", "\x92\x01", "\x81\x01", strings.Repeat("\x91", 100) + "\x01",
		strings.Repeat("\x81", 64) + "\xa1a" + strings.Repeat("\x01", 64), strings.Repeat("\x81\x91", 8) + "\xa1a" + strings.Repeat("\x01", 8)} {
		if got, _, err := AppendJSON(nil, []byte(in)); err == nil {
			t.Errorf("%x: %s", in, got)
		}
	}
}

func TestTime(t *testing.T) {
	for text, want := range map[string]int64{
		`1.5`: 15e8, `0`: 0, `1e3`: 1000e9, `1700000000.123456789`: 1700000000123456789, `1700000000.1234567891`: 1700000000123456789,
		`9223372036`: 9223372036000000000, `9223372036.9`: -1, `9223372035.999999999`: 9223372035999999999, `-1`: -1, `1e300`: -1, `-0`: 0, ``: -1, `"`: -1, `""`: -1, `nan`: -1, `inf`: -1,
		`"1970-01-01T00:00:00Z"`: 0, `"1970-01-01T01:00:00.5+01:00"`: 5e8, `"1969-12-31T23:59:59Z"`: -1, `"0001-01-01T00:00:00Z"`: -1,
		`"1677-01-01T00:00:00Z"`: -1, `"2262-04-11T23:47:16.854775807Z"`: 9223372036854775807, `"2262-04-11T23:47:16.854775808Z"`: -1,
		`"9999-12-31T23:59:59Z"`: -1,
	} {
		if got, ok := Time([]byte(text)); ok != (want >= 0) || ok && got != want {
			t.Errorf("%s: %d, %v, want %d", text, got, ok, want)
		}
	}
}

func TestPackerIsUsedAgain(t *testing.T) {
	var p Packer
	for range 3 {
		if _, err := p.Object(nil, []byte(`{"a":`), nil); err == nil {
			t.Error("cut JSON was taken")
		}
		b, err := p.Object(nil, []byte(` {"a" : 1 , "b" : "x"} `), func(key, value []byte) bool { return string(key) == "b" && string(value) == `"x"` })
		if want := "\xdf\x00\x00\x00\x01\xa1a\x01"; err != nil || string(b) != want {
			t.Errorf("%x, %v", b, err)
		}
	}
}

func BenchmarkPack(b *testing.B) {
	text := []byte(`{"remote":"203.0.113.7","method":"GET","path":"/index.html","status":200,"latency":0.0123,"bytes":5120,"agent":"Mozilla/5.0"}`)
	var p Packer
	var to []byte
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		to, _ = p.Object(to[:0], text, nil)
	}
}

// FuzzUnpack holds that any msgpack becomes JSON, of a size in proportion to its own, or an error.
func FuzzUnpack(f *testing.F) {
	for _, b := range []string{
		"\x83\xa1a\x92\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xd3\x80\x00\x00\x00\x00\x00\x00\x00\x01\xc3\xca\x7f\xc0\x00\x00\xa0\xc7\x01\x05a",
		strings.Repeat("\x81", 30) + "\xa1\xff" + strings.Repeat("\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", 30),
		"\x81\x81\x92\xa2\"\\\xa1\x00\x01\x82\xc4\x01\xff\xcb\x00\x00\x00\x00\x00\x00\x00\x01\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02\xc0",
	} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, rest, err := AppendJSON(nil, b)
		if limit := 100 + 400*len(b); len(text) > limit {
			t.Errorf("%x: %d bytes of JSON", b, len(text))
		}
		python, tail, pythonErr := AppendPython(nil, b)
		if (err == nil && pythonErr != nil) || err == nil && len(tail) != len(rest) {
			t.Errorf("%x: %d bytes are left, as Python %q, %d, %v", b, len(rest), python, len(tail), pythonErr)
		}
		if err == nil && !json.Valid(text) {
			t.Errorf("%x: %q is not JSON", b, text)
		}
	})
}
