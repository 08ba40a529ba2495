package config

import (
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// Parse says how a string becomes a number.
type Parse uint8

// How a string becomes a number.
const (
	ParseNumber Parse = iota
	ParseDuration
	ParseBytes
	ParsePercent
	ParseTimestamp
	ParseHex
)

// Format is how a Parse parses a string.
type Format struct {
	DecimalComma bool // of numbers
	Thousands    rune // of numbers: ignored between digits; 0: none

	Binary bool // of bytes: K means 1024 instead of 1000

	Layouts  []Layout       // of timestamps; nil: RFC 3339
	Location *time.Location // of timestamps whose string does not name a zone; nil: UTC
	// PerSecond is set for a timestamp that is a number: how many of its units a second has.
	PerSecond float64
}

// decimal returns the decimal sign.
func (f *Format) decimal() rune {
	if f.DecimalComma {
		return ','
	}
	return '.'
}

// conversion reads how the value becomes a number.
func (r *reader) conversion(v *Value, s *mappingReader) {
	if n := s.get("parse"); n != nil {
		i, _ := r.word(n, s.under("parse"), parseWords)
		v.Parse = Parse(i)
	}
	if n := s.get("map"); n != nil {
		v.Map = r.valueMap(n, s.under("map"))
	}
	if n := s.get("length"); n != nil {
		for _, key := range []string{"map", "parse", "pick"} {
			if s.has(key) {
				r.wrong(n, s.under("length"), key+" is also set", "write only one of them: a length is a number as it is")
			}
		}
	}
	r.numberFormat(v, s)
	r.timeFormat(v, s)
	if n := s.get("base"); n != nil && r.belongs(s, "base", v.Parse, ParseBytes) {
		if f, ok := r.number(n, s.under("base"), "write 1000 or 1024"); ok && f != 1000 && f != 1024 {
			r.wrong(n, s.under("base"), n.text+" is out of range", "write 1000 or 1024")
		} else {
			v.Format.Binary = f == 1024
		}
	}
}

// belongs refuses a key that the parse has no use for.
func (r *reader) belongs(s *mappingReader, key string, p Parse, to ...Parse) bool {
	words := make([]string, len(to))
	for i, t := range to {
		if t == p {
			return true
		}
		words[i] = parseWords[t]
	}
	if n := s.get("parse"); n == nil || n.kind == text && slices.Contains(parseWords[:], n.text) {
		right := "it belongs to parse: " + listed(words)
		if key == "unit" {
			right += "; for a number in milliseconds write scale: 0.001"
		}
		r.wrong(s.get(key), s.under(key), "parse: "+parseWords[p]+" has no such key", right)
	}
	return false
}

// numberFormat reads how numbers are written.
func (r *reader) numberFormat(v *Value, s *mappingReader) {
	if n := s.get("decimal"); n != nil {
		if n.kind != text || n.text != "." && n.text != "," {
			r.wrong(n, s.under("decimal"), "found "+n.describe()+" where a decimal sign belongs", "write ',' or '.'")
		} else {
			v.Format.DecimalComma = n.text == ","
		}
		r.belongs(s, "decimal", v.Parse, ParseNumber, ParseDuration, ParseBytes, ParsePercent)
	}
	n, path := s.get("thousands"), s.under("thousands")
	if n == nil {
		return
	}
	r.belongs(s, "thousands", v.Parse, ParseNumber, ParseDuration, ParseBytes, ParsePercent)
	c, size := utf8.DecodeRuneInString(n.text)
	switch {
	case n.kind != text || size != len(n.text) || size == 0 || unicode.IsLetter(c) || unicode.IsDigit(c) || c == '-' || c == '+':
		r.wrong(n, path, "found "+n.describe()+" where a separator of thousands belongs", "write one character, such as ','")
	case c == v.Format.decimal():
		r.wrong(n, path, "it is also the decimal sign", "add decimal: ',', or write another character")
	default:
		v.Format.Thousands = c
	}
}

// valueMap reads the map from strings to numbers.
func (r *reader) valueMap(n *node, path string) map[string]float64 {
	const right = "map strings to numbers: {up: 1, down: 0}"
	if n.kind != mapping {
		r.wrongKind(n, path, "a mapping", right)
		return nil
	}
	if len(n.fields) == 0 {
		r.wrong(n, path, "an empty mapping", right)
	}
	numbers := make(map[string]float64, len(n.fields))
	for _, f := range n.fields {
		if v, ok := r.number(f.value, under(path, f.key.text), right); ok {
			numbers[f.key.text] = v
		}
	}
	return numbers
}
