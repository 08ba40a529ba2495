package collector_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// TestSlips holds which lower totals were reset.
func TestSlips(t *testing.T) {
	type sample struct {
		value float64
		start uint64
	}
	plain := func(values ...float64) (all []sample) {
		for _, v := range values {
			all = append(all, sample{v, 0})
		}
		return all
	}
	tests := map[string]struct {
		below   float64
		samples []sample
		want    float64
		slips   uint64
	}{
		"a slip":                     {0, plain(6939.3125, 6939.328125, 6939.3125, 6939.34375), 6939.34375, 1},
		"99 %":                       {0, plain(1000, 990, 1001), 1001, 1},
		"below 99 %":                 {0, plain(1000, 989, 1001), 2001, 0},
		"slips do not add up":        {0, plain(1000, 995, 992, 985, 990), 1990, 2},
		"to 0":                       {0, plain(1000, 0, 1), 1001, 0},
		"half":                       {0.5, plain(1000, 500, 1001), 1001, 1},
		"below half":                 {0.5, plain(1000, 499, 500), 1500, 0},
		"every fall":                 {1, plain(1000, 999, 1000), 2000, 0},
		"same start":                 {0, []sample{{1000, 7}, {10, 7}, {1001, 7}}, 1001, 1},
		"another start":              {0, []sample{{1000, 7}, {999, 8}, {1000, 8}}, 2000, 0},
		"another start, higher":      {0, []sample{{1000, 7}, {1001, 8}}, 2001, 0},
		"start not known at first":   {0, []sample{{1000, 0}, {1001, 8}, {5, 8}, {1002, 8}}, 1002, 1},
		"start not known in between": {0, []sample{{1000, 7}, {999, 0}, {1003, 8}}, 2003, 1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			f := &collector.Family{Name: "c_total", Type: collector.Counter, ResetBelow: test.below}
			for i, s := range test.samples {
				ingest(t, c, of(collector.Sample{Family: f, Op: collector.Total, Value: s.value, Count: s.start, Time: noon + int64(i)}))
			}
			wantText(t, c, fmt.Sprintf("# HELP c_total \n# TYPE c_total counter\nc_total %v\n", test.want))
			if n := c.Stats().Dropped(collector.Slip); n != test.slips {
				t.Errorf("%d slips, want %d", n, test.slips)
			}
		})
	}
}

// totalsModel is the simplest counter of running totals that could be right.
type totalsModel struct {
	below, sum, last float64
	start            uint64
	seen             int64
}

func (m *totalsModel) total(v float64, start uint64, now int64) {
	isReset := v < m.below*m.last
	if m.start != 0 {
		isReset = start != m.start
	}
	m.seen = now
	switch {
	case isReset:
		m.sum += v
	case v < m.last:
		return
	default:
		m.sum += v - m.last
	}
	m.last, m.start = v, start
}

// TestTotalsAgainstModel sends random totals that grow, slip and are reset, of series that expire and come back, and
// compares the page with the model. Now and then, the collector is replaced by one that is restored from its state, or
// its rules are reloaded.
func TestTotalsAgainstModel(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		now := &clock{noon}
		below := []float64{0.99, 0.5, 1}[seed%3]
		hasStart := seed%2 == 0
		family := func() *collector.Family {
			f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
			if below != 0.99 {
				f.ResetBelow = below
			}
			return f
		}
		f, models := family(), map[string]*totalsModel{}
		c := open(t, collector.Options{Now: now.Now})
		for step := range 300 {
			now.now += int64(r.IntN(40)) * second
			label := fmt.Sprint(r.IntN(4))
			m := models[label]
			if m == nil {
				m = &totalsModel{below: below}
				models[label] = m
			}
			v, start := m.last, m.start
			switch r.IntN(5) {
			case 0:
				v *= 0.98 + r.Float64()/50
			case 1:
				v *= r.Float64()
			case 2:
				start++
			default:
				v += float64(r.IntN(1000))
			}
			if !hasStart {
				start = 0
			} else if start == 0 {
				start = 1
			}
			m.total(v, start, now.now)
			ingestAt(t, c, now.now, of(collector.Sample{Family: f, Op: collector.Total, Value: v, Count: start, Time: now.now}, label))
			switch r.IntN(30) {
			case 0:
				state := written(t, c, now.now, false)
				c.Close()
				f, c = family(), open(t, collector.Options{Now: now.Now})
				restored(t, c, state, now.now, f)
			case 1:
				f = family()
				if err := c.Retain([]*collector.Family{f}, nil); err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]string{}
			for label, m := range models {
				if now.now-m.seen < int64(time.Minute) {
					want[label] = fmt.Sprintf("%.4f", m.sum)
				}
			}
			got := map[string]string{}
			for label, text := range shown(t, c, f) {
				var sum float64
				if _, err := fmt.Sscan(text, &sum); err != nil {
					t.Fatal(err)
				}
				got[label] = fmt.Sprintf("%.4f", sum)
			}
			if !maps.Equal(got, want) {
				t.Fatalf("seed %d, step %d: the page has\n%v\nwant\n%v", seed, step, got, want)
			}
		}
	}
}
