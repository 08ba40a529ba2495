package collector_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// roundsModel is the simplest collector that could be right for one gauge with rounds.
type roundsModel struct {
	ttl    int64
	rounds map[string]*modelledRound
	series map[string]*modelledAggregate
}

type modelledRound struct{ time, seen int64 }

type modelledAggregate struct {
	value      float64
	time, seen int64
	tag        string // of the round, "": in none
	declared   bool
}

// enter reports whether a record of that time is not too old.
func (m *roundsModel) enter(tag string, at, now int64, isSample bool) bool {
	r := m.rounds[tag]
	if r == nil && !isSample {
		return false
	}
	if r == nil {
		r = &modelledRound{time: at}
		m.rounds[tag] = r
	}
	if at < r.time && !(m.ttl > 0 && now-r.seen >= m.ttl) {
		return false
	}
	r.time, r.seen = at, now
	return true
}

// sample applies the sum of a record, or sets the value of the series if isSet.
func (m *roundsModel) sample(tag, label string, v float64, at, now int64, isSet bool) {
	if !isSet && !m.enter(tag, at, now, true) {
		return
	}
	s := m.series[label]
	if s == nil {
		s = &modelledAggregate{time: at - 1}
		m.series[label] = s
	}
	m.expire(label, now)
	if m.series[label] == nil {
		s = &modelledAggregate{time: at - 1}
		m.series[label] = s
	}
	switch {
	case isSet:
		s.value, s.tag = v, ""
	case at < s.time:
		return
	case at > s.time:
		s.value, s.tag = v, tag
	default:
		s.value, s.tag = s.value+v, tag
	}
	s.time, s.seen = max(s.time, at), now
}

// fallBack ends a series, or gives a declared one its first value.
func (m *roundsModel) fallBack(label string) {
	if s := m.series[label]; s.declared {
		*s = modelledAggregate{time: -1 << 62, declared: true}
		return
	}
	delete(m.series, label)
}

func (m *roundsModel) expire(label string, now int64) {
	if s := m.series[label]; m.ttl > 0 && s.seen > 0 && now-s.seen >= m.ttl {
		m.fallBack(label)
	}
}

// end ends what has no record in the round of its tag.
func (m *roundsModel) end(now int64) {
	for label, s := range m.series {
		if s.tag != "" && s.time < m.rounds[s.tag].time {
			m.fallBack(label)
			continue
		}
		m.expire(label, now)
	}
}

func (m *roundsModel) shown() map[string]string {
	all := make(map[string]string)
	for label, s := range m.series {
		all[label] = fmt.Sprint(s.value)
	}
	return all
}

// TestRoundsAgainstModel sends random rounds of several tags, some of them late or without samples, and compares the
// page with the model. Now and then, the collector is replaced by one that is restored from its state.
func TestRoundsAgainstModel(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		now := &clock{noon}
		ttl := time.Duration(seed%3) * 20 * time.Second
		family := func() *collector.Family {
			return &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: ttl}
		}
		f, declared := family(), [][]string{{"1"}, {"2"}}
		m := &roundsModel{ttl: int64(ttl), rounds: map[string]*modelledRound{}, series: map[string]*modelledAggregate{}}
		c := open(t, collector.Options{Now: now.Now})
		declare := func() {
			if err := c.Init(now.now, f, declared...); err != nil {
				t.Fatal(err)
			}
			for _, set := range declared {
				if m.series[set[0]] == nil {
					m.series[set[0]] = &modelledAggregate{time: -1 << 62}
				}
				m.series[set[0]].declared = true
			}
		}
		declare()
		for step := range 300 {
			now.now += int64(r.IntN(8)) * second
			b, tag := batchAt(now.now), fmt.Sprint("tag", r.IntN(3))
			var families collector.Aggregates
			families.Add(f)
			at, mark := now.now-int64(r.IntN(2)*r.IntN(30))*second, int64(0)
			for range r.IntN(8) {
				if r.IntN(4) == 0 {
					at += int64(r.IntN(3)) * second
				}
				b.Round(tag, &families, at)
				mark = max(mark, at)
				label, v, isSet := fmt.Sprint(r.IntN(6)), float64(r.IntN(5)), r.IntN(15) == 0
				if r.IntN(3) == 0 {
					continue // a record without a sample
				}
				op := collector.Sum
				if isSet {
					op = collector.Set
				}
				of(collector.Sample{Family: f, Op: op, Value: v, Time: at}, label)(b)
				m.sample(tag, label, v, at, now.now, isSet)
			}
			if err := c.Ingest(b, nil); err != nil {
				t.Fatal(err)
			}
			if mark > 0 {
				m.enter(tag, mark, now.now, false)
			}
			m.end(now.now)
			if r.IntN(20) == 0 {
				state := written(t, c, now.now, true)
				c.Close()
				f, c = family(), open(t, collector.Options{Now: now.Now})
				restored(t, c, state, now.now, f)
				declare()
			}
			if got, want := shown(t, c, f), m.shown(); !maps.Equal(got, want) {
				t.Fatalf("seed %d, step %d: the page has\n%v\nwant\n%v", seed, step, got, want)
			}
			recount(t, c)
		}
	}
}

