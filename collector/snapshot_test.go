package collector_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/collector"
)

// TestSnapshotIsIsolated holds that what Gather returned does not change until done is called, whatever is ingested and
// scraped meanwhile.
func TestSnapshotIsIsolated(t *testing.T) {
	c := open(t, collector.Options{})
	r, l, temp := requests(), latency(), temperature()
	grow := func(n int) {
		for i := range n {
			ingest(t, c, add(r, 1, "GET", fmt.Sprint(i)), observe(l, float64(i), fmt.Sprint(i)), set(temp, float64(i), fmt.Sprint(i)))
		}
	}
	grow(10)
	first, doneFirst, err := c.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	atFirst := encode(t, first, textFormat)
	grow(20)
	second, doneSecond, err := c.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	atSecond := encode(t, second, textFormat)
	grow(40)
	if encode(t, first, textFormat) != atFirst || encode(t, second, textFormat) != atSecond {
		t.Error("a snapshot changed before done was called")
	}
	doneFirst()
	grow(80)
	third := scrape(t, c, textFormat)
	if encode(t, second, textFormat) != atSecond {
		t.Error("a snapshot changed before done was called")
	}
	doneSecond()
	if again := scrape(t, c, textFormat); again != third || third == atSecond {
		t.Error("two scrapes without a batch between them differ")
	}
}

// TestDoneTwice holds that a second call of done does not give the memory of a snapshot to two scrapes.
func TestDoneTwice(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "m_total", Type: collector.Counter}
	ingest(t, c, add(f, 1))
	_, done, err := c.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done()
	done()
	one, doneOne, _ := c.Gather(t.Context())
	defer doneOne()
	ingest(t, c, add(f, 1))
	two, doneTwo, _ := c.Gather(t.Context())
	defer doneTwo()
	if a, b := one[0].Metric[0].Counter.GetValue(), two[0].Metric[0].Counter.GetValue(); a != 1 || b != 2 {
		t.Errorf("values %v and %v, want 1 and 2", a, b)
	}
}

// TestSnapshotMemoryIsReused holds that a scrape in used memory shows what one in fresh memory does, after series and
// families were added.
func TestSnapshotMemoryIsReused(t *testing.T) {
	used, fresh := open(t, collector.Options{}), open(t, collector.Options{})
	steps := [][]func(*collector.Batch){}
	r, l, temp := requests(), latency(), temperature()
	r2, l2, temp2 := requests(), latency(), temperature()
	step := func(build func(r, l, temp *collector.Family) []func(*collector.Batch)) {
		steps = append(steps, build(r, l, temp))
		ingest(t, fresh, build(r2, l2, temp2)...)
	}
	step(func(r, l, temp *collector.Family) []func(*collector.Batch) {
		return []func(*collector.Batch){set(temp, 1, "a"), set(temp, 2, "")}
	})
	step(func(r, l, temp *collector.Family) []func(*collector.Batch) {
		return []func(*collector.Batch){observe(l, 1, "/"), set(temp, 3, "a"), set(temp, 4, "b")}
	})
	step(func(r, l, temp *collector.Family) []func(*collector.Batch) {
		return []func(*collector.Batch){add(r, 1, "", "200"), add(r, 1, "GET", ""), observe(l, 0, ""), observe(l, 5, "/")}
	})
	for _, s := range steps {
		ingest(t, used, s...)
		scrape(t, used, textFormat)
	}
	a, doneA, _ := used.Gather(t.Context())
	defer doneA()
	b, doneB, _ := fresh.Gather(t.Context())
	defer doneB()
	if len(a) != len(b) {
		t.Fatalf("%d and %d families", len(a), len(b))
	}
	for i := range a {
		if !proto.Equal(a[i].MetricFamily, b[i].MetricFamily) {
			t.Errorf("used memory shows\n%v\nfresh memory\n%v", a[i], b[i])
		}
	}
}

