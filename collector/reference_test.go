package collector_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// reference is the simplest collector that could be right, for one family with a TTL and no bounds.
type reference struct {
	family *collector.Family
	series map[string]*modelled
}

type modelled struct {
	value   float64
	created int64
	touched int64
	pinned  bool
}

func (m *reference) alive(s *modelled, now int64) bool {
	return s.pinned || m.recent(s, now)
}

func (m *reference) recent(s *modelled, now int64) bool { return now-s.touched < int64(m.family.TTL) }

func (m *reference) add(l string, v float64, now int64, pin bool) {
	s := m.series[l]
	if s == nil || m.family.Type == collector.Gauge && !m.recent(s, now) {
		s = &modelled{created: now, touched: now, pinned: s != nil && s.pinned}
		m.series[l] = s
	}
	s.value += v
	if !pin {
		s.touched = now
	}
	s.pinned = s.pinned || pin
}

func (m *reference) exposition(now int64) map[string]string {
	all := map[string]string{}
	for l, s := range m.series {
		if !m.alive(s, now) {
			continue
		}
		all[l] = fmt.Sprint(s.value)
		switch {
		case m.family.Type == collector.Gauge && !m.recent(s, now):
			all[l] = "0" // it is declared
		case m.family.Type == collector.Counter:
			all[l] = fmt.Sprint(s.value, " since ", (s.created-noon)/second)
		}
	}
	return all
}

// TestAgainstReference lets random batches and scrapes, with series that expire, come back and are declared, end as in
// the reference.
func TestAgainstReference(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		now := &clock{noon}
		c := open(t, collector.Options{Now: now.Now})
		models := []*reference{
			{&collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: 20 * time.Second}, map[string]*modelled{}},
			{&collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: 10 * time.Second}, map[string]*modelled{}},
		}
		for step := range 500 {
			now.now += int64(r.IntN(4)) * second
			b := batchAt(now.now)
			for range r.IntN(20) {
				m, l := models[r.IntN(2)], fmt.Sprint(r.IntN(60))
				if r.IntN(200) == 0 {
					of(collector.Sample{Family: m.family, Op: collector.Declare}, l)(b)
					m.add(l, 0, now.now, true)
					continue
				}
				v := float64(r.IntN(100))
				add(m.family, v, l)(b)
				m.add(l, v, now.now, false)
			}
			if err := c.Ingest(b, nil); err != nil {
				t.Fatal(err)
			}
			if r.IntN(3) > 0 {
				continue
			}
			now.now += int64(r.IntN(3)) * second
			for _, m := range models {
				if got, want := shown(t, c, m.family), m.exposition(now.now); !maps.Equal(got, want) {
					t.Fatalf("seed %d, step %d: %s is\n%v\nwant\n%v", seed, step, m.family.Name, got, want)
				}
			}
		}
	}
}

// shown returns the series of a family in the reference.
func shown(t *testing.T, c *collector.Collector, f *collector.Family) map[string]string {
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, family := range families {
		if family.GetName() != f.Name {
			continue
		}
		for _, m := range family.Metric {
			l := m.Label[0].GetValue()
			if _, twice := all[l]; twice {
				t.Errorf("%s has two series %q", f.Name, l)
			}
			all[l] = fmt.Sprint(m.Gauge.GetValue())
			if m.Counter != nil {
				all[l] = fmt.Sprint(m.Counter.GetValue(), " since ", m.Counter.CreatedTimestamp.GetSeconds()-noon/second)
			}
		}
	}
	for _, size := range c.Families() {
		if size.Name == f.Name && size.Series != len(all) {
			t.Errorf("%s has %d series, %d are shown", f.Name, size.Series, len(all))
		}
	}
	return all
}

// TestOrderOfSeriesIsStable holds that scrapes show series in one order as long as none expires.
func TestOrderOfSeriesIsStable(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}}
	var before []string
	for i := range 100 {
		ingest(t, c, set(f, 1, fmt.Sprint(i*7919%100)))
		families, done, err := c.Gather(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var now []string
		for _, m := range families[0].Metric {
			now = append(now, m.Label[0].GetValue())
		}
		done()
		if !slices.Equal(now[:len(before)], before) {
			t.Fatalf("order is %q after %q", now, before)
		}
		before = now
	}
}
