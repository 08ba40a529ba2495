package collector_test

import (
	"math"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// merge returns a sample with the counts of buckets.
func merge(f *collector.Family, op collector.Op, sum float64, counts ...uint64) func(*collector.Batch) {
	return func(b *collector.Batch) {
		s := collector.Sample{Family: f, Op: op, Value: sum}
		for _, n := range counts {
			s.Count += n
		}
		b.Buckets(counts)
		b.Append(&s)
	}
}

func TestMerge(t *testing.T) {
	f := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1, 2}}
	c := open(t, collector.Options{})
	ingestAt(t, c, noon, merge(f, collector.Merge, 3.5, 1, 0, 200), of(collector.Sample{Family: f, Op: collector.Observe, Value: 1.5}),
		merge(f, collector.Merge, 0, 0, 0, 0))
	shows(t, c, `h_bucket{le="1"} 1`, `h_bucket{le="2"} 2`, `h_bucket{le="+Inf"} 202`, `h_sum 5`, `h_count 202`)
}

// TestMergedTotals holds that the growth of running totals is added, and all of them after a reset.
func TestMergedTotals(t *testing.T) {
	f := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1, 2}, TTL: time.Minute}
	c := open(t, collector.Options{})
	at := noon
	next := func(sum float64, counts ...uint64) {
		at += second
		ingestAt(t, c, at, merge(f, collector.MergeTotal, sum, counts...))
	}
	next(3, 1, 1, 0)
	next(10, 2, 1, 1)
	shows(t, c, `h_bucket{le="1"} 2`, `h_bucket{le="2"} 3`, `h_bucket{le="+Inf"} 4`, `h_sum 10`, `h_count 4`)
	next(1, 1, 0, 0) // reset
	next(4, 2, 1, 0)
	shows(t, c, `h_bucket{le="1"} 4`, `h_bucket{le="2"} 6`, `h_bucket{le="+Inf"} 7`, `h_sum 14`, `h_count 7`)
	next(500, 200, 1, 0)
	next(499, 199, 1, 0) // slipped
	next(500, 200, 1, 0)
	shows(t, c, `h_bucket{le="1"} 202`, `h_bucket{le="2"} 204`, `h_bucket{le="+Inf"} 205`, `h_sum 510`, `h_count 205`)
	next(4, 2, 1, 0) // reset
	at -= 10 * second
	next(100, 9, 9, 9) // late
	at += 90 * second
	ingestAt(t, c, at) // expires
	next(5, 3, 1, 0)
	shows(t, c, `h_bucket{le="1"} 205`, `h_bucket{le="2"} 208`, `h_bucket{le="+Inf"} 209`, `h_sum 515`, `h_count 209`)
}

func TestMergesRefused(t *testing.T) {
	classic := collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1, 2}, MaxIncrement: 100}
	native := classic
	native.Native = collector.Native{Factor: 2}
	gauge := collector.Family{Name: "h", Type: collector.Gauge}
	for name, test := range map[string]struct {
		family collector.Family
		op     collector.Op
		sum    float64
		counts []uint64
		want   collector.Reason
	}{
		"too few":      {classic, collector.Merge, 1, []uint64{1, 1}, collector.Malformed},
		"too many":     {classic, collector.Merge, 1, []uint64{1, 1, 1, 1}, collector.Malformed},
		"native":       {native, collector.Merge, 1, []uint64{1, 1, 1}, collector.Malformed},
		"gauge":        {gauge, collector.Merge, 1, []uint64{1, 1, 1}, collector.Malformed},
		"NaN":          {classic, collector.Merge, math.NaN(), []uint64{1, 1, 1}, collector.NotFinite},
		"sum":          {classic, collector.Merge, -101, []uint64{1, 1, 1}, collector.MaxIncrement},
		"count":        {classic, collector.Merge, 1, []uint64{1, 100, 1}, collector.MaxIncrement},
		"total sum":    {classic, collector.MergeTotal, 101, []uint64{1, 1, 1}, collector.MaxIncrement},
		"total count":  {classic, collector.MergeTotal, 1, []uint64{1, 100, 1}, collector.MaxIncrement},
		"infinite sum": {classic, collector.MergeTotal, math.Inf(1), []uint64{1, 1, 1}, collector.NotFinite},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			ingestAt(t, c, noon, merge(&test.family, test.op, test.sum, test.counts...))
			if n := c.Stats().Dropped(test.want); n != 1 {
				t.Errorf("dropped for %v: %d", test.want, n)
			}
		})
	}
}

// TestMergesOverflow holds that a histogram does not take more observations than it can count.
func TestMergesOverflow(t *testing.T) {
	const half = 1 << 63
	for _, op := range []collector.Op{collector.Merge, collector.MergeTotal} {
		f := &collector.Family{Name: "h", Type: collector.Histogram, Buckets: []float64{1}}
		c := open(t, collector.Options{})
		ingestAt(t, c, noon, merge(f, op, 1, half, 0))
		ingestAt(t, c, noon+second, merge(f, op, 2, 0, half)) // a reset as a running total
		if n := c.Stats().Dropped(collector.WeightLimit); n != 1 {
			t.Errorf("%v: dropped %d", op, n)
		}
		shows(t, c, `h_bucket{le="1"} 9.223372036854776e+18`, `h_bucket{le="+Inf"} 9.223372036854776e+18`, `h_sum 1`,
			`h_count 9.223372036854776e+18`)
	}
}
