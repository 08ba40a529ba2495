package collector_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

const second = int64(time.Second)

// clock is the time of scrapes.
type clock struct{ now int64 }

func (c *clock) Now() time.Time { return time.Unix(0, c.now) }

// shows compares the series lines of the text exposition.
func shows(t testing.TB, c *collector.Collector, want ...string) {
	t.Helper()
	var got []string
	for line := range strings.Lines(scrape(t, c, textFormat)) {
		if !strings.HasPrefix(line, "#") {
			got = append(got, strings.TrimSuffix(line, "\n"))
		}
	}
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("series are %q, want %q", got, want)
	}
}

func TestGaugesExpire(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: 60 * time.Second}
	forever := &collector.Family{Name: "forever", Type: collector.Gauge}
	ingest(t, c, set(f, 1, "a"), set(f, 2, "b"), set(f, 3, "c"), set(forever, 4))
	ingestAt(t, c, noon+30*second, add(f, 1, "b"))

	now.now = noon + 60*second - 1
	shows(t, c, `forever 4`, `g{l="a"} 1`, `g{l="b"} 3`, `g{l="c"} 3`)
	now.now = noon + 60*second
	shows(t, c, `forever 4`, `g{l="b"} 3`)
	ingestAt(t, c, noon+70*second, add(f, 7, "a")) // starts over at 0
	shows(t, c, `forever 4`, `g{l="b"} 3`, `g{l="a"} 7`)
	now.now = noon + 100*second
	shows(t, c, `forever 4`, `g{l="a"} 7`)
	now.now = noon + 1000*second
	shows(t, c, `forever 4`)
	if s := c.Stats(); s.Expired() != 4 || s.Series() != 1 || s.Families() != 1 || s.Remembered() != 0 {
		t.Errorf("expired %d, series %d, families %d, remembered %d", s.Expired(), s.Series(), s.Families(), s.Remembered())
	}
}

// TestLateGaugeStartsOver holds that an expired gauge starts over even if nothing has removed it yet.
func TestLateGaugeStartsOver(t *testing.T) {
	c := open(t, collector.Options{})
	// More families than one batch looks through, so that f is not among them.
	for i := range 200 {
		ingest(t, c, set(&collector.Family{Name: fmt.Sprint("g", i), Type: collector.Gauge, TTL: time.Hour}, 1))
	}
	f := &collector.Family{Name: "f", Type: collector.Gauge, TTL: time.Second}
	g := &collector.Family{Name: "g", Type: collector.Gauge, TTL: time.Second}
	from := func(source uint32) func(*collector.Batch) {
		return of(collector.Sample{Family: g, Op: collector.Set, Source: source, Value: float64(source)})
	}
	ingest(t, c, add(f, 5), from(1), from(2))
	ingestAt(t, c, noon+second, add(f, 5), from(2))
	got := scrape(t, c, textFormat)
	if !strings.Contains(got, "\nf 5\n") || !strings.Contains(got, "\ng 2\n") {
		t.Errorf("exposition is\n%s", got)
	}
	if n := c.Stats().Dropped(collector.NameCollision); n != 1 {
		t.Errorf("%d collisions, want 1", n)
	}
}

// TestLateAggregateStartsOver does the same with an aggregate, which has a time.
func TestLateAggregateStartsOver(t *testing.T) {
	c := open(t, collector.Options{})
	for i := range 200 {
		ingest(t, c, set(&collector.Family{Name: fmt.Sprint("g", i), Type: collector.Gauge, TTL: time.Hour}, 1))
	}
	f := &collector.Family{Name: "f", Type: collector.Gauge, TTL: time.Second}
	sum := func(at int64) func(*collector.Batch) {
		return of(collector.Sample{Family: f, Op: collector.Sum, Value: 2, Time: at})
	}
	ingest(t, c, sum(noon+100), sum(noon+100))
	ingestAt(t, c, noon+second, sum(noon+50)) // older, but of a series that is new
	if got := scrape(t, c, textFormat); !strings.Contains(got, "\nf 2\n") {
		t.Errorf("exposition is\n%s", got)
	}
}

// TestExpiryWithoutScrapes holds that batches free memory when nobody scrapes, whatever they are about.
func TestExpiryWithoutScrapes(t *testing.T) {
	c := open(t, collector.Options{})
	for i := range 300 {
		f := &collector.Family{Name: fmt.Sprint("g", i), Type: collector.Gauge, Labels: []string{"l"}, TTL: time.Minute}
		b := batchAt(noon)
		for j := range 30 {
			set(f, 1, fmt.Sprint(j))(b)
		}
		if err := c.Ingest(b, nil); err != nil {
			t.Fatal(err)
		}
	}
	other := &collector.Family{Name: "other", Type: collector.Gauge}
	batches := 0
	for ; c.Stats().Series() > 1 && batches < 100; batches++ {
		ingestAt(t, c, noon+int64(time.Hour), set(other, 1))
	}
	if batches > 10 {
		t.Errorf("%d series are left after %d batches", c.Stats().Series(), batches)
	}
}

