package collector_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

func TestSeriesLimit(t *testing.T) {
	var reported []string
	c := open(t, collector.Options{SeriesLimit: 3, Dropped: func(family string, r collector.Reason) {
		reported = append(reported, fmt.Sprint(family, " ", r))
	}})
	a := &collector.Family{Name: "a_total", Type: collector.Counter, Labels: []string{"n"}}
	b := &collector.Family{Name: "b_total", Type: collector.Counter, Labels: []string{"n"}}
	ingest(t, c, add(a, 1, "1"), add(a, 1, "2"), add(a, 1, "3"), add(a, 1, "4"), add(b, 1, "1"),
		add(a, 1, "3"), add(a, 1, "4"), add(b, 1, "2"))
	wantText(t, c, `# HELP a_total 
# TYPE a_total counter
a_total{n="1"} 1
a_total{n="2"} 1
a_total{n="3"} 2
`)
	s := c.Stats()
	if s.Series() != 3 || s.Families() != 1 || s.Applied() != 4 || s.Dropped(collector.SeriesLimit) != 4 {
		t.Errorf("series %d, families %d, applied %d, dropped %d", s.Series(), s.Families(), s.Applied(), s.Dropped(collector.SeriesLimit))
	}
	if want := []string{"a_total series_limit", " series_limit"}; !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
}

func TestFamilyConflict(t *testing.T) {
	var reported []string
	c := open(t, collector.Options{Dropped: func(family string, r collector.Reason) {
		reported = append(reported, fmt.Sprint(family, " ", r))
	}})
	first := collector.Family{Name: "m", Help: "First.", Type: collector.Gauge, Labels: []string{"a"}}
	same := first
	others := []collector.Family{first, first, first, first}
	others[0].Type = collector.Counter
	others[1].Help = "Other."
	others[2].Unit = "m"
	others[3].Labels = []string{"b"}
	ingest(t, c, set(&first, 1, "x"), set(&same, 2, "y"))
	for i := range others {
		op := collector.Set
		if others[i].Type == collector.Counter {
			op = collector.Add
		}
		ingest(t, c, of(collector.Sample{Family: &others[i], Op: op, Value: 9}, "x"),
			of(collector.Sample{Family: &others[i], Op: op, Value: 9}, "x"))
	}
	wantText(t, c, "# HELP m First.\n# TYPE m gauge\nm{a=\"x\"} 1\nm{a=\"y\"} 2\n")
	if n := c.Stats().Dropped(collector.FamilyConflict); n != 8 {
		t.Errorf("%d dropped, want 8", n)
	}
	if want := []string{"m family_conflict"}; !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
}

// TestFamiliesThatShareNames holds that of two families which one page cannot have both, in any of its formats, the
// first one stays.
func TestFamiliesThatShareNames(t *testing.T) {
	var reported []string
	c := open(t, collector.Options{Dropped: func(family string, r collector.Reason) {
		reported = append(reported, family+" "+r.String())
	}})
	counter := &collector.Family{Name: "a_total", Type: collector.Counter}
	gauge := &collector.Family{Name: "a", Type: collector.Gauge}
	wait := &collector.Family{Name: "wait.s", Type: collector.Summary}
	sum := &collector.Family{Name: "wait_s_sum", Type: collector.Gauge}
	ingest(t, c, of(collector.Sample{Family: counter, Value: 1}), set(gauge, 2), set(gauge, 3))
	ingest(t, c, set(sum, 4), of(collector.Sample{Family: wait, Op: collector.Observe, Value: 5}))
	const wanted = "# HELP a_total \n# TYPE a_total counter\na_total 1\n"
	wantText(t, c, wanted+"# HELP wait_s_sum \n# TYPE wait_s_sum gauge\nwait_s_sum 4\n")
	if n := c.Stats().Dropped(collector.FamilyConflict); n != 3 {
		t.Errorf("%d dropped, want 3", n)
	}
	if want := []string{"a_total family_conflict", "wait_s_sum family_conflict"}; !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
	if err := c.Retain([]*collector.Family{gauge, sum}, nil); err != nil {
		t.Fatal(err)
	}
	ingest(t, c, set(gauge, 6), of(collector.Sample{Family: counter, Value: 1}))
	wantText(t, c, "# HELP a \n# TYPE a gauge\na 6\n# HELP wait_s_sum \n# TYPE wait_s_sum gauge\nwait_s_sum 4\n")
}

