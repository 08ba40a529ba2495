package collector_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// put appends a point of a received family, with values of the label l.
func put(d collector.Definition, p collector.Point, labels ...string) func(*collector.Batch) {
	return func(b *collector.Batch) {
		b.Define(&d)
		for _, value := range labels {
			b.Label([]byte("l"))
			b.Label([]byte(value))
		}
		b.Put(&p)
	}
}

// TestManyFamiliesInOneBatch replaces, removes and adds families of one batch, in time that grows with their number and
// not with its square.
func TestManyFamiliesInOneBatch(t *testing.T) {
	const families = 50_000
	c := open(t, collector.Options{})
	all := func(kind collector.Type, unit string, p collector.Point) (adds []func(*collector.Batch)) {
		for i := range families {
			d := collector.Definition{Name: fmt.Appendf(nil, "f%d", i), Unit: []byte(unit), Type: kind, TTL: time.Minute}
			adds = append(adds, put(d, p))
		}
		return adds
	}
	ended, live := collector.Point{Stale: true}, collector.Point{Value: 1}
	start := time.Now()
	ingest(t, c, all(collector.Gauge, "", ended)...)
	ingest(t, c, all(collector.Untyped, "", ended)...)
	ingest(t, c, all(collector.Untyped, "seconds", ended)...)
	ingest(t, c, all(collector.Untyped, "seconds", live)...)
	ingest(t, c, all(collector.Untyped, "seconds", ended)...)
	ingest(t, c, all(collector.Counter, "", live)...)
	if took := time.Since(start); took > time.Minute {
		t.Errorf("six batches of %d families took %s", families, took)
	}
	if n := len(c.Families()); n != families || c.Stats().Series() != families {
		t.Errorf("%d families with %d series, want %d", n, c.Stats().Series(), families)
	}
}

// TestListsOfFamilies adds and removes families one by one: readers see all of them after each batch.
func TestListsOfFamilies(t *testing.T) {
	c := open(t, collector.Options{SeriesLimit: 3})
	name := func(i int) collector.Definition {
		return collector.Definition{Name: fmt.Appendf(nil, "f%d", i), Type: collector.Gauge, TTL: time.Minute}
	}
	for i := range 3 {
		ingest(t, c, put(name(i), collector.Point{Value: 1}))
		if n := len(c.Families()); n != i+1 {
			t.Errorf("%d families, want %d", n, i+1)
		}
	}
	ingest(t, c, put(name(1), collector.Point{Stale: true}), put(name(3), collector.Point{Value: 1}), put(name(4), collector.Point{Value: 1}))
	if n := c.Stats().PointsDropped(collector.SeriesLimit); n != 1 {
		t.Errorf("%d points dropped, want 1", n)
	}
	shows(t, c, "f0 1", "f2 1", "f3 1")
	if got := fmt.Sprint(c.Families()); got != "[{f0 gauge 1} {f2 gauge 1} {f3 gauge 1}]" {
		t.Errorf("families are %s", got)
	}
}

// TestManySeriesExpire holds that a batch or a step of a scrape removes a bounded number of due series, but a scrape
// shows none of them, and there is room for all new series.
func TestManySeriesExpire(t *testing.T) {
	const series, most = 20_000, 2 * 4096 // one step at the start of a batch, and one that makes room
	fill := func(f *collector.Family, from, n int) (adds []func(*collector.Batch)) {
		for i := range n {
			adds = append(adds, set(f, 1, fmt.Sprint(from+i)))
		}
		return adds
	}
	for name, row := range map[string]struct{ section, family int }{
		"limit of the section": {section: series},
		"limit of a family":    {section: 2 * series, family: series},
	} {
		t.Run(name, func(t *testing.T) {
			now := &clock{noon}
			c := open(t, collector.Options{SeriesLimit: row.section, Now: now.Now})
			f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: time.Minute, SeriesLimit: row.family}
			ingest(t, c, fill(f, 0, series)...)
			ingestAt(t, c, noon+60*second, set(f, 1, "new"))
			if n := c.Stats().Expired(); n == 0 || n > most {
				t.Errorf("a sample removed %d series, want 1 to %d", n, most)
			}
			ingestAt(t, c, noon+60*second, fill(f, series, series-1)...)
			now.now = noon + 119*second
			if n, dropped := c.Stats().Series(), c.Stats().Dropped(collector.SeriesLimit); n != series || dropped+c.Stats().Overflowed() != 0 {
				t.Errorf("%d series and %d drops, want %d without any", n, dropped, series)
			}
			now.now = noon + 120*second
			shows(t, c)
			if n := c.Stats().Expired(); n != 2*series {
				t.Errorf("%d series expired, want %d", n, 2*series)
			}
		})
	}
}

