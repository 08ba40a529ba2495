package collector_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// TestSetOptions passes a collector to a new owner, as a reload does: series continue, and only the callbacks of the
// new owner are called.
func TestSetOptions(t *testing.T) {
	var reported []string
	owner := func(name string, limit int, now *clock) collector.Options {
		return collector.Options{
			SeriesLimit: limit,
			Remembered:  3 * 210,
			Now:         now.Now,
			Dropped: func(family string, r collector.Reason) {
				reported = append(reported, fmt.Sprint(name, " dropped ", family, " ", r))
			},
			Overflowed: func(family, label string) {
				reported = append(reported, fmt.Sprint(name, " overflowed ", family, " ", label))
			},
		}
	}
	family := func(name string, ttl time.Duration, limit int) *collector.Family {
		return &collector.Family{Name: name, Type: collector.Counter, Labels: []string{"l"}, TTL: ttl, SeriesLimit: limit}
	}
	first, second := &clock{noon}, &clock{noon + 60*second}
	c := open(t, owner("first", 100, first))
	a, b := family("a_total", 0, 1), family("b_total", time.Minute, 0)
	ingest(t, c, add(a, 1, "x"), add(a, 1, "y"), add(a, -1, "x"), add(b, 1, "1"), add(b, 1, "2"), add(b, 1, "3"))

	// The new owner's families are others, and equal.
	o := owner("second", 3, second)
	o.Remembered = 2 * 210
	if err := c.SetOptions(o); err != nil {
		t.Fatal(err)
	}
	a2, b2 := family("a_total", 0, 1), family("b_total", time.Minute, 0)
	if err := c.Retain([]*collector.Family{a2, b2}, nil); err != nil {
		t.Fatal(err)
	}
	shows(t, c, `a_total{l="x"} 1`, `a_total{l="overflow"} 1`) // by the new owner's clock
	if s := c.Stats(); s.Remembered() != 2 || s.Forgotten() != 1 {
		t.Errorf("%d remembered, %d forgotten", s.Remembered(), s.Forgotten())
	}
	ingestAt(t, c, second.now, add(a2, 1, "x"), add(a2, 1, "y"), add(a2, -1, "x"), add(b2, 1, "3"), add(b2, 1, "4"))
	shows(t, c, `a_total{l="x"} 2`, `a_total{l="overflow"} 2`, `b_total{l="3"} 2`)
	want := []string{
		"first overflowed a_total l", "first dropped a_total negative_increment",
		"second overflowed a_total l", "second dropped a_total negative_increment", "second dropped b_total series_limit",
	}
	if !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
	if n := c.Stats().Applied(); n != 5+3 {
		t.Errorf("%d samples applied, want 8", n)
	}
	c.Close()
	if err := c.SetOptions(o); !errors.Is(err, collector.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
