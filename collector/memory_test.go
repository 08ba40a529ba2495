package collector_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

func TestMemoryLimit(t *testing.T) {
	var reported []string
	dropped := func(family string, r collector.Reason) { reported = append(reported, fmt.Sprint(family, " ", r)) }
	c := open(t, collector.Options{MemoryLimit: 20_000, Dropped: dropped})
	small := &collector.Family{Name: "small", Type: collector.Gauge, Labels: []string{"l"}}
	big := &collector.Family{Name: "big_total", Type: collector.Counter, Labels: []string{"l"}}
	late := &collector.Family{Name: "late", Type: collector.Gauge, Labels: []string{"l"}}
	ingest(t, c, set(small, 1, "known"))
	origin := new(collector.Origin)
	long := strings.Repeat("x", 1000)
	for i := range 100 {
		ingest(t, c, of(collector.Sample{Family: big, Value: 1, Origin: origin}, fmt.Sprint(long, i)))
	}
	s := c.Stats()
	if s.Bytes() < 18_000 || s.Bytes() > 20_000 || s.Series() < 10 || s.Series() > 17 {
		t.Errorf("%d series, %d bytes", s.Series(), s.Bytes())
	}
	refused := uint64(101 - s.Series())
	if s.Dropped(collector.MemoryLimit) != refused || origin.Dropped(collector.MemoryLimit) != refused || s.Applied() != uint64(s.Series()) {
		t.Errorf("%d dropped, %d of the rule, %d applied", s.Dropped(collector.MemoryLimit), origin.Dropped(collector.MemoryLimit), s.Applied())
	}
	// Existing series continue; a new family has to wait, and so has the first series of a family.
	ingest(t, c, set(small, 2, "known"), add(big, 1, long+"0"), set(late, 1, long), set(small, 1, long))
	if s.Dropped(collector.MemoryLimit) != refused+2 || s.Applied() != uint64(s.Series())+2 || s.Dropped(collector.SeriesLimit) != 0 {
		t.Errorf("%d dropped, %d applied", s.Dropped(collector.MemoryLimit), s.Applied())
	}
	if err := c.SetOptions(collector.Options{SeriesLimit: 1000, MemoryLimit: 60_000, Dropped: dropped}); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		ingest(t, c, set(small, 1, fmt.Sprint(long, i)))
	}
	if want := []string{"big_total memory_limit", "small memory_limit"}; !slices.Equal(reported, want) {
		t.Errorf("reported %q, want %q", reported, want)
	}
}

// TestMemoryLimitHoldsTheHeap floods a collector with the longest keys that rules make.
func TestMemoryLimitHoldsTheHeap(t *testing.T) {
	withoutRace(t)
	const limit, series = 8 << 20, 2000 // of 64 KiB each
	labels := make([]string, 64)
	for i := range labels {
		labels[i] = fmt.Sprintf("l%02d", i)
	}
	value := []byte(strings.Repeat("x", 1016) + "........")
	before := heap()
	c := open(t, collector.Options{MemoryLimit: limit})
	f := &collector.Family{Name: "flood_total", Type: collector.Counter, Labels: labels}
	b := batchAt(noon)
	for i := range series {
		b.Reset()
		for range labels {
			copy(value[1016:], fmt.Sprintf("%08d", i))
			b.Label(value)
		}
		b.Append(&collector.Sample{Family: f, Value: 1})
		if err := c.Ingest(b, nil); err != nil {
			t.Fatal(err)
		}
	}
	taken, s := heap()-before, c.Stats()
	if taken > 1.3*limit || s.Bytes() > limit || s.Bytes() < limit*9/10 {
		t.Errorf("%.0f bytes taken, %d estimated, %d allowed", taken, s.Bytes(), limit)
	}
	if n := s.Dropped(collector.MemoryLimit); n != uint64(series-s.Series()) || n < series*9/10 {
		t.Errorf("%d of %d samples dropped, %d series", n, series, s.Series())
	}
}

// TestMemoryIsFreedFirst holds that what is due expires before a sample is dropped.
func TestMemoryIsFreedFirst(t *testing.T) {
	c := open(t, collector.Options{MemoryLimit: 10_000})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	other := &collector.Family{Name: "other_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	for i := range 100 {
		ingest(t, c, add(f, 1, fmt.Sprint(i)))
	}
	full := c.Stats().Dropped(collector.MemoryLimit)
	ingestAt(t, c, noon+60*second, add(other, 1, "a"), add(other, 1, "b"))
	s := c.Stats()
	if full == 0 || s.Dropped(collector.MemoryLimit) != full || s.Series() != 2 || s.Expired() == 0 {
		t.Errorf("%d dropped, then %d, %d series, %d expired", full, s.Dropped(collector.MemoryLimit), s.Series(), s.Expired())
	}
}