// TestManyTags holds that there are hardly more rounds than series, however many tags come.
func TestManyTags(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}}
	var most int64
	for i := range 2000 {
		b := batchAt(noon + int64(i)*second)
		b.Round(fmt.Sprint("tag", i), new(collector.Aggregates), 0)
		of(collector.Sample{Family: f, Op: collector.Count}, "one")(b)
		if err := c.Ingest(b, nil); err != nil {
			t.Fatal(err)
		}
		most = max(most, c.Stats().Bytes())
	}
	if most > 6000 || c.Stats().Series() != 1 {
		t.Errorf("%d bytes, %d series", most, c.Stats().Series())
	}
	recount(t, c)
	if err := c.SetOptions(collector.Options{SeriesLimit: 10, MemoryLimit: 1}); err != nil {
		t.Fatal(err)
	}
	b := batchAt(noon + 3000*second)
	b.Round("another tag", new(collector.Aggregates), 0)
	of(collector.Sample{Family: f, Op: collector.Count}, "one")(b)
	if err := c.Ingest(b, nil); err != nil || c.Stats().Dropped(collector.MemoryLimit) != 1 {
		t.Errorf("%d dropped, %v", c.Stats().Dropped(collector.MemoryLimit), err)
	}
}

// TestRoundFarAhead holds that a record of the far future, of which no sample is made, ends nothing.
func TestRoundFarAhead(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge}
	var families collector.Aggregates
	families.Add(f)
	ingest(t, c, of(collector.Sample{Family: f, Op: collector.Count}))
	ingest(t, c, func(b *collector.Batch) { b.Round("", &families, noon+48*3600*second) })
	wantText(t, c, "# HELP g \n# TYPE g gauge\ng 1\n")
	ingest(t, c, func(b *collector.Batch) { b.Round("", &families, noon+second) })
	wantText(t, c, "")
}

// TestDeclaredGauge holds that a gauge which is declared falls back to 0, and leaves the page when it is not any more.
func TestDeclaredGauge(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, TTL: 10 * time.Second}
	want := func(lines string) {
		t.Helper()
		if lines != "" {
			lines = "# HELP g \n# TYPE g gauge\n" + lines
		}
		wantText(t, c, lines)
	}
	if err := c.Init(noon, f, []string{"a"}); err != nil {
		t.Fatal(err)
	}
	now.now += 100 * second
	want("g{l=\"a\"} 0\n")
	ingestAt(t, c, now.now, set(f, 5, "a"), set(f, 6, "b"))
	now.now += 9 * second
	want("g{l=\"a\"} 5\ng{l=\"b\"} 6\n")
	now.now += second
	want("g{l=\"a\"} 0\n")
	ingestAt(t, c, now.now, add(f, 2, "a"))
	want("g{l=\"a\"} 2\n")
	same := *f
	if err := c.Retain([]*collector.Family{&same}, nil); err != nil {
		t.Fatal(err)
	}
	now.now += 10 * second
	want("")
	if n := c.Stats().Expired(); n != 2 {
		t.Errorf("%d expired, want 2", n)
	}
}

