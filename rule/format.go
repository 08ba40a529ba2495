package rule

import (
	"bytes"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/itchyny/timefmt-go"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/record"
)

// format is how a string is read that is not in the form that parseText expects.
type format struct {
	short bool // parseText reads it
	*config.Format
	decimal  rune
	kilo     float64
	location *time.Location
	layouts  []layout
}

// layout is a compiled config.Layout.
type layout struct {
	*config.Layout
	withYear string // the format with a year in front
}

func newFormat(c *config.Value) format {
	f := format{Format: &c.Format, decimal: '.', kilo: 1000, location: time.UTC}
	if f.DecimalComma {
		f.decimal = ','
	}
	if f.Binary {
		f.kilo = 1024
	}
	if f.Location != nil {
		f.location = f.Location
	}
	for i := range c.Format.Layouts {
		l := &c.Format.Layouts[i]
		f.layouts = append(f.layouts, layout{l, "%Y " + l.Format})
	}
	f.short = f.layouts == nil && f.Thousands == 0 && !f.DecimalComma && !f.Binary && f.PerSecond == 0
	return f
}

// texts is memory for what is made of strings before they are read.
type texts struct {
	extracted []byte // by a regular expression
	list      []byte // the same, of a list whose elements make samples while other values are read
	plain     []byte // without what only people need
}

// convert is like the function of this name, for strings in this format.
func (f *format) convert(w *Scratch, v *record.Value, c *config.Value) (float64, Reason) {
	if f.short {
		return convert(v, c)
	}
	if !v.IsText() {
		n, r := convert(v, c)
		if r == noReason && f.PerSecond != 0 {
			n /= f.PerSecond
		}
		return n, r
	}
	text := trim(v.Bytes())
	if c.Map != nil {
		if n, ok := c.Map[string(text)]; ok {
			return n, noReason
		}
	}
	if len(text) == 0 || len(text) > maxNumberText {
		return 0, NotANumber
	}
	n, ok := f.parse(w, text, c.Parse)
	if !ok || math.IsInf(n, 0) {
		return 0, NotANumber
	}
	return n, noReason
}

func (f *format) parse(w *Scratch, text []byte, p config.Parse) (n float64, ok bool) {
	switch {
	case p == config.ParseTimestamp && f.PerSecond != 0:
		n, ok = parseFloat(text)
		return n / f.PerSecond, ok
	case p == config.ParseTimestamp:
		return f.timestamp(w, text)
	case f.Thousands != 0 || f.DecimalComma:
		if text, ok = f.plainNumber(w, text); !ok {
			return 0, false
		}
	}
	if p == config.ParseBytes {
		return parseBytes(text, f.kilo)
	}
	n, r := parseText(text, p)
	return n, r == noReason
}

// plainNumber takes the separators of thousands out of text, and makes the decimal sign a dot. A separator is between
// digits.
func (f *format) plainNumber(w *Scratch, text []byte) ([]byte, bool) {
	out := w.texts.plain[:0]
	for i, size := 0, 0; i < len(text); i += size {
		var c rune
		c, size = utf8.DecodeRune(text[i:])
		switch {
		case c == f.Thousands && f.Thousands != 0:
			if i == 0 || !isDigit(text[i-1]) || i+size >= len(text) || !isDigit(text[i+size]) {
				return nil, false
			}
		case c == f.decimal:
			out = append(out, '.')
		case c == '.':
			return nil, false
		default:
			out = append(out, text[i:i+size]...)
		}
	}
	w.texts.plain = out
	return out, true
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// timestamp reads text in the first layout that fits, as seconds since 1970.
func (f *format) timestamp(w *Scratch, text []byte) (float64, bool) {
	for i := range f.layouts {
		if t, ok := f.layouts[i].parse(w, text, f.location); ok {
			return t, true
		}
	}
	return 0, false
}

func (l *layout) parse(w *Scratch, text []byte, in *time.Location) (float64, bool) {
	w.texts.plain = w.texts.plain[:0]
	var year int
	if !l.HasYear {
		year = time.Unix(0, w.Event.Time).In(in).Year()
		w.texts.plain = append(strconv.AppendInt(w.texts.plain, int64(year), 10), ' ')
	}
	fraction, ok := l.cutFraction(w, text)
	if !ok {
		return 0, false
	}
	format := l.Format
	if !l.HasYear {
		format = l.withYear
	}
	t, err := timefmt.ParseInLocation(borrow(w.texts.plain), format, in)
	if err != nil {
		return 0, false
	}
	// A time without a year is of the record's year, or of the one before: in January, December is over.
	if !l.HasYear && t.Unix()-w.Event.Time/1e9 > halfYear {
		strconv.AppendInt(w.texts.plain[:0], int64(year-1), 10) // in its place: years of records have four digits
		if t, err = timefmt.ParseInLocation(borrow(w.texts.plain), format, in); err != nil {
			return 0, false
		}
	}
	return float64(t.Unix()) + fraction, true
}

const halfYear = 183 * 86400 // seconds

// cutFraction appends text to the scratch's without its fraction of a second, which it returns.
func (l *layout) cutFraction(w *Scratch, text []byte) (fraction float64, ok bool) {
	if l.Fraction == 0 {
		w.texts.plain = append(w.texts.plain, text...)
		return 0, true
	}
	at := -1
	for range l.Skip + 1 {
		next := bytes.IndexByte(text[at+1:], l.Fraction)
		if next < 0 {
			return 0, false
		}
		at += 1 + next
	}
	end := at + 1
	for end < len(text) && isDigit(text[end]) {
		end++
	}
	digits, ok := parseDigits(text[at+1 : end])
	w.texts.plain = append(append(w.texts.plain, text[:at]...), text[end:]...)
	return digits / math.Pow10(end-at-1), ok
}
