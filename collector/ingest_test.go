package collector_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// occupied returns a collector whose goroutine is held in a callback until the returned function is called.
func occupied(t *testing.T) (c *collector.Collector, let func()) {
	t.Helper()
	held, free := make(chan struct{}), make(chan struct{})
	c = open(t, collector.Options{Dropped: func(string, collector.Reason) {
		close(held)
		<-free
	}})
	var once sync.Once
	let = func() { once.Do(func() { close(free) }) }
	t.Cleanup(let) // before the Close that open left
	g := &collector.Family{Name: "occupied_total", Type: collector.Counter}
	go c.Ingest(batchAt(noon, add(g, 1), add(g, -1), add(g, 1)), nil)
	receive(t, "the collector is occupied", held)
	return c, let
}

func TestBusyLeavesNoTrace(t *testing.T) {
	c, let := occupied(t)
	f := requests()
	b := batchAt(noon, add(f, 1, "GET", "200"))
	withdraw := make(chan time.Time, 1)
	withdraw <- time.Time{}
	if err := c.Ingest(b, withdraw); !errors.Is(err, collector.ErrBusy) {
		t.Fatalf("Ingest: %v, want ErrBusy", err)
	}
	let()
	wantText(t, c, "# HELP occupied_total \n# TYPE occupied_total counter\noccupied_total 2\n")
	if s := c.Stats(); s.Applied() != 2 || s.Families() != 1 {
		t.Errorf("applied %d, families %d", s.Applied(), s.Families())
	}
	// The withdrawn batch can be brought again.
	if err := c.Ingest(b, withdraw); err != nil {
		t.Fatal(err)
	}
	if got := scrape(t, c, textFormat); !strings.Contains(got, `http_requests_total{method="GET",status="200"} 1`) {
		t.Errorf("exposition is\n%s", got)
	}
}

// TestTakenIsAppliedWhole holds that a batch that was taken no longer heeds withdraw, and that Ingest returns only once
// it is applied.
func TestTakenIsAppliedWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		c := collector.New(collector.Options{SeriesLimit: 10, Dropped: func(string, collector.Reason) { <-free }})
		f := &collector.Family{Name: "m_total", Type: collector.Counter}
		withdraw, answer := make(chan time.Time, 1), make(chan error, 1)
		go func() { answer <- c.Ingest(batchAt(noon, add(f, 1), add(f, -1), add(f, 2)), withdraw) }()
		synctest.Wait() // the collector waits in the callback
		withdraw <- time.Time{}
		synctest.Wait()
		select {
		case err := <-answer:
			t.Fatalf("Ingest returned %v before the batch was applied", err)
		default:
		}
		close(free)
		if err := <-answer; err != nil {
			t.Fatal(err)
		}
		wantText(t, c, "# HELP m_total \n# TYPE m_total counter\nm_total 3\n")
		c.Close()
	})
}

func TestCloseWhileWaiting(t *testing.T) {
	c, let := occupied(t)
	const each = 8
	ingested, gathered := make(chan error, each), make(chan error, each)
	for range each {
		go func() { ingested <- c.Ingest(batchAt(noon, add(requests(), 1, "", "")), nil) }()
		go func() {
			_, done, err := c.Gather(t.Context())
			done()
			gathered <- err
		}()
	}
	closed := make(chan struct{})
	go func() {
		c.Close()
		close(closed)
	}()
	let()
	// A waiting call may still be served when the goroutine is free again; what it must not do is hang, or lie.
	applied := uint64(2)
	for range each {
		switch err := receive(t, "Ingest returns", ingested); {
		case err == nil:
			applied++
		case !errors.Is(err, collector.ErrClosed):
			t.Errorf("Ingest: %v", err)
		}
		if err := receive(t, "Gather returns", gathered); err != nil && !errors.Is(err, collector.ErrClosed) {
			t.Errorf("Gather: %v", err)
		}
	}
	receive(t, "Close returns", closed)
	if n := c.Stats().Applied(); n != applied {
		t.Errorf("%d samples applied, Ingest reported %d", n, applied)
	}
}

func TestAfterClose(t *testing.T) {
	c := open(t, collector.Options{})
	ingest(t, c, add(requests(), 1, "", ""))
	c.Close()
	c.Close()
	for range 10 {
		if err := c.Ingest(batchAt(noon, add(requests(), 1, "", "")), nil); !errors.Is(err, collector.ErrClosed) {
			t.Errorf("Ingest: %v, want ErrClosed", err)
		}
		families, done, err := c.Gather(t.Context())
		done()
		if families != nil || !errors.Is(err, collector.ErrClosed) {
			t.Errorf("Gather: %v, %v, want ErrClosed", families, err)
		}
	}
}

func TestPanicIsContained(t *testing.T) {
	c := open(t, collector.Options{Dropped: func(string, collector.Reason) { panic("dropped") }})
	f := &collector.Family{Name: "m_total", Type: collector.Counter}
	tests := map[string]func(*collector.Batch){
		"no family":   of(collector.Sample{Value: 1}),
		"in callback": add(f, -1),
	}
	panicked, o := uint64(0), &collector.Origin{}
	for name, breaks := range tests {
		b := batchAt(noon, add(f, 1), breaks, add(f, 1), of(collector.Sample{Family: f, Value: 1, Origin: o}))
		err := c.Ingest(b, nil)
		if err == nil || errors.Is(err, collector.ErrBusy) || errors.Is(err, collector.ErrClosed) {
			t.Errorf("%s: %v, want a panic reported", name, err)
		}
		panicked += 3
		if n := o.Dropped(collector.Panicked); n != panicked/3 {
			t.Errorf("%s: %d samples of the origin dropped for a panic, want %d", name, n, panicked/3)
		}
		if n := c.Stats().Dropped(collector.Panicked); n != panicked {
			t.Errorf("%s: %d samples dropped for a panic, want %d", name, n, panicked)
		}
	}
	ingest(t, c, add(f, 1))
	wantText(t, c, "# HELP m_total \n# TYPE m_total counter\nm_total 3\n")
}

// TestExactlyOnce lets batches be withdrawn at random moments and counts that what Ingest says is what happened.
func TestExactlyOnce(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "m_total", Type: collector.Counter, Labels: []string{"n"}}
	var wg sync.WaitGroup
	taken := make([]int, 4)
	for n := range taken {
		wg.Go(func() {
			b := &collector.Batch{}
			timer := time.NewTimer(0)
			for i := range 2000 {
				b.Reset()
				for range 5 {
					add(f, 1, fmt.Sprint(n))(b)
				}
				timer.Reset(time.Duration(i%7) * time.Microsecond)
				switch err := c.Ingest(b, timer.C); {
				case err == nil:
					taken[n]++
				case !errors.Is(err, collector.ErrBusy):
					t.Errorf("Ingest: %v", err)
				}
			}
		})
	}
	wg.Wait()
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families[0].Metric {
		var n int
		fmt.Sscan(m.Label[0].GetValue(), &n)
		if want := float64(5 * taken[n]); m.Counter.GetValue() != want {
			t.Errorf("series %d is %v, want %v", n, m.Counter.GetValue(), want)
		}
	}
}
