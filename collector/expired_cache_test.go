package collector_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// TestComingBack holds that counters, histograms and summaries that come back continue from their old value, with their
// created timestamp.
func TestComingBack(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	ttl := 60 * time.Second
	counter := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: ttl}
	running := &collector.Family{Name: "r_total", Type: collector.Counter, Labels: []string{"l"}, TTL: ttl}
	histogram := &collector.Family{Name: "h", Type: collector.Histogram, Labels: []string{"l"}, TTL: ttl, Buckets: []float64{1},
		Native: collector.Native{Factor: 2}}
	summary := &collector.Family{Name: "s", Type: collector.Summary, Labels: []string{"l"}, TTL: ttl}
	all := func(seconds int64, labels ...string) {
		for _, l := range labels {
			ingestAt(t, c, noon+seconds*second, add(counter, 2, l), total(running, seconds, float64(10+seconds), l),
				observe(histogram, 0.5, l), observe(histogram, 3, l), observe(summary, 5, l))
		}
	}
	all(0, "a", "b", "c")
	compareFile(t, "back0.om", scrape(t, c, openFormat))
	now.now = noon + 100*second
	if got := scrape(t, c, openFormat); got != "# EOF\n" {
		t.Errorf("all should have expired:\n%s", got)
	}
	if s := c.Stats(); s.Expired() != 12 || s.Remembered() != 12 || s.Series() != 0 || s.Families() != 0 {
		t.Errorf("expired %d, remembered %d, series %d, families %d", s.Expired(), s.Remembered(), s.Series(), s.Families())
	}
	all(200, "c", "a", "new")
	now.now = noon + 200*second
	compareFile(t, "back1.om", scrape(t, c, openFormat))
	if s := c.Stats(); s.Remembered() != 4 || s.Forgotten() != 0 {
		t.Errorf("remembered %d, forgotten %d", s.Remembered(), s.Forgotten())
	}
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range families[1].Metric[:2] {
		// Native buckets of 0.5 and 3, twice each.
		if h := m.Histogram; h.GetSampleCount() != 4 || fmt.Sprint(h.PositiveDelta) != "[2 -2 0 2]" {
			t.Errorf("native histogram is %v", h)
		}
	}
}

// TestExpiredAreForgotten holds the bound on what is remembered, the oldest going first.
func TestExpiredAreForgotten(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now, Remembered: 5 * 210})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Second}
	for i := range 10 {
		ingestAt(t, c, noon+int64(i), add(f, 1, fmt.Sprint(i)))
	}
	now.now = noon + 10*second
	shows(t, c)
	if s := c.Stats(); s.Expired() != 10 || s.Remembered() != 5 || s.Forgotten() != 5 {
		t.Errorf("expired %d, remembered %d, forgotten %d", s.Expired(), s.Remembered(), s.Forgotten())
	}
	ingestAt(t, c, now.now, add(f, 1, "4"), add(f, 1, "5"), add(f, 1, "9"))
	shows(t, c, `c_total{l="4"} 1`, `c_total{l="5"} 2`, `c_total{l="9"} 2`)
	if n := c.Stats().Remembered(); n != 3 {
		t.Errorf("%d remembered, want 3", n)
	}
}

func TestNothingIsRemembered(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now, Remembered: -1})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, TTL: time.Second}
	ingest(t, c, add(f, 5))
	now.now = noon + second
	shows(t, c)
	ingestAt(t, c, now.now, add(f, 1))
	shows(t, c, `c_total 1`)
	if s := c.Stats(); s.Forgotten() != 1 || s.Remembered() != 0 {
		t.Errorf("forgotten %d, remembered %d", s.Forgotten(), s.Remembered())
	}
}

// TestSeriesMoveWhole holds that a series that gets the place of an expired one takes all it has there, and that one
// that comes back has its time.
func TestSeriesMoveWhole(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	family := func(name string, kind collector.Type) *collector.Family {
		return &collector.Family{Name: name, Type: kind, Labels: []string{"l"}, TTL: time.Minute, Timestamps: true}
	}
	counter, gauge, histogram, summary := family("c_total", collector.Counter), family("g", collector.Gauge),
		family("h", collector.Histogram), family("s", collector.Summary)
	histogram.Buckets, histogram.Native = []float64{10}, collector.Native{Factor: 2}
	summary.Quantiles = map[float64]float64{0.5: 0.05}
	round := func(at int64, labels ...int) {
		for _, i := range labels {
			v, l := float64(i), fmt.Sprint(i)
			s := collector.Sample{Value: v, Time: noon + int64(i)*second}
			for f, op := range map[*collector.Family]collector.Op{counter: collector.Total, gauge: collector.Set,
				histogram: collector.Observe, summary: collector.Observe} {
				s.Family, s.Op = f, op
				exemplar := trace("of " + l)
				if f == gauge || f == summary {
					exemplar = nil
				}
				ingestAt(t, c, at, with(s, exemplar, l))
			}
		}
	}
	round(noon, 1, 2, 3, 4, 5)
	round(noon+30*second, 5, 2, 3)
	now.now = noon + 60*second
	compareFile(t, "moved.om", scrape(t, c, openFormat))

	late := collector.Sample{Family: counter, Op: collector.Total, Value: 1, Time: noon}
	ingestAt(t, c, now.now, of(late, "1"), of(late, "4"))
	if n := c.Stats().Dropped(collector.OutOfOrder); n != 2 {
		t.Errorf("%d totals dropped as older than what was remembered, want 2", n)
	}
}
