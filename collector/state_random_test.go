package collector_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// randomly appends the same samples of families to a batch for the same seed.
func randomly(r *rand.Rand, b *collector.Batch, families []*collector.Family) {
	for range r.IntN(30) {
		f := families[r.IntN(len(families))]
		s := collector.Sample{Family: f, Value: float64(r.IntN(1000) - 20), Time: b.Now - int64(r.IntN(3))*second, Source: uint32(r.IntN(2))}
		switch f.Type {
		case collector.Counter:
			s.Op = collector.Add
			if strings.HasPrefix(f.Name, "running") {
				s.Op = collector.Total
			}
		case collector.Gauge:
			s.Op = []collector.Op{collector.Add, collector.Set, collector.Sum, collector.Max}[r.IntN(4)]
		default:
			s.Op, s.Count = collector.Observe, uint64(r.IntN(3))
			if f.Type == collector.Histogram && f.Native == (collector.Native{}) && r.IntN(2) == 0 {
				s.Op = []collector.Op{collector.Merge, collector.MergeTotal}[r.IntN(2)]
				s.Count = mergeRandomly(r, b, len(f.Buckets)+1)
			}
		}
		var labels []string
		for range f.Labels {
			labels = append(labels, fmt.Sprint(r.IntN(12)))
		}
		of(s, labels...)(b)
	}
}

// mergeRandomly appends the counts of buckets and returns their sum.
func mergeRandomly(r *rand.Rand, b *collector.Batch, width int) (total uint64) {
	counts := make([]uint64, width)
	for i := range counts {
		counts[i] = r.Uint64N(200)
		total += counts[i]
	}
	b.Buckets(counts)
	return total
}

// TestStateAgainstOriginal sends the same samples to a collector and to one that was restored from its state, and
// compares their pages. It restores the copy from its own state again and again.
func TestStateAgainstOriginal(t *testing.T) {
	seeds := uint64(30)
	if raceDetector {
		seeds = 3
	}
	for seed := range seeds {
		now := &clock{noon}
		families := func() []*collector.Family {
			all := all(everything())
			slices.SortFunc(all, func(a, b *collector.Family) int { return strings.Compare(a.Name, b.Name) })
			for i, f := range all {
				f.TTL = time.Duration(i%3) * 10 * time.Second
				f.SeriesLimit = i % 4 * 5
			}
			return all
		}
		original := open(t, collector.Options{Now: now.Now})
		copied := original
		of, ofCopy := families(), families()
		r := rand.New(rand.NewPCG(seed, 1))
		for step := range 150 {
			now.now += int64(r.IntN(3000)) * int64(time.Millisecond)
			if r.IntN(15) == 0 || step == 20 {
				state := written(t, copied, now.now, true)
				if copied != original {
					copied.Close()
				}
				ofCopy = families()
				copied = open(t, collector.Options{Now: now.Now})
				restored(t, copied, state, now.now, ofCopy...)
			}
			if copied == original {
				b := batchAt(now.now)
				randomly(r, b, of)
				if err := original.Ingest(b, nil); err != nil {
					t.Fatal(err)
				}
				continue
			}
			batchSeed := r.Uint64()
			for _, c := range []*collector.Collector{original, copied} {
				b := batchAt(now.now)
				randomly(rand.New(rand.NewPCG(batchSeed, 0)), b, map[bool][]*collector.Family{true: of, false: ofCopy}[c == original])
				if err := c.Ingest(b, nil); err != nil {
					t.Fatal(err)
				}
			}
			got, want := lines(t, copied), lines(t, original)
			if got != want {
				t.Fatalf("seed %d, step %d: restored:\n%s\nwant:\n%s", seed, step, got, want)
			}
			if a, b := original.Stats(), copied.Stats(); a.Series() != b.Series() || a.Families() != b.Families() || a.Remembered() != b.Remembered() {
				t.Fatalf("seed %d, step %d: %d series, %d families, %d remembered; want %d, %d, %d", seed, step,
					b.Series(), b.Families(), b.Remembered(), a.Series(), a.Families(), a.Remembered())
			}
		}
	}
}

// lines returns what c shows, sorted, since series that expire change the order.
func lines(t *testing.T, c *collector.Collector) string {
	t.Helper()
	text := withoutQuantiles(scrape(t, c, openFormat)) + nativeOf(t, c)
	sorted := slices.Sorted(strings.Lines(text))
	return strings.Join(sorted, "")
}

// TestStateOfManySeries holds that series in many sections come back.
func TestStateOfManySeries(t *testing.T) {
	a, b := open(t, collector.Options{}), open(t, collector.Options{})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	g := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	const series = 20_000
	for i := range 2 * series {
		ingestAt(t, a, noon+int64(i)*second*60/series, add(f, float64(i), fmt.Sprint(i)))
	}
	now := noon + (2*series-1)*second*60/series
	scrape(t, a, textFormat) // what is due expires
	state := exportedFamily(t, a, now)
	done := restored(t, b, state, now, g)
	if done.Series != series || done.Remembered < series-10 || done.OverLimit > 0 {
		t.Errorf("Imported: %+v", done)
	}
	if again := exportedFamily(t, b, now); !bytes.Equal(again, state) {
		t.Errorf("the state of the restored collector differs")
	}
}