// TestSetOptionsMemoryLimit holds that series beyond a lower limit stay.
func TestSetOptionsMemoryLimit(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}}
	ingest(t, c, add(f, 1, "a"), add(f, 1, "b"))
	for _, test := range []struct{ limit, dropped int64 }{{1, 1}, {10_000, 1}, {1, 2}, {0, 2}} {
		if err := c.SetOptions(collector.Options{SeriesLimit: 100, MemoryLimit: test.limit}); err != nil {
			t.Fatal(err)
		}
		ingest(t, c, add(f, 1, "a"), add(f, 1, fmt.Sprint(test)))
		if n := c.Stats().Dropped(collector.MemoryLimit); int64(n) != test.dropped {
			t.Errorf("limit %d: %d dropped, want %d", test.limit, n, test.dropped)
		}
	}
	if n := c.Stats().Series(); n != 4 {
		t.Errorf("%d series, want 4", n)
	}
}

// TestGrowthAtTheLimit holds that a full collector takes observations, whose buckets are bounded by themselves, and no
// exemplar for which it would need memory.
func TestGrowthAtTheLimit(t *testing.T) {
	c := open(t, collector.Options{MemoryLimit: 8000})
	native := &collector.Family{Name: "native", Type: collector.Histogram, Native: collector.Native{Factor: 1.1, MaxBuckets: 20}}
	counter := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}}
	classic := &collector.Family{Name: "classic", Type: collector.Histogram, Buckets: []float64{1}}
	short, long := trace("0123456789abcdef"), trace(strings.Repeat("x", 100))
	marked := func(f *collector.Family, op collector.Op, exemplar []string, labels ...string) func(*collector.Batch) {
		return with(collector.Sample{Family: f, Op: op, Value: 0.5}, exemplar, labels...)
	}
	ingest(t, c, observe(native, 1), observe(classic, 1), marked(counter, collector.Add, short, "a"))
	for i := range 100 {
		ingest(t, c, add(counter, 1, fmt.Sprint(i)))
	}
	s := c.Stats()
	before, kept := s.Bytes(), s.ExemplarsDropped()
	ingest(t, c, marked(classic, collector.Observe, short), marked(counter, collector.Add, long, "a"))
	if s.Bytes() != before || s.ExemplarsDropped() != kept+2 {
		t.Errorf("%d bytes, then %d, and %d exemplars dropped", before, s.Bytes(), s.ExemplarsDropped())
	}
	ingest(t, c, marked(counter, collector.Add, trace("fedcba9876543210"), "a"))
	if page := scrape(t, c, openFormat); s.ExemplarsDropped() != kept+2 || !strings.Contains(page, `# {trace_id="fedcba9876543210"} 0.5`) {
		t.Errorf("%d exemplars dropped, page\n%s", s.ExemplarsDropped(), page)
	}
	for i := range 1000 {
		ingest(t, c, observe(native, float64(i)))
	}
	if most := before + 2*16*32; s.Bytes() <= before || s.Bytes() > most {
		t.Errorf("%d bytes, then %d, want %d at most", before, s.Bytes(), most)
	}
	if n := s.Applied(); n != 1000+3+uint64(s.Series()) {
		t.Errorf("%d samples applied, %d series", n, s.Series())
	}
}

func TestStateRespectsMemoryLimit(t *testing.T) {
	families := func() []*collector.Family {
		return []*collector.Family{
			{Name: "a_total", Type: collector.Counter, Labels: []string{"l"}},
			{Name: "b_seconds", Type: collector.Histogram, Labels: []string{"l"}, Native: collector.Native{Factor: 1.1}},
		}
	}
	a, f := open(t, collector.Options{}), families()
	for i := range 20 {
		ingest(t, a, add(f[0], 1, fmt.Sprint(i)))
		for v := range 50 {
			ingest(t, a, observe(f[1], float64(v), fmt.Sprint(i)))
		}
	}
	state := written(t, a, noon, true)
	for _, limit := range []int64{0, 1, 2000, 4000, 6000, a.Stats().Bytes()} {
		b := open(t, collector.Options{MemoryLimit: limit})
		done := restored(t, b, state, noon, families()...)
		if done.Series+done.OverLimit != 40 || int64(done.Series) != b.Stats().Series() || done.Redefined != 0 {
			t.Errorf("limit %d: Imported: %+v", limit, done)
		}
		unbounded := limit == 0 || limit == a.Stats().Bytes()
		if unbounded != (done.Series == 40) || limit >= 2000 && done.Series == 0 || !unbounded && b.Stats().Bytes() > limit {
			t.Errorf("limit %d: %d series, %d bytes", limit, done.Series, b.Stats().Bytes())
		}
		recount(t, b)
	}
}

