package collector_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

func bytesRead() *collector.Family {
	return &collector.Family{Name: "read_bytes_total", Type: collector.Counter, Labels: []string{"disk"}}
}

// total is a sample of a running total, at seconds after noon.
func total(f *collector.Family, seconds int64, v float64, labels ...string) func(*collector.Batch) {
	return of(collector.Sample{Family: f, Op: collector.Total, Value: v, Time: noon + seconds*1e9}, labels...)
}

func TestRunningTotal(t *testing.T) {
	tests := map[string]struct {
		totals []float64 // one a second
		want   float64
	}{
		"first":                  {[]float64{100}, 100},
		"grows":                  {[]float64{100, 150, 150, 175}, 175},
		"starts at 0":            {[]float64{0, 0, 5}, 5},
		"reset to less":          {[]float64{100, 30, 40}, 140},
		"reset to 0":             {[]float64{100, 0, 10}, 110},
		"resets twice":           {[]float64{10, 5, 1}, 16},
		"reset unseen":           {[]float64{10, 20, 30}, 30},
		"reset after great ones": {[]float64{math.MaxFloat64, 0}, math.MaxFloat64},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			f := bytesRead()
			for i, v := range test.totals {
				ingest(t, c, total(f, int64(i), v, "sda"))
			}
			want := fmt.Sprintf("read_bytes_total{disk=\"sda\"} %v\n", test.want)
			if got := scrape(t, c, textFormat); !strings.HasSuffix(got, want) {
				t.Errorf("exposition is\n%s\nwant %s", got, want)
			}
		})
	}
}

// TestRunningTotalOutOfOrder holds that a late record is not a reset.
func TestRunningTotalOutOfOrder(t *testing.T) {
	c := open(t, collector.Options{})
	f := bytesRead()
	o := &collector.Origin{}
	late := collector.Sample{Family: f, Op: collector.Total, Value: 100, Time: noon + 1e9, Origin: o}
	ingest(t, c, total(f, 1, 100, "sda"), total(f, 2, 200, "sda"), of(late, "sda"),
		total(f, 2, 250, "sda"), total(f, 1, 7, "sdb"))
	wantText(t, c, "# HELP read_bytes_total \n# TYPE read_bytes_total counter\n"+
		"read_bytes_total{disk=\"sda\"} 250\nread_bytes_total{disk=\"sdb\"} 7\n")
	if c.Stats().Dropped(collector.OutOfOrder) != 1 || o.Dropped(collector.OutOfOrder) != 1 {
		t.Errorf("dropped %d, of the origin %d", c.Stats().Dropped(collector.OutOfOrder), o.Dropped(collector.OutOfOrder))
	}
}

// TestRunningTotalHasNoCreatedTimestamp holds that the first total, which may be years old, does not look like an
// increase since now.
func TestRunningTotalHasNoCreatedTimestamp(t *testing.T) {
	c := open(t, collector.Options{})
	f := bytesRead()
	ingest(t, c, total(f, 0, 1e12, "sda"), add(f, 1, "sdb"))
	for range 2 {
		compareFile(t, "total.om", scrape(t, c, openFormat))
		// From here on sdc has what sdb had in the memory of the snapshot.
	}
	ingest(t, c, add(f, 5, "sdc"))
	scrape(t, c, openFormat)
	ingest(t, c, total(f, 1, 6, "sdc"))
	if got := scrape(t, c, openFormat); strings.Contains(got, `read_bytes_created{disk="sdc"}`) {
		t.Errorf("a running total has a created timestamp:\n%s", got)
	}
}

func TestRunningTotalRefusals(t *testing.T) {
	c := open(t, collector.Options{})
	f := bytesRead()
	ingest(t, c, total(f, 0, 5, "sda"), total(f, 1, math.NaN(), "sda"), total(f, 1, math.Inf(1), "sda"),
		total(f, 1, -1, "sda"), total(f, 2, 6, "sda"))
	if got := scrape(t, c, textFormat); !strings.HasSuffix(got, `{disk="sda"} 6`+"\n") {
		t.Errorf("exposition is\n%s", got)
	}
	if s := c.Stats(); s.Dropped(collector.NotFinite) != 2 || s.Dropped(collector.NegativeIncrement) != 1 {
		t.Errorf("dropped %d and %d", s.Dropped(collector.NotFinite), s.Dropped(collector.NegativeIncrement))
	}
}