// TestDistinct holds what a window counts, at a scrape and without memory, and that a state has none of it.
func TestDistinct(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, Window: 50 * time.Second}
	one := func(digest uint64) func(*collector.Batch) {
		return of(collector.Sample{Family: f, Op: collector.Distinct, Count: digest}, "a")
	}
	ingest(t, c, one(7), one(8), one(7), set(f, 1, "b"), add(f, 1, "a"))
	wantText(t, c, "# HELP g \n# TYPE g gauge\ng{l=\"a\"} 2\n")
	if n := c.Stats().Dropped(collector.Malformed); n != 2 {
		t.Errorf("%d dropped, want 2: a gauge with a window takes nothing else", n)
	}
	if s, err := c.Export(now.now, true); err != nil {
		t.Error(err)
	} else {
		var state bytes.Buffer
		_, err := s.WriteTo(&state)
		if done := restored(t, open(t, collector.Options{}), state.Bytes(), now.now, f); err != nil || done != (collector.Imported{At: now.now}) {
			t.Errorf("%+v, %v", done, err)
		}
	}
	for i := range uint64(5000) {
		ingest(t, c, one(i*0x9e3779b97f4a7c15))
	}
	recount(t, c)
	if n := c.Stats().Bytes(); n < 30_000 || n > 45_000 {
		t.Errorf("%d bytes", n)
	}
	if err := c.SetOptions(collector.Options{SeriesLimit: 10, MemoryLimit: c.Stats().Bytes() + 300, Now: now.Now}); err != nil {
		t.Fatal(err)
	}
	ingest(t, c, of(collector.Sample{Family: f, Op: collector.Distinct, Count: 1}, "full"))
	for i := range uint64(20) {
		ingest(t, c, of(collector.Sample{Family: f, Op: collector.Distinct, Count: 1 + i}, "full"))
	}
	if n := c.Stats().Dropped(collector.MemoryLimit); n == 0 {
		t.Error("no value was dropped for the limit of memory")
	}
	now.now += 100 * second
	wantText(t, c, "# HELP g \n# TYPE g gauge\ng{l=\"a\"} 0\ng{l=\"full\"} 0\n")
	recount(t, c)
}

// TestDistinctFallsBack holds that a distinct count which is declared gives its memory back when it falls back to 0.
func TestDistinctFallsBack(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Window: time.Hour, TTL: 10 * time.Second}
	if err := c.Init(noon, f, []string{}); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(3000) {
		ingest(t, c, of(collector.Sample{Family: f, Op: collector.Distinct, Count: i * 0x9e3779b97f4a7c15}))
	}
	before := c.Stats().Bytes()
	now.now += 10 * second
	wantText(t, c, "# HELP g \n# TYPE g gauge\ng 0\n")
	recount(t, c)
	if after := c.Stats().Bytes(); after > before-15_000 {
		t.Errorf("%d bytes, then %d", before, after)
	}
}

// TestRoundAfterClockTurnedBack holds that a clock which was turned back stops rounds no longer than the TTL.
func TestRoundAfterClockTurnedBack(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, TTL: 10 * time.Second}
	one := of(collector.Sample{Family: f, Op: collector.Count})
	ingestAt(t, c, noon, one, one)
	earlier := noon - 3600*second
	ingestAt(t, c, earlier, one)
	if n := c.Stats().Dropped(collector.OutOfOrder); n != 1 {
		t.Errorf("%d dropped, want 1", n)
	}
	ingestAt(t, c, earlier+11*second, one)
	wantText(t, c, "# HELP g \n# TYPE g gauge\ng 1\n")
}