// TestGatherEndsWithItsContext holds that a scrape waits for a busy collector only until its context ends, and has no
// effect then.
func TestGatherEndsWithItsContext(t *testing.T) {
	busy, free := make(chan struct{}), make(chan struct{})
	c := open(t, collector.Options{Dropped: func(string, collector.Reason) {
		close(busy)
		<-free
	}})
	f := &collector.Family{Name: "m_total", Type: collector.Counter}
	ingested := make(chan error)
	go func() { ingested <- c.Ingest(batchAt(noon, add(f, 1), add(f, -1)), nil) }()
	receive(t, "the collector is busy", busy)
	gave := errors.New("the client gave up")
	ctx, cancel := context.WithCancelCause(t.Context())
	answers := make(chan error, 20)
	for range cap(answers) {
		go func() {
			families, done, err := c.Gather(ctx)
			done()
			if families != nil {
				t.Error("families of a scrape that ended")
			}
			answers <- err
		}()
	}
	cancel(gave)
	for range cap(answers) {
		if err := receive(t, "a scrape ends with its context", answers); !errors.Is(err, gave) {
			t.Errorf("Gather: %v, want %v", err, gave)
		}
	}
	close(free)
	if err := receive(t, "the batch is applied", ingested); err != nil {
		t.Error(err)
	}
	wantText(t, c, "# HELP m_total \n# TYPE m_total counter\nm_total 1\n")
}

func TestGatherAfterClose(t *testing.T) {
	c := open(t, collector.Options{})
	c.Close()
	_, done, err := c.Gather(t.Context())
	done()
	if !errors.Is(err, collector.ErrClosed) {
		t.Errorf("Gather: %v, want ErrClosed", err)
	}
}

// TestUpdated holds that a snapshot knows when each series of a gauge last had a sample.
func TestUpdated(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}}
	ingestAt(t, c, noon, set(f, 1, "a"), set(f, 1, "b"))
	ingestAt(t, c, noon+5, set(f, 2, "b"), set(f, 2, "c"))
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := families[0].Updated, []int64{noon, noon + 5, noon + 5}; !slices.Equal(got, want) {
		t.Errorf("updated %v, want %v", got, want)
	}
}

// TestSigned holds that a snapshot knows which sums OpenMetrics does not take, also after a restart.
func TestSigned(t *testing.T) {
	for name, test := range map[string]struct {
		f    collector.Family
		v    float64
		want bool
	}{
		"positive":       {collector.Family{Type: collector.Histogram, Buckets: []float64{0, 1}}, 1, false},
		"observation":    {collector.Family{Type: collector.Histogram, Buckets: []float64{0, 1}}, -1, true},
		"bound":          {collector.Family{Type: collector.Histogram, Buckets: []float64{-1, 1}}, 1, true},
		"native":         {collector.Family{Type: collector.Histogram, Native: collector.Native{Factor: 2}}, -1, true},
		"summary":        {collector.Family{Type: collector.Summary}, 1, false},
		"signed summary": {collector.Family{Type: collector.Summary}, -1, true},
	} {
		c := open(t, collector.Options{})
		test.f.Name = "m"
		ingest(t, c, observe(&test.f, test.v), observe(&test.f, 5))
		again := open(t, collector.Options{})
		restored(t, again, exportedFamily(t, c, noon), noon, &test.f)
		for _, c := range []*collector.Collector{c, again} {
			families, done, err := c.Gather(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if families[0].Signed != test.want {
				t.Errorf("%s: signed %t, want %t", name, families[0].Signed, test.want)
			}
			done()
		}
	}
}

// TestPanicInScrape holds that a panic costs one scrape and no memory of those to come.
func TestPanicInScrape(t *testing.T) {
	panics := true
	c := open(t, collector.Options{Now: func() time.Time {
		if panics {
			panic("no clock")
		}
		return time.Unix(0, noon)
	}})
	ingest(t, c, add(&collector.Family{Name: "m_total", Type: collector.Counter}, 1))
	for range 5 {
		families, done, err := c.Gather(t.Context())
		done()
		if families != nil || err == nil || errors.Is(err, collector.ErrClosed) {
			t.Errorf("Gather: %v, %v, want a panic reported", families, err)
		}
	}
	panics = false
	shows(t, c, "m_total 1")
}