// TestSnapshotOfReadingsStays holds that what a scrape shows does not change with the series, of which it shares the
// numbers.
func TestSnapshotOfReadingsStays(t *testing.T) {
	exponential := func(n uint64) *collector.Exponential {
		return &collector.Exponential{
			Positive: collector.ExponentialSide{Buckets: []uint64{n, 1}}, Negative: collector.ExponentialSide{Buckets: []uint64{n}},
		}
	}
	for name, row := range map[string]struct {
		kind  collector.Type
		delta bool
		point func(n uint64) collector.Point
	}{
		"classic": {collector.Histogram, false, func(n uint64) collector.Point {
			return collector.Point{Value: float64(n), Count: 2 * n, Bounds: []float64{1, 2}, Counts: []uint64{n, 2 * n}}
		}},
		"increments": {collector.Histogram, true, func(n uint64) collector.Point {
			return collector.Point{Add: true, Value: float64(n), Count: 2 * n, Bounds: []float64{1, 2}, Counts: []uint64{n, 2 * n}}
		}},
		"native": {collector.Histogram, false, func(n uint64) collector.Point {
			return collector.Point{Value: float64(n), Count: 2*n + 1, Exponential: exponential(n)}
		}},
		"native increments": {collector.Histogram, true, func(n uint64) collector.Point {
			return collector.Point{Add: true, Value: float64(n), Count: 2*n + 1, Exponential: exponential(n)}
		}},
		"summary": {collector.Summary, false, func(n uint64) collector.Point {
			return collector.Point{Value: 1, Count: n, Quantiles: []float64{0.5}, Levels: []float64{float64(n)}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			d := collector.Definition{Name: []byte("m"), Type: row.kind, Delta: row.delta, TTL: time.Minute}
			ingest(t, c, put(d, row.point(1)))
			for n := uint64(2); n < 5; n++ {
				families, done, err := c.Gather(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				before := encode(t, families, protoFormat)
				ingest(t, c, put(d, row.point(n)))
				if after := encode(t, families, protoFormat); after != before {
					t.Error("the page of a scrape changed with a point")
				}
				done()
				if scrape(t, c, protoFormat) == before {
					t.Error("the next page does not have the point")
				}
			}
		})
	}
}

// TestBucketsThatRepeatLongLabels bounds what the buckets of one series make of its labels on a page.
func TestBucketsThatRepeatLongLabels(t *testing.T) {
	buckets := func(n int) collector.Point {
		p := collector.Point{Counts: make([]uint64, n)}
		for i := range n {
			p.Bounds = append(p.Bounds, float64(i))
		}
		return p
	}
	for _, row := range []struct {
		buckets, label int
		dropped        uint64
	}{{2048, 400, 0}, {2048, 600, 1}, {20, 1024, 0}, {20, 60_000, 1}, {1, 60_000, 0}} {
		c := open(t, collector.Options{})
		d := collector.Definition{Name: []byte("h"), Type: collector.Histogram}
		ingest(t, c, put(d, buckets(row.buckets), strings.Repeat("v", row.label)))
		if got := c.Stats().PointsDropped(collector.TooLarge); got != row.dropped {
			t.Errorf("%d buckets with a label of %d bytes: %d points dropped, want %d", row.buckets, row.label, got, row.dropped)
		}
		d.Name, d.Buckets = []byte("e"), buckets(row.buckets).Bounds
		ingest(t, c, put(d, collector.Point{Exponential: &collector.Exponential{}}, strings.Repeat("v", row.label)))
		if got := c.Stats().PointsDropped(collector.TooLarge); got != 2*row.dropped {
			t.Errorf("%d buckets of a rule with a label of %d bytes: %d points dropped in all", row.buckets, row.label, got)
		}
	}
}