func TestNameCollision(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "mem_used", Type: collector.Gauge, Labels: []string{"tag"}}
	from := func(source uint32, v float64, labels ...string) func(*collector.Batch) {
		return of(collector.Sample{Family: f, Op: collector.Set, Source: source, Value: v}, labels...)
	}
	ingest(t, c, from(7, 1, "a"), from(8, 2, "a"), from(8, 3, "b"), from(7, 4, "b"), from(7, 5, "a"), from(0, 6, "a"))
	wantText(t, c, "# HELP mem_used \n# TYPE mem_used gauge\nmem_used{tag=\"a\"} 5\nmem_used{tag=\"b\"} 3\n")
	if n := c.Stats().Dropped(collector.NameCollision); n != 3 {
		t.Errorf("%d dropped, want 3", n)
	}
}

// TestUnreadableFamilies holds that a family that Prometheus would not read costs its own samples only.
func TestUnreadableFamilies(t *testing.T) {
	for name, f := range map[string]collector.Family{
		"no name":                      {},
		"a NUL byte in the name":       {Name: "a\x00"},
		"a name that is not UTF-8":     {Name: "a\xff"},
		"an empty label name":          {Name: "a", Labels: []string{""}},
		"a NUL byte in a label's name": {Name: "a", Labels: []string{"l\x00"}},
		"a label name, not UTF-8":      {Name: "a", Labels: []string{"l\xff"}},
		"a help that is not UTF-8":     {Name: "a", Help: "\xff"},
	} {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			f.Type = collector.Gauge
			good := &collector.Family{Name: "good", Type: collector.Gauge}
			ingest(t, c, set(&f, 1, f.Labels...), set(good, 2))
			wantText(t, c, "# HELP good \n# TYPE good gauge\ngood 2\n")
			if n := c.Stats().Dropped(collector.Malformed); n != 1 {
				t.Errorf("%d dropped, want 1", n)
			}
		})
	}
}

// TestFamiliesAreBounded holds that families count too, also those whose series expired.
func TestFamiliesAreBounded(t *testing.T) {
	c := open(t, collector.Options{SeriesLimit: 10})
	for i := range 30 {
		f := &collector.Family{Name: fmt.Sprint("g", i), Type: collector.Gauge, TTL: 1}
		ingestAt(t, c, noon+int64(i), set(f, 1))
	}
	if all := c.Families(); len(all) != 10 {
		t.Errorf("%d families, want 10", len(all))
	}
	if n := c.Stats().Dropped(collector.SeriesLimit); n != 20 {
		t.Errorf("%d dropped, want 20", n)
	}
}

func TestReasons(t *testing.T) {
	seen := map[string]bool{"kept": true, "unknown": true}
	for _, r := range collector.Reasons() {
		if seen[r.String()] {
			t.Errorf("reason %d is %q", r, r)
		}
		seen[r.String()] = true
	}
	if got := collector.Reason(250).String(); got != "unknown" {
		t.Errorf("a reason that is none is %q", got)
	}
}

// TestBatchIsBounded holds that a batch refuses samples rather than grow beyond what its offsets can address.
func TestBatchIsBounded(t *testing.T) {
	f := &collector.Family{Name: "m_total", Type: collector.Counter, Labels: []string{"a"}}
	c := open(t, collector.Options{})
	b := batchAt(noon)
	label := make([]byte, 1<<20)
	for i := range label {
		label[i] = 'x'
	}
	const samples = collector.MaxBatchBytes>>20 + 4
	for range samples {
		b.Label(label)
		before := b.Len()
		if taken := b.Append(&collector.Sample{Family: f, Value: 1}); taken != (b.Len() > before) {
			t.Fatalf("Append returns %v, and the batch has %d samples after %d", taken, b.Len(), before)
		}
	}
	refused := samples - b.Len()
	if refused <= 0 || refused > 6 {
		t.Fatalf("%d of %d samples refused", refused, samples)
	}
	if err := c.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
	if n := c.Stats().Dropped(collector.BatchLimit); n != uint64(refused) {
		t.Errorf("%d dropped, want %d", n, refused)
	}
	if n := c.Stats().Applied(); n != uint64(b.Len()) {
		t.Errorf("%d applied, want %d", n, b.Len())
	}
	b.Reset()
	add(f, 1, "y")(b)
	if err := c.Ingest(b, nil); err != nil || b.Len() != 1 {
		t.Errorf("after Reset: %v, %d samples", err, b.Len())
	}
}