// TestExpiredMakeRoom holds that a limit turns nothing away while there are series whose time is over.
func TestExpiredMakeRoom(t *testing.T) {
	var reported []string
	c := open(t, collector.Options{SeriesLimit: 150,
		Dropped:    func(f string, r collector.Reason) { reported = append(reported, fmt.Sprint(f, r)) },
		Overflowed: func(f, label string) { reported = append(reported, f+label) },
	})
	// The TTL of another family keeps the hand from reaching f.
	for i := range 100 {
		ingest(t, c, set(&collector.Family{Name: fmt.Sprint("g", i), Type: collector.Gauge, TTL: time.Hour}, 1))
	}
	f := &collector.Family{Name: "f", Type: collector.Gauge, Labels: []string{"l"}, TTL: time.Minute, SeriesLimit: 20}
	u := &collector.Family{Name: "u", Type: collector.Gauge, Labels: []string{"l"}}
	for i := range 20 {
		ingest(t, c, set(f, 1, fmt.Sprint("old", i)))
	}
	b := batchAt(noon + int64(2*time.Minute))
	for i := range 20 {
		set(f, 1, fmt.Sprint("new", i))(b)
	}
	for i := range 30 {
		set(u, 1, fmt.Sprint(i))(b)
	}
	if err := c.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
	if len(reported) > 0 || c.Stats().Series() != 150 {
		t.Errorf("reported %q, %d series", reported, c.Stats().Series())
	}
}

func TestDeclaredSeriesStay(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"code"}, TTL: time.Minute}
	ingest(t, c, add(f, 1, "200"), add(f, 1, "404"))
	if err := c.Init(noon, f, []string{"200"}, []string{"500"}, []string{"500"}); err != nil {
		t.Fatal(err)
	}
	shows(t, c, `c_total{code="200"} 1`, `c_total{code="404"} 1`, `c_total{code="500"} 0`)
	now.now = noon + int64(time.Hour)
	shows(t, c, `c_total{code="200"} 1`, `c_total{code="500"} 0`)
	ingestAt(t, c, now.now, add(f, 1, "500"), add(f, 1, "404"))
	shows(t, c, `c_total{code="200"} 1`, `c_total{code="500"} 1`, `c_total{code="404"} 2`)
	now.now += int64(time.Hour)
	shows(t, c, `c_total{code="200"} 1`, `c_total{code="500"} 1`)
}

// TestClockTurnedBack holds that series neither vanish nor stay forever when the clock is turned back, by a batch or by
// a scrape.
func TestClockTurnedBack(t *testing.T) {
	for _, back := range []time.Duration{time.Second, time.Hour, 24 * 365 * time.Hour} {
		now := &clock{noon}
		c := open(t, collector.Options{Now: now.Now})
		g := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: time.Minute}
		f := &collector.Family{Name: "c_total", Type: collector.Counter, TTL: time.Minute}
		ingestAt(t, c, now.now, set(g, 1, "a"), set(g, 1, "b"), add(f, 1))
		now.now -= int64(back)
		ingestAt(t, c, now.now, set(g, 2, "b"))
		shows(t, c, `c_total 1`, `g{l="a"} 1`, `g{l="b"} 2`)
		now.now += 30 * second
		ingestAt(t, c, now.now, add(f, 1))
		now.now += 45 * second
		shows(t, c, `c_total 2`)
		now.now -= int64(back)
		shows(t, c, `c_total 2`)
		now.now += 75 * second
		shows(t, c)
	}
}

// TestLateFlush holds that a flush which waited for the collector is not taken for a clock that was turned back, and
// that its series live as long as others.
func TestLateFlush(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: 2 * time.Second}
	ingestAt(t, c, noon, set(f, 1, "a"))
	now.now += 5 * second
	shows(t, c)
	ingestAt(t, c, noon, set(f, 1, "b"))
	shows(t, c, `g{l="b"} 1`)
}

// TestScrapeWithoutClock holds that a scrape without a clock goes by the batches. Series live up to a TTL longer when
// it was turned back.
func TestScrapeWithoutClock(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: time.Minute}
	g := &collector.Family{Name: "h", Type: collector.Gauge}
	ingest(t, c, set(f, 1, "a"))
	ingestAt(t, c, noon-int64(time.Hour), set(f, 2, "b")) // from a flush whose clock was turned back
	shows(t, c, `g{l="a"} 1`, `g{l="b"} 2`)
	ingestAt(t, c, noon+int64(time.Minute), set(g, 1))
	shows(t, c, `h 1`)
}

// TestManyExpire lets series come and go in numbers that make columns shrink, and compares with what is right.
func TestManyExpire(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	want := map[string]float64{}
	for round, n := range []int{20_000, 100, 5000, 0, 3, 20_000} {
		now.now = noon + int64(round)*int64(time.Hour)
		b := batchAt(now.now)
		for i := range n {
			l := fmt.Sprint(i)
			want[l]++
			add(f, 1, l)(b)
		}
		if err := c.Ingest(b, nil); err != nil {
			t.Fatal(err)
		}
		families, done, err := c.Gather(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		shown := 0
		for _, family := range families {
			for _, m := range family.Metric {
				shown++
				if l := m.Label[0].GetValue(); m.Counter.GetValue() != want[l] {
					t.Fatalf("round %d: %s is %v, want %v", round, l, m.Counter.GetValue(), want[l])
				}
			}
		}
		if shown != n {
			t.Errorf("round %d: %d series, want %d", round, shown, n)
		}
		done()
	}
}
