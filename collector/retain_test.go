package collector_test

import (
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// TestRetainedSettings holds that families which only the second argument of Retain knows take its settings, and then
// those of their samples.
func TestRetainedSettings(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	family := func(name string, ttl time.Duration, limit int) *collector.Family {
		return &collector.Family{Name: name, Type: collector.Gauge, Labels: []string{"l"}, TTL: ttl, SeriesLimit: limit}
	}
	ingest(t, c, set(family("fed", 0, 0), 1, "a"), set(family("idle", 0, 0), 1, "a"), set(family("own", 0, 0), 1, "a"))
	err := c.Retain(nil, func(f *collector.Family) *collector.Family { return family(f.Name, time.Minute, 2) })
	if err != nil {
		t.Fatal(err)
	}
	fed := family("fed", time.Minute, 2)
	ingest(t, c, set(fed, 1, "b"), set(fed, 3, "c"), set(family("own", 0, 0), 1, "b"))
	shows(t, c, `fed{l="a"} 1`, `fed{l="b"} 1`, `fed{l="overflow"} 3`, `idle{l="a"} 1`, `own{l="a"} 1`, `own{l="b"} 1`)
	now.now += 60 * second
	shows(t, c, `own{l="a"} 1`, `own{l="b"} 1`)
}

// TestRetainOpensSeries holds that another field may feed a series after Retain, and one of them only.
func TestRetainOpensSeries(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}, SeriesLimit: 1}
	from := func(source uint32, v float64, l string) func(*collector.Batch) {
		return of(collector.Sample{Family: f, Op: collector.Set, Source: source, Value: v}, l)
	}
	ingest(t, c, from(1, 1, "a"), from(2, 2, "a"), from(1, 1, "b"))
	shows(t, c, `g{l="a"} 1`, `g{l="overflow"} 1`)
	if err := c.Retain([]*collector.Family{f}, nil); err != nil {
		t.Fatal(err)
	}
	ingest(t, c, from(2, 3, "a"), from(1, 4, "a"), from(1, 5, "b"), from(2, 6, "c"))
	shows(t, c, `g{l="a"} 3`, `g{l="overflow"} 6`)
	if n := c.Stats().Dropped(collector.NameCollision); n != 2 {
		t.Errorf("%d collisions, want 2", n)
	}
}

// TestAnyFieldFeedsDeclaredSeries holds that it does not matter whether a series is declared before or after a field
// feeds it.
func TestAnyFieldFeedsDeclaredSeries(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "g", Type: collector.Gauge, Labels: []string{"l"}}
	from := func(source uint32, v float64, l string) func(*collector.Batch) {
		return of(collector.Sample{Family: f, Op: collector.Set, Source: source, Value: v}, l)
	}
	ingest(t, c, from(1, 1, "before"))
	if err := c.Init(noon, f, []string{"before"}, []string{"after"}); err != nil {
		t.Fatal(err)
	}
	ingest(t, c, from(1, 2, "before"), from(2, 3, "before"), from(2, 4, "after"), from(1, 5, "after"))
	shows(t, c, `g{l="before"} 2`, `g{l="after"} 4`)
	if n := c.Stats().Dropped(collector.NameCollision); n != 2 {
		t.Errorf("%d collisions, want 2", n)
	}
}

// TestRetainEndsDeclarations holds that series stay for as long as they are declared.
func TestRetainEndsDeclarations(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	if err := c.Init(noon, f, []string{"a"}, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	ingest(t, c, add(f, 1, "c"))
	now.now += 30 * second
	shows(t, c, `c_total{l="a"} 0`, `c_total{l="b"} 0`, `c_total{l="c"} 1`)
	if err := c.Retain([]*collector.Family{f}, nil); err != nil {
		t.Fatal(err)
	}
	if err := c.Init(now.now, f, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	now.now += 30 * second
	shows(t, c, `c_total{l="a"} 0`, `c_total{l="b"} 0`)
	now.now += 30 * second
	shows(t, c, `c_total{l="b"} 0`)
}
