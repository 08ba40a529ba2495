package collector_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/collector"
)

// TestSnapshotIsIsolated holds that what Gather returned does not change until
// done is called, whatever is ingested and scraped meanwhile.
func TestSnapshotIsIsolated(t *testing.T) {
	c := open(t, collector.Options{})
	r, l, temp := requests(), latency(), temperature()
	grow := func(n int) {
		for i := range n {
			ingest(t, c, add(r, 1, "GET", fmt.Sprint(i)), observe(l, float64(i), fmt.Sprint(i)), set(temp, float64(i), fmt.Sprint(i)))
		}
	}
	grow(10)
	first, doneFirst, err := c.Gather()
	if err != nil {
		t.Fatal(err)
	}
	atFirst := encode(t, first, textFormat)
	grow(20)
	second, doneSecond, err := c.Gather()
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

// TestDoneTwice holds that a second call of done does not give the memory of a
// snapshot to two scrapes.
func TestDoneTwice(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "m_total", Type: collector.Counter}
	ingest(t, c, add(f, 1))
	_, done, err := c.Gather()
	if err != nil {
		t.Fatal(err)
	}
	done()
	done()
	one, doneOne, _ := c.Gather()
	defer doneOne()
	ingest(t, c, add(f, 1))
	two, doneTwo, _ := c.Gather()
	defer doneTwo()
	if a, b := one[0].Metric[0].Counter.GetValue(), two[0].Metric[0].Counter.GetValue(); a != 1 || b != 2 {
		t.Errorf("values %v and %v, want 1 and 2", a, b)
	}
}

// TestSnapshotMemoryIsReused holds that a scrape in used memory shows what one
// in fresh memory does, after series and families were added.
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
	a, doneA, _ := used.Gather()
	defer doneA()
	b, doneB, _ := fresh.Gather()
	defer doneB()
	if len(a) != len(b) {
		t.Fatalf("%d and %d families", len(a), len(b))
	}
	for i := range a {
		if !proto.Equal(a[i], b[i]) {
			t.Errorf("used memory shows\n%v\nfresh memory\n%v", a[i], b[i])
		}
	}
}

// TestScrapesShareMemory holds that scrapes that wait for memory are served
// together, and that each shows what was ingested before it began.
func TestScrapesShareMemory(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "m_total", Type: collector.Counter}
	ingest(t, c, add(f, 1))
	var held []func()
	for range collector.MaxSnapshots {
		_, done, err := c.Gather()
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, done)
	}
	ingest(t, c, add(f, 1))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			families, done, err := c.Gather()
			defer done()
			if err != nil {
				t.Error(err)
				return
			}
			if v := families[0].Metric[0].Counter.GetValue(); v < 2 {
				t.Errorf("a scrape shows %v, 2 were ingested before it", v)
			}
		})
	}
	held[0]()
	wg.Wait()
	for _, done := range held[1:] {
		done()
	}
	wantText(t, c, "# HELP m_total \n# TYPE m_total counter\nm_total 2\n")
}

func TestCloseWhileScrapesWaitForMemory(t *testing.T) {
	c := open(t, collector.Options{})
	for range collector.MaxSnapshots {
		if _, _, err := c.Gather(); err != nil {
			t.Fatal(err)
		}
	}
	answers := make(chan error, 5)
	for range cap(answers) {
		go func() {
			_, done, err := c.Gather()
			done()
			answers <- err
		}()
	}
	c.Close()
	for range cap(answers) {
		if err := receive(t, "a waiting scrape ends", answers); err != collector.ErrClosed {
			t.Errorf("Gather: %v, want ErrClosed", err)
		}
	}
}

// TestPanicInScrape holds that a panic costs one scrape and no memory of those to
// come.
func TestPanicInScrape(t *testing.T) {
	panics := true
	c := open(t, collector.Options{Now: func() time.Time {
		if panics {
			panic("no clock")
		}
		return time.Unix(0, noon)
	}})
	ingest(t, c, add(&collector.Family{Name: "m_total", Type: collector.Counter}, 1))
	for range 3 * collector.MaxSnapshots {
		families, done, err := c.Gather()
		done()
		if families != nil || err == nil || errors.Is(err, collector.ErrClosed) {
			t.Errorf("Gather: %v, %v, want a panic reported", families, err)
		}
	}
	panics = false
	shows(t, c, "m_total 1")
}
