package collector_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

func TestFamilies(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, SeriesLimit: 2}
	g := &collector.Family{Name: "a", Type: collector.Gauge}
	ingest(t, c, add(f, 1, "1"), add(f, 1, "2"), add(f, 1, "3"), set(g, 1))
	want := []collector.FamilyStats{
		{Name: "c_total", Type: collector.Counter, Series: 3},
		{Name: "a", Type: collector.Gauge, Series: 1},
	}
	if got := c.Families(); !slices.Equal(got, want) {
		t.Errorf("Families: %v, want %v", got, want)
	}
	if err := c.Retain([]*collector.Family{g}, nil); err != nil {
		t.Fatal(err)
	}
	if got := c.Families(); !slices.Equal(got, want[1:]) {
		t.Errorf("after Retain: %v, want %v", got, want[1:])
	}
}

// only returns an argument for Retain and Import that also keeps the family with that name.
func only(name string) func(*collector.Family) *collector.Family {
	return func(f *collector.Family) *collector.Family {
		if f.Name != name {
			return nil
		}
		same := *f
		return &same
	}
}

func TestRetain(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now, SeriesLimit: 100})
	family := func(name string) collector.Family {
		return collector.Family{Name: name, Type: collector.Counter, Labels: []string{"l"}}
	}
	kept, changed, gone, dynamic := family("kept_total"), family("changed_total"), family("gone_total"), family("dynamic_total")
	gone.TTL = time.Minute
	all := func() {
		ingestAt(t, c, now.now, add(&kept, 1, "a"), add(&changed, 1, "a"), add(&gone, 1, "a"), add(&dynamic, 1, "a"))
	}
	all()
	families, done, err := c.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := encode(t, families, textFormat)

	keptNow, changedNow := kept, changed
	keptNow.TTL, keptNow.SeriesLimit = time.Hour, 1
	changedNow.Help = "Changed."
	err = c.Retain([]*collector.Family{&keptNow, &changedNow}, only("dynamic_total"))
	if err != nil {
		t.Fatal(err)
	}
	shows(t, c, `dynamic_total{l="a"} 1`, `kept_total{l="a"} 1`)
	if encode(t, families, textFormat) != before {
		t.Error("a snapshot changed")
	}
	done()
	if n := c.Stats().Series(); n != 2 {
		t.Errorf("%d series, want 2", n)
	}

	// Families that the new rules keep continue; removed families start over.
	ingest(t, c, add(&keptNow, 1, "a"), add(&keptNow, 1, "b"), add(&changedNow, 1, "b"), add(&changed, 1, "c"))
	all()
	shows(t, c, `changed_total{l="b"} 1`, `dynamic_total{l="a"} 2`, `gone_total{l="a"} 1`,
		`kept_total{l="a"} 3`, `kept_total{l="overflow"} 1`)
	if n := c.Stats().Dropped(collector.FamilyConflict); n != 2 {
		t.Errorf("%d conflicts, want 2", n)
	}
	now.now = noon + int64(time.Hour)
	shows(t, c, `changed_total{l="b"} 1`, `dynamic_total{l="a"} 2`)

	if err := c.Retain(nil, nil); err != nil {
		t.Fatal(err)
	}
	shows(t, c)
	if s := c.Stats(); s.Series() != 0 || s.Families() != 0 || s.Remembered() != 0 {
		t.Errorf("series %d, families %d, remembered %d", s.Series(), s.Families(), s.Remembered())
	}
	all()
	shows(t, c, `changed_total{l="a"} 1`, `dynamic_total{l="a"} 1`, `gone_total{l="a"} 1`, `kept_total{l="a"} 1`)
}

// TestRetainChangesTTL holds the change from and to no TTL, and between two.
func TestRetainChangesTTL(t *testing.T) {
	now := &clock{noon}
	c := open(t, collector.Options{Now: now.Now})
	retain := func(ttl time.Duration) *collector.Family {
		f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: ttl}
		if err := c.Retain([]*collector.Family{f}, nil); err != nil {
			t.Fatal(err)
		}
		return f
	}
	ingest(t, c, add(retain(0), 1, "a"), add(retain(0), 1, "b"))
	f := retain(time.Minute)
	ingestAt(t, c, noon+30*second, add(f, 1, "b"), add(f, 1, "c"))
	now.now = noon + 60*second
	shows(t, c, `c_total{l="c"} 1`, `c_total{l="b"} 2`) // c got the place of a
	retain(time.Hour)
	now.now = noon + 1000*second
	shows(t, c, `c_total{l="c"} 1`, `c_total{l="b"} 2`)
	f = retain(0)
	now.now = noon + int64(100*time.Hour)
	shows(t, c, `c_total{l="c"} 1`, `c_total{l="b"} 2`)
	ingestAt(t, c, now.now, add(f, 1, "a"))
	shows(t, c, `c_total{l="c"} 1`, `c_total{l="b"} 2`, `c_total{l="a"} 2`)
}

func TestRetainContainsPanics(t *testing.T) {
	c := open(t, collector.Options{})
	f, g := requests(), temperature()
	ingest(t, c, add(f, 1, "", ""), set(g, 1, ""))
	calls := 0
	err := c.Retain(nil, func(*collector.Family) *collector.Family {
		if calls++; calls == 2 {
			panic("asked")
		}
		return nil
	})
	if err == nil {
		t.Error("no error")
	}
	shows(t, c, `http_requests_total 1`, `room_temperature_celsius 1`)
	c.Close()
	if err := c.Retain(nil, nil); !errors.Is(err, collector.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestEqual(t *testing.T) {
	base := collector.Family{Name: "h", Type: collector.Histogram, Labels: []string{"a"}, Buckets: []float64{1},
		Native: collector.Native{Factor: 2}, Quantiles: map[float64]float64{0.5: 0.1}}
	changes := map[string]struct {
		change func(f *collector.Family)
		equal  bool
	}{
		"nothing":     {func(*collector.Family) {}, true},
		"TTL":         {func(f *collector.Family) { f.TTL = 1 }, true},
		"SeriesLimit": {func(f *collector.Family) { f.SeriesLimit = 1 }, true},
		"Fixed":       {func(f *collector.Family) { f.Fixed = []bool{true} }, true},
		"Name":        {func(f *collector.Family) { f.Name = "x" }, false},
		"Help":        {func(f *collector.Family) { f.Help = "x" }, false},
		"Unit":        {func(f *collector.Family) { f.Unit = "x" }, false},
		"Type":        {func(f *collector.Family) { f.Type = collector.Summary }, false},
		"Labels":      {func(f *collector.Family) { f.Labels = []string{"b"} }, false},
		"Buckets":     {func(f *collector.Family) { f.Buckets = nil }, false},
		"Native":      {func(f *collector.Family) { f.Native.MaxBuckets = 5 }, false},
		"Quantiles":   {func(f *collector.Family) { f.Quantiles = map[float64]float64{0.5: 0.2} }, false},
		"MaxAge":      {func(f *collector.Family) { f.MaxAge = 1 }, false},
		"Timestamps":  {func(f *collector.Family) { f.Timestamps = true }, false},
	}
	for name, test := range changes {
		other := base
		test.change(&other)
		if base.Equal(&other) != test.equal || other.Equal(&base) != test.equal {
			t.Errorf("families that differ in %s: equal is %v, want %v", name, !test.equal, test.equal)
		}
	}
}

func TestTypeNames(t *testing.T) {
	got := fmt.Sprint(collector.Counter, collector.Gauge, collector.Histogram, collector.Summary, collector.Type(99))
	if want := "counter gauge histogram summary unknown"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