// TestImportIntoFullCollector holds that series of a state are left out when the collector is full.
func TestImportIntoFullCollector(t *testing.T) {
	family := func(name string) *collector.Family {
		return &collector.Family{Name: name, Type: collector.Counter, Labels: []string{"l"}}
	}
	const series = 2000
	a, f := open(t, collector.Options{}), family("c_total")
	for i := range series {
		ingest(t, a, add(f, 1, fmt.Sprint(strings.Repeat("x", 100), i)))
	}
	state := written(t, a, noon, true)
	b, g := open(t, collector.Options{MemoryLimit: 2 * a.Stats().Bytes()}), family("other_total")
	for b.Stats().Dropped(collector.MemoryLimit) == 0 {
		ingest(t, b, add(g, 1, fmt.Sprintf("%030000d", b.Stats().Series())))
	}
	done, err := b.Import(bytes.NewReader(state), collector.ImportOptions{
		Now: noon, Families: []*collector.Family{family("c_total")},
	})
	if err != nil || done.OverLimit == 0 || done.Series+done.OverLimit != series || b.Stats().Bytes() > b.MemoryLimit() {
		t.Errorf("Imported: %+v, %v; %d bytes", done, err, b.Stats().Bytes())
	}
	recount(t, b)
}

// TestBytesAreGivenBack holds, whatever happens, that the bytes are those of the series that are there.
func TestBytesAreGivenBack(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 2))
		now := &clock{noon}
		c := open(t, collector.Options{Now: now.Now, Remembered: 3000})
		families := anyFamilies(r)
		for range 150 {
			now.now += int64(r.IntN(5000)) * int64(time.Millisecond)
			switch r.IntN(20) {
			case 0:
				families = anyFamilies(r)
				if err := c.Retain(families[:r.IntN(len(families))], nil); err != nil {
					t.Fatal(err)
				}
			case 1:
				o := collector.Options{SeriesLimit: 10 + r.IntN(100), MemoryLimit: int64(r.IntN(200_000)), Remembered: 3000, Now: now.Now}
				if err := c.SetOptions(o); err != nil {
					t.Fatal(err)
				}
			case 2:
				state := written(t, c, now.now, true)
				if err := c.Retain(families[:r.IntN(len(families))], nil); err != nil {
					t.Fatal(err)
				}
				restored(t, c, state, now.now, families...)
			case 3:
				scrape(t, c, textFormat)
			default:
				b := batchAt(now.now)
				b.Exemplar("trace_id", []byte(strings.Repeat("x", r.IntN(100))))
				randomly(r, b, families)
				if err := c.Ingest(b, nil); err != nil {
					t.Fatal(err)
				}
			}
			recount(t, c)
		}
		if err := c.Retain(nil, nil); err != nil || c.Stats().Bytes() != 0 {
			t.Errorf("without families: %d bytes, %v", c.Stats().Bytes(), err)
		}
	}
}

func anyFamilies(r *rand.Rand) []*collector.Family {
	families := append(all(everything()),
		&collector.Family{Name: "aggregate", Type: collector.Gauge, Labels: []string{"a"}},
		&collector.Family{Name: "running_stamped_total", Type: collector.Counter, Labels: []string{"a"}, Timestamps: true})
	slices.SortFunc(families, func(a, b *collector.Family) int { return strings.Compare(a.Name, b.Name) })
	for _, f := range families {
		f.TTL = time.Duration(r.IntN(3)) * 5 * time.Second
		f.SeriesLimit = r.IntN(4) * 5
	}
	return families
}

func recount(t *testing.T, c *collector.Collector) {
	t.Helper()
	counted, recounted, err := c.Recount()
	if err != nil || counted != recounted || counted != c.Stats().Bytes() {
		t.Fatalf("%d bytes counted, %d published, %d found, %v", counted, c.Stats().Bytes(), recounted, err)
	}
}
