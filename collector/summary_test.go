package collector_test

import (
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promexporter/promexporter/collector"
)

func TestSummary(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "answer_bytes", Help: "Size of answers.", Unit: "bytes", Type: collector.Summary,
		Labels: []string{"l"}, Quantiles: map[float64]float64{0.5: 0.01, 0.99: 0.001}}
	bare := &collector.Family{Name: "bare", Help: "No quantiles.", Type: collector.Summary, Labels: []string{"l"}}
	b := batchAt(noon)
	for i := range 1001 {
		observe(f, float64(i), "a")(b)
		observe(bare, float64(i), "a")(b)
	}
	if err := c.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
	for _, family := range []*collector.Family{f, bare} {
		if err := c.Init(noon, family, []string{"none"}); err != nil {
			t.Fatal(err)
		}
	}
	compareFile(t, "summary.prom", scrape(t, c, textFormat)) // protobuf: NaN is not equal to itself
	compareFile(t, "summary.om", scrape(t, c, openFormat))
}

// TestSummaryAges holds that quantiles, and only they, forget what is older than MaxAge.
func TestSummaryAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := collector.New(collector.Options{SeriesLimit: 10, Now: time.Now})
		defer c.Close()
		f := &collector.Family{Name: "s", Type: collector.Summary, Quantiles: map[float64]float64{0.5: 0.05}, MaxAge: time.Minute}
		ingestAt(t, c, time.Now().UnixNano(), observe(f, 1), observe(f, 1))
		median := func() (median, sum float64) {
			families, done, err := c.Gather(t.Context())
			defer done()
			if err != nil {
				t.Fatal(err)
			}
			s := families[0].Metric[0].Summary
			return s.Quantile[0].GetValue(), s.GetSampleSum()
		}
		if m, sum := median(); m != 1 || sum != 2 {
			t.Errorf("median %v, sum %v", m, sum)
		}
		time.Sleep(2 * time.Minute)
		if m, sum := median(); !math.IsNaN(m) || sum != 2 {
			t.Errorf("two minutes later: median %v, sum %v, want NaN, 2", m, sum)
		}
	})
}

func TestSummaryRefusesWhatPoisons(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "s", Type: collector.Summary}
	ingest(t, c, observe(f, math.NaN()), observe(f, math.Inf(1)), observe(f, 2), observe(f, -3))
	wantText(t, c, "# HELP s \n# TYPE s summary\ns_sum -1\ns_count 2\n")
}
