package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/timefmt-go"
)

// Layout is how a time is written, in the conversions of strptime.
type Layout struct {
	Text    string // as written
	Format  string // without the fraction of a second
	HasYear bool
	// Fraction is the character before the fraction of a second; 0: none. Skip is the number of occurrences of this
	// character before that one.
	Fraction byte
	Skip     int
}

// Bounds of layouts.
const (
	maxLayouts = 8
	maxLayout  = 128 // bytes of one
)

// timeFormat reads how timestamps are written.
func (r *reader) timeFormat(v *Value, s *mappingReader) {
	if n := s.get("unit"); n != nil && r.belongs(s, "unit", v.Parse, ParseTimestamp) {
		if i, ok := r.word(n, s.under("unit"), unitWords); ok {
			v.Format.PerSecond = []float64{1, 1e3, 1e6, 1e9}[i]
		}
		if s.has("layout") {
			r.wrong(n, s.under("unit"), "layout is also set", "write only one of them: a unit is of times that are numbers")
		}
	}
	if n := s.get("layout"); n != nil && r.belongs(s, "layout", v.Parse, ParseTimestamp) {
		v.Format.Layouts = r.layouts(n, s.under("layout"))
	}
	if n := s.get("timezone"); n != nil && r.belongs(s, "timezone", v.Parse, ParseTimestamp) {
		r.timezone(v, n, s.under("timezone"))
		if !s.has("layout") {
			r.wrong(n, s.under("timezone"), "timezone needs a layout, because times in RFC 3339 and numbers have a zone", "add layout: '%Y-%m-%d %H:%M:%S'")
		}
	}
}

func (r *reader) timezone(v *Value, n *node, path string) {
	const right = "write a name of the time zone database, such as Europe/Paris, or UTC, or Local for that of the machine"
	name, ok := r.text(n, path, right)
	if !ok {
		return
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		r.wrong(n, path, quote(name)+" is not a time zone that this machine knows", right)
		return
	}
	v.Format.Location = zone
}

// layouts reads a layout or a list of them.
func (r *reader) layouts(n *node, path string) []Layout {
	elements, paths := []*node{n}, []string{path}
	if n.kind == sequence {
		elements, paths = n.elements, nil
		for i := range elements {
			paths = append(paths, at(path, i))
		}
	}
	if len(elements) == 0 || len(elements) > maxLayouts {
		r.wrong(n, path, fmt.Sprintf("%d layouts", len(elements)), fmt.Sprintf("write 1 to %d of them", maxLayouts))
		return nil
	}
	var layouts []Layout
	for i, e := range elements {
		s, ok := r.text(e, paths[i], "write conversions of strptime: '%Y-%m-%d %H:%M:%S'")
		if !ok {
			continue
		}
		l, err := parseLayout(s)
		if err != nil {
			r.wrongText(e, paths[i], "bad layout "+quote(s), err)
			continue
		}
		layouts = append(layouts, l)
	}
	return layouts
}

// conversions are those of strptime that a layout may have.
const conversions = "aAbBcdDeFhHIjklmMnpPrRsStTvyYzL%"

// parseLayout reads a layout. The fraction of a second, %L, is cut off together with the character before it: it has
// any number of digits.
func parseLayout(s string) (l Layout, err error) {
	if len(s) > maxLayout {
		return l, newTextError(fmt.Sprintf("%d bytes long", len(s)), "write at most %d", maxLayout)
	}
	var b strings.Builder
	var used []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i++; i == len(s) || !strings.Contains(conversions, s[i:i+1]) {
			return l, badConversion(s[i-1:])
		}
		used = append(used, s[i])
		if s[i] != 'L' {
			b.WriteString(s[i-1 : i+1])
			continue
		}
		before := b.String()
		if !strings.HasSuffix(before, ".") && !strings.HasSuffix(before, ",") || l.Fraction != 0 {
			return l, newTextError("%L is not after a dot or comma", "write %%S.%%L or %%S,%%L, once")
		}
		l.Fraction = before[len(before)-1]
		b.Reset()
		b.WriteString(before[:len(before)-1])
		l.Skip = strings.Count(b.String(), string(l.Fraction))
	}
	l.Text, l.Format = s, b.String()
	l.HasYear = containsAny(used, "YyDFcsv")
	if !containsAny(used, "dejDFcsv") {
		return l, newTextError("it has no day", "write a date too: '%%Y-%%m-%%d'")
	}
	return l, l.check()
}

func containsAny(used []byte, letters string) bool {
	return slices.ContainsFunc(used, func(c byte) bool { return strings.IndexByte(letters, c) >= 0 })
}

// badConversion returns the error for what follows a %.
func badConversion(s string) error {
	switch {
	case len(s) == 1:
		return newTextError("a % at its end", "write %%%% for a percent sign")
	case s[1] == 'Z':
		return newTextError("names of zones are ambiguous", "write the name as it is in the string, and timezone: Europe/Paris")
	case s[1] == 'f', s[1] == 'N':
		return newTextError("unknown %"+s[1:2], "write %%L for the fraction of a second")
	}
	return newTextError("unknown "+quote("%"+string(firstRune(s[1:]))), "write one of %%Y %%m %%d %%H %%M %%S %%L %%z and others of strptime")
}

// check makes sure that the library reads what it writes in this layout.
func (l *Layout) check() error {
	then := time.Date(2001, 2, 13, 4, 5, 6, 0, time.UTC)
	if _, err := timefmt.Parse(timefmt.Format(then, l.Format), l.Format); err != nil {
		return newTextError("it cannot be read back", "separate its parts")
	}
	return nil
}
