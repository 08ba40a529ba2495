package collector_test

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/collector"
)

// TestHammer lets ingests, scrapes, reloads and Close meet; the race detector judges.
func TestHammer(t *testing.T) {
	for round := range 5 {
		var scrapes atomic.Int64
		c := open(t, collector.Options{SeriesLimit: 500, Remembered: 20_000, Now: func() time.Time {
			return time.Unix(0, noon+scrapes.Add(1)*int64(time.Millisecond))
		}})
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() { hammerIngest(t, c, n) })
			wg.Go(func() { hammerScrape(t, c) })
		}
		wg.Go(func() { hammerControl(t, c) })
		wg.Go(func() { hammerState(t, c) })
		eventually(t, "samples are applied", func() bool { return c.Stats().Applied() > uint64(round*1000) })
		c.Close()
		wg.Wait()
	}
}

// hammered returns a family of each kind, as each set of rules makes its own.
func hammered() []*collector.Family {
	families := []*collector.Family{requests(), latency(), temperature(),
		{Name: "native", Type: collector.Histogram, Labels: []string{"l"}, Buckets: []float64{1}, Native: collector.Native{Factor: 2}},
		{Name: "summary", Type: collector.Summary, Labels: []string{"l"}, Quantiles: map[float64]float64{0.5: 0.1}},
	}
	for i, f := range families {
		f.TTL = time.Duration(i%3) * 50 * time.Millisecond
		f.SeriesLimit = 50
	}
	return families
}

func hammerIngest(t *testing.T, c *collector.Collector, n int) {
	families := hammered()
	b := &collector.Batch{}
	withdraw := time.NewTimer(time.Hour)
	for i := 0; ; i++ {
		if i%50 == 0 {
			families = hammered() // the rules were loaded again
		}
		b.Reset()
		b.Now = noon + int64(i)*int64(time.Millisecond)
		for at, f := range families {
			op := [...]collector.Op{collector.Add, collector.Observe, collector.Set, collector.Observe, collector.Observe}[at]
			labels := []string{fmt.Sprint(n, i%70), "200"}
			with(collector.Sample{Family: f, Op: op, Value: float64(i)}, trace(labels[0]), labels[:len(f.Labels)]...)(b)
		}
		withdraw.Reset(time.Millisecond)
		if err := c.Ingest(b, withdraw.C); errors.Is(err, collector.ErrClosed) {
			return
		} else if err != nil && !errors.Is(err, collector.ErrBusy) {
			t.Errorf("Ingest: %v", err)
		}
	}
}

func hammerScrape(t *testing.T, c *collector.Collector) {
	for i := 0; ; i++ {
		families, done, err := c.Gather(t.Context())
		if err == nil {
			encode(t, families, []expfmt.Format{textFormat, openFormat, protoFormat}[i%3])
		}
		done()
		if errors.Is(err, collector.ErrClosed) {
			return
		}
		if err != nil {
			t.Errorf("Gather: %v", err)
		}
		c.Stats().Applied()
	}
}

func hammerState(t *testing.T, c *collector.Collector) {
	for i := 0; ; i++ {
		now := noon + int64(i)*int64(time.Millisecond)
		s, err := c.Export(now, i%2 == 0)
		if err == nil {
			var state bytes.Buffer
			if _, err := s.WriteTo(&state); err != nil {
				t.Errorf("WriteTo: %v", err)
			}
			_, err = c.Import(&state, collector.ImportOptions{Now: now, Families: hammered(), Gauges: true})
		}
		if err == nil {
			err = c.SetOptions(collector.Options{SeriesLimit: 400 + i%200, Remembered: 10_000 + i%20_000, Now: func() time.Time { return time.Unix(0, now) }})
		}
		if errors.Is(err, collector.ErrClosed) {
			return
		}
		if err != nil {
			t.Errorf("state: %v", err)
		}
	}
}

func hammerControl(t *testing.T, c *collector.Collector) {
	for i := 0; ; i++ {
		families := hammered()
		err := c.Retain(families[:i%len(families)], nil)
		if err == nil {
			err = c.Init(noon, families[0], []string{"GET", fmt.Sprint(i % 10)})
		}
		if err == nil {
			c.Families()
		}
		if errors.Is(err, collector.ErrClosed) {
			return
		}
		if err != nil {
			t.Errorf("control: %v", err)
		}
	}
}
