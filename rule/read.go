package rule

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// How the steps of a value that has more than an accessor and a parse follow each other:
//
//	read       regex, then the element that is picked    this file
//	one        length, map or parse of a single value    this file
//	long       default, arithmetic and bounds            value.go

// read returns the number of a field before anything is calculated.
func (v *value) read(w *Scratch, field *record.Value) (float64, Reason) {
	extracted, r := v.extract(&w.texts.extracted, field)
	switch {
	case r != noReason:
		return 0, r
	case v.config.Text.Pick == config.NoPick:
		return v.one(w, &extracted)
	}
	return v.pick(w, &extracted)
}

// extract returns what the regular expression takes out of a string, and anything else as it is. The result borrows the
// field or buffer.
func (v *value) extract(buffer *[]byte, field *record.Value) (record.Value, Reason) {
	if v.regex == nil || !field.IsText() {
		return *field, noReason
	}
	text, ok := v.regex.apply(buffer, field.Bytes())
	if !ok {
		return missing, NoMatch
	}
	return record.Text(text), noReason
}

// one returns the number of a value that is not a list.
func (v *value) one(w *Scratch, field *record.Value) (float64, Reason) {
	if v.config.Length != config.NoLength {
		return length(field, v.config.Length)
	}
	n, r := v.format.convert(w, field, v.config)
	if r == NotANumber && isBlank(field) {
		r = NoValue
	}
	return n, r
}

// length counts what is in a value.
func length(field *record.Value, l config.Length) (float64, Reason) {
	switch {
	case field.IsText() && l == config.LengthRunes:
		return float64(utf8.RuneCount(field.Bytes())), noReason
	case field.IsText():
		return float64(len(field.Bytes())), noReason
	}
	n, ok := field.Len()
	switch {
	case field.Kind() == record.Missing || field.Kind() == record.Nil:
		return 0, NoValue
	case !ok:
		return 0, NoLength
	}
	return float64(n), noReason
}

// appendLength appends the length of a value in digits, or nothing if it has none.
func appendLength(b []byte, v *record.Value, l config.Length) []byte {
	if n, r := length(v, l); r == noReason {
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return b
}

// isBlank reports whether a value is what logs write for nothing: an empty string, or a dash.
func isBlank(field *record.Value) bool {
	if !field.IsText() {
		return field.Kind() == record.Missing || field.Kind() == record.Nil
	}
	text := trim(field.Bytes())
	return len(text) == 0 || len(text) == 1 && text[0] == '-'
}

// pick returns the number of the elements that count.
func (v *value) pick(w *Scratch, field *record.Value) (n float64, r Reason) {
	r = NoValue
	v.elements(field, func(element record.Value) bool {
		if v.config.Text.Pick == config.PickLast { // of which only the last one must be readable
			n, r = v.one(w, &element)
			return true
		}
		var m float64
		if m, r = v.join(w, &element, n, r); r == noReason {
			n = m
		}
		return r == noReason && v.config.Text.Pick != config.PickFirst
	})
	return n, r
}

// join returns what n becomes by a further element; r is NoValue at the first one.
func (v *value) join(w *Scratch, element *record.Value, n float64, r Reason) (float64, Reason) {
	m, err := v.one(w, element)
	switch {
	case err != noReason || r == NoValue:
		return m, err
	case v.config.Text.Pick == config.PickMin:
		m = min(n, m)
	case v.config.Text.Pick == config.PickMax:
		m = max(n, m)
	case v.config.Text.Pick == config.PickSum:
		m += n
	}
	return m, noReason
}

// elements calls f with each element of a list that is not blank, until f returns false. A value that is not a list is
// its only element.
func (v *value) elements(field *record.Value, f func(element record.Value) bool) {
	if field.Kind() == record.Array {
		field.Values(func(element record.Value) bool { return isBlank(&element) || f(element) })
		return
	}
	if !field.IsText() || v.config.Text.Split == nil {
		if !isBlank(field) {
			f(*field)
		}
		return
	}
	for rest, more := field.Bytes(), true; more; {
		var part []byte
		part, rest, more = cutFirst(rest, v.config.Text.Split)
		if element := record.Text(trim(part)); !isBlank(&element) && !f(element) {
			return
		}
	}
}

// cutFirst splits text at the first of the separators that is in it. Its time grows with what is before the separator,
// not with the whole text.
func cutFirst(text []byte, separators []string) (before, after []byte, found bool) {
	if len(separators) == 1 {
		return bytes.Cut(text, view(separators[0]))
	}
	for i := range text {
		for _, s := range separators {
			if bytes.HasPrefix(text[i:], view(s)) {
				return text[:i], text[i+len(s):], true
			}
		}
	}
	return text, nil, false
}
