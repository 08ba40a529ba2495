package collector_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

func TestOverflow(t *testing.T) {
	var reported []string
	c := open(t, collector.Options{Overflowed: func(family, label string) { reported = append(reported, family+" "+label) }})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"method", "path", "site"},
		SeriesLimit: 4, Fixed: []bool{false, false, true}}
	hit := func(labels ...string) func(*collector.Batch) { return add(f, 1, labels...) }
	ingest(t, c, hit("GET", "/1", "fra"), hit("PUT", "/2", "fra"), hit("GET", "/3", "ams"), hit("GET", "/4", "ams"))
	if len(reported) > 0 || c.Stats().Overflowed() > 0 {
		t.Errorf("reported %q too early", reported)
	}
	ingest(t, c, hit("GET", "/5", "fra"), hit("GET", "/6", "fra"), hit("", "", "fra"), hit("GET", "/5", "ams"),
		hit("GET", "/1", "fra"))
	shows(t, c,
		`c_total{method="GET",path="/1",site="fra"} 2`,
		`c_total{method="PUT",path="/2",site="fra"} 1`,
		`c_total{method="GET",path="/3",site="ams"} 1`,
		`c_total{method="GET",path="/4",site="ams"} 1`,
		`c_total{method="overflow",path="overflow",site="fra"} 3`,
		`c_total{method="overflow",path="overflow",site="ams"} 1`,
	)
	if want := []string{"c_total path"}; !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
	if s := c.Stats(); s.Overflowed() != 4 || s.Applied() != 9 || s.Series() != 6 {
		t.Errorf("overflowed %d, applied %d, series %d", s.Overflowed(), s.Applied(), s.Series())
	}
}

// TestOverflowOfFields holds that the overflow series takes samples of all sources, and that one that records made
// themselves becomes it.
func TestOverflowOfFields(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, SeriesLimit: 2}
	from := func(source uint32, v float64, l string) func(*collector.Batch) {
		return of(collector.Sample{Family: f, Op: collector.Set, Source: source, Value: v}, l)
	}
	ingest(t, c, from(1, 1, "overflow"), from(2, 2, "a"), from(3, 3, "b"), from(4, 4, "c"))
	shows(t, c, `g{l="overflow"} 3`, `g{l="a"} 2`, `g{l="c"} 4`)
	// The series that became the overflow series made room for one more.
	if s := c.Stats(); s.Dropped(collector.NameCollision) != 0 || s.Overflowed() != 1 {
		t.Errorf("%d collisions, %d overflowed", s.Dropped(collector.NameCollision), s.Overflowed())
	}
}

// TestOverflowSeriesAreBounded holds that fixed labels with many values cannot make series without end, and that the
// collector's own limit holds.
func TestOverflowSeriesAreBounded(t *testing.T) {
	for _, limit := range []int{1000, 50} {
		c := open(t, collector.Options{SeriesLimit: limit})
		f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l", "tag"},
			SeriesLimit: 10, Fixed: []bool{false, true}}
		for i := range 500 {
			ingest(t, c, add(f, 1, fmt.Sprint(i), fmt.Sprint(i)))
		}
		want := int64(min(limit, 10+100))
		if s := c.Stats(); s.Series() != want || s.Dropped(collector.SeriesLimit) != uint64(500-want) {
			t.Errorf("limit %d: %d series, %d dropped, want %d", limit, s.Series(), s.Dropped(collector.SeriesLimit), want)
		}
	}
}

func TestOverflowWithoutLabels(t *testing.T) {
	var reported []string
	c := open(t, collector.Options{Overflowed: func(family, label string) { reported = append(reported, family+" "+label) }})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"site"}, SeriesLimit: 1, Fixed: []bool{true}}
	ingest(t, c, add(f, 1, "a"), add(f, 1, "b"), add(f, 1, "b"))
	shows(t, c, `c_total{site="a"} 1`, `c_total{site="b"} 2`)
	if want := []string{"c_total "}; !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
}

func TestDeclaredDoNotOverflow(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, SeriesLimit: 2}
	if err := c.Init(noon, f, []string{"1"}, []string{"2"}, []string{"3"}); err != nil {
		t.Fatal(err)
	}
	shows(t, c, `c_total{l="1"} 0`, `c_total{l="2"} 0`)
	if s := c.Stats(); s.Dropped(collector.SeriesLimit) != 1 || s.Overflowed() != 0 {
		t.Errorf("dropped %d, overflowed %d", s.Dropped(collector.SeriesLimit), s.Overflowed())
	}
}

// TestOverflowSeriesExpire holds that those that expired make room for others.
func TestOverflowSeriesExpire(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l", "tag"},
		SeriesLimit: 1, Fixed: []bool{false, true}, TTL: time.Second}
	for hour := range 3 {
		now := noon + int64(hour)*int64(time.Hour)
		for i := range 100 {
			ingestAt(t, c, now, set(f, 1, "a", "first"), set(f, 1, "b", fmt.Sprint(hour, i)))
		}
	}
	if s := c.Stats(); s.Dropped(collector.SeriesLimit) != 0 || s.Series() != 101 || s.Overflowed() != 300 {
		t.Errorf("%d dropped, %d series, %d overflowed, want 0, 101 and 300", s.Dropped(collector.SeriesLimit), s.Series(), s.Overflowed())
	}
}
