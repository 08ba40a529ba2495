package collector_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/collector"
)

// saved exports c at a time and writes the state.
func saved(t testing.TB, c *collector.Collector, now int64) []byte {
	t.Helper()
	return written(t, c, now, false)
}

func written(t testing.TB, c *collector.Collector, now int64, gauges bool) []byte {
	t.Helper()
	s, err := c.Export(now, gauges)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	n, err := s.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("WriteTo: %d, %v; %d bytes written", n, err, b.Len())
	}
	return b.Bytes()
}

// restored imports a state of these families.
func restored(t testing.TB, c *collector.Collector, state []byte, now int64, families ...*collector.Family) collector.Imported {
	t.Helper()
	done, err := c.Import(bytes.NewReader(state), collector.ImportOptions{Now: now, Families: families, Gauges: true})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// everything returns a family with each column there is.
func everything() map[string]*collector.Family {
	families := []*collector.Family{
		{Name: "counter_total", Help: "A counter.", Type: collector.Counter, Labels: []string{"a", "b"}},
		{Name: "mortal_total", Help: "With a TTL.", Type: collector.Counter, Labels: []string{"a"}, TTL: time.Minute, SeriesLimit: 2},
		{Name: "running_total", Help: "A running total.", Type: collector.Counter, Labels: []string{"a"}, TTL: time.Minute},
		{Name: "bare_total", Help: "Without labels.", Type: collector.Counter},
		{Name: "gauge_bytes", Help: "A gauge.", Unit: "bytes", Type: collector.Gauge, Labels: []string{"a"}, Timestamps: true},
		{Name: "classic_seconds", Help: "Classic.", Type: collector.Histogram, Labels: []string{"a"}, Buckets: []float64{0.1, 1}},
		{Name: "native_seconds", Help: "Native.", Type: collector.Histogram, Labels: []string{"a"}, TTL: time.Minute,
			Native: collector.Native{Factor: 1.1, MaxBuckets: 20}},
		{Name: "both_seconds", Help: "Both.", Type: collector.Histogram, Buckets: []float64{1}, Native: collector.Native{Factor: 2}},
		{Name: "summary_seconds", Help: "A summary.", Type: collector.Summary, Labels: []string{"a"}},
		{Name: "quantiles_seconds", Help: "With quantiles.", Type: collector.Summary, Quantiles: map[float64]float64{0.9: 0.01, 0.5: 0.05},
			MaxAge: time.Minute, Timestamps: true},
	}
	byName := make(map[string]*collector.Family)
	for _, f := range families {
		byName[f.Name] = f
	}
	return byName
}

func all(families map[string]*collector.Family) (list []*collector.Family) {
	for _, f := range families {
		list = append(list, f)
	}
	return list
}

// fillEverything makes series of all families, some of them remembered at now.
func fillEverything(t testing.TB, c *collector.Collector, f map[string]*collector.Family) (now int64) {
	t.Helper()
	ingest(t, c,
		add(f["counter_total"], 1.5, "x", ""), add(f["counter_total"], 7, "", "\"\n\\é"),
		add(f["mortal_total"], 1, "old"), observe(f["native_seconds"], 3, "old"), total(f["running_total"], 0, 50, "old"),
		add(f["bare_total"], 12),
		set(f["gauge_bytes"], -1, "x"),
		observe(f["classic_seconds"], 0.05, "x"), observe(f["classic_seconds"], 5, "x"), observe(f["classic_seconds"], 5, "y"),
		observe(f["both_seconds"], -7), observe(f["both_seconds"], 0),
		observe(f["summary_seconds"], 2, "x"), observe(f["summary_seconds"], 3, "x"), observe(f["quantiles_seconds"], 3))
	now = noon + 100*second
	ingestAt(t, c, now,
		add(f["mortal_total"], 2, "1"), add(f["mortal_total"], 3, "2"), add(f["mortal_total"], 4, "3"), add(f["mortal_total"], 5, "4"),
		total(f["running_total"], 100, 10, "x"), total(f["running_total"], 101, 30, "x"), total(f["running_total"], 102, 5, "x"),
		observe(f["native_seconds"], 1, "x"))
	for i := range 40 {
		ingestAt(t, c, now, observe(f["native_seconds"], float64(i*i)-30, "x"))
	}
	return now
}

// TestStateRoundTrip holds that a restored collector shows what the other one does.
func TestStateRoundTrip(t *testing.T) {
	clock := &clock{}
	a := open(t, collector.Options{Now: clock.Now})
	clock.now = fillEverything(t, a, everything())
	state := written(t, a, clock.now, true)

	b := open(t, collector.Options{Now: clock.Now})
	families := everything()
	done := restored(t, b, state, clock.now, all(families)...)
	want := collector.Imported{At: clock.now, Families: 10, Series: 14, Remembered: 3}
	if done != want {
		t.Errorf("Imported: %+v, want %+v", done, want)
	}
	for _, format := range []expfmt.Format{textFormat, openFormat} {
		got, want := scrape(t, b, format), withoutQuantiles(scrape(t, a, format))
		if withoutQuantiles(got) != want {
			t.Errorf("restored:\n%s\nwant:\n%s", got, want)
		}
		if !strings.Contains(got, `quantiles_seconds{quantile="0.5"} NaN`) && !strings.Contains(got, `quantiles_seconds{quantile="0.5"} nan`) {
			t.Errorf("quantiles are not anew:\n%s", got)
		}
	}
	if got, want := nativeOf(t, b), nativeOf(t, a); got != want || !strings.Contains(got, "positive_delta") {
		t.Errorf("native histograms are\n%s\nwant\n%s", got, want)
	}
	// What follows has to do the same to both.
	for _, c := range []*collector.Collector{a, b} {
		f := families
		if c == a {
			f = everything()
		}
		ingestAt(t, c, clock.now+second,
			add(f["counter_total"], 1, "x", ""), add(f["mortal_total"], 1, "old"), add(f["mortal_total"], 1, "1"),
			total(f["running_total"], 103, 8, "x"), total(f["running_total"], 99, 8, "x"), total(f["running_total"], 104, 60, "old"),
			set(f["gauge_bytes"], 5, "y"), of(collector.Sample{Family: f["gauge_bytes"], Op: collector.Set, Time: noon - 1}, "x"),
			observe(f["native_seconds"], 3, "old"), observe(f["native_seconds"], 1e9, "x"), observe(f["both_seconds"], 1),
			observe(f["classic_seconds"], 0.5, "y"), observe(f["summary_seconds"], 1, "x"))
	}
	clock.now += 2 * second
	if got, want := withoutQuantiles(scrape(t, b, openFormat)), withoutQuantiles(scrape(t, a, openFormat)); got != want {
		t.Errorf("after more samples:\n%s\nwant:\n%s", got, want)
	}
	if got, want := nativeOf(t, b), nativeOf(t, a); got != want {
		t.Errorf("native histograms are\n%s\nwant\n%s", got, want)
	}
	for _, r := range []collector.Reason{collector.OutOfOrder, collector.SeriesLimit, collector.FamilyConflict} {
		if got, want := b.Stats().Dropped(r), a.Stats().Dropped(r); got != want {
			t.Errorf("%d dropped for %s, want %d", got, r, want)
		}
	}
	if a, b := a.Stats(), b.Stats(); a.Series() != b.Series() || a.Families() != b.Families() || a.Remembered() != b.Remembered() {
		t.Errorf("%d series, %d families, %d remembered; want %d, %d, %d",
			b.Series(), b.Families(), b.Remembered(), a.Series(), a.Families(), a.Remembered())
	}
}

func withoutQuantiles(text string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains(line, "{quantile=") {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// nativeOf returns the native histograms as text.
func nativeOf(t *testing.T, c *collector.Collector) string {
	t.Helper()
	families, done, err := c.Gather()
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, f := range families {
		for _, m := range f.Metric {
			if h := m.Histogram; h != nil {
				fmt.Fprintln(&text, f.GetName(), m.Label, h.GetSchema(), h.GetZeroCount(), "positive_span", h.PositiveSpan, "positive_delta", h.PositiveDelta,
					"negative_span", h.NegativeSpan, "negative_delta", h.NegativeDelta)
			}
		}
	}
	return strings.ReplaceAll(text.String(), "  ", " ") // the text of a message has spaces at random
}

// TestStateFormat holds that the format does not change without its version.
func TestStateFormat(t *testing.T) {
	c := open(t, collector.Options{})
	now := fillEverything(t, c, everything())
	state := written(t, c, now, true)
	file := filepath.Join("testdata", "state-v1.bin")
	if *update {
		if err := os.WriteFile(file, state, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(state, want) {
		t.Errorf("the state is not that of %s: a change of the format needs another version", file)
	}
	other := open(t, collector.Options{})
	restored(t, other, want, now, all(everything())...)
	if got, want := withoutQuantiles(scrape(t, other, openFormat)), withoutQuantiles(scrape(t, c, openFormat)); got != want {
		t.Errorf("read from %s:\n%s\nwant:\n%s", file, got, want)
	}
}

// TestStateOfGauges holds that gauges are written and read only if wanted.
func TestStateOfGauges(t *testing.T) {
	f := &collector.Family{Name: "g", Type: collector.Gauge}
	g := &collector.Family{Name: "c_total", Type: collector.Counter}
	a := open(t, collector.Options{})
	ingest(t, a, set(f, 7), add(g, 1))
	for _, writes := range []bool{false, true} {
		for _, reads := range []bool{false, true} {
			b := open(t, collector.Options{})
			done, err := b.Import(bytes.NewReader(written(t, a, noon, writes)), collector.ImportOptions{
				Now: noon, Families: []*collector.Family{f, g}, Gauges: reads,
			})
			if err != nil || done.Redefined != 0 || done.Beyond != 0 {
				t.Errorf("Imported: %+v, %v", done, err)
			}
			if writes && reads {
				shows(t, b, "c_total 1", "g 7")
			} else {
				shows(t, b, "c_total 1")
			}
		}
	}
}

// TestStateOfOtherFamilies holds that only what is defined alike is restored.
func TestStateOfOtherFamilies(t *testing.T) {
	family := func(name string) *collector.Family {
		return &collector.Family{Name: name, Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	}
	a := open(t, collector.Options{})
	for _, name := range []string{"kept_total", "changed_total", "gone_total", "made_total"} {
		f := family(name)
		ingest(t, a, add(f, 1, "old"))
		ingestAt(t, a, noon+100*second, add(f, 2, "x"))
	}
	state := saved(t, a, noon+100*second)
	changed := family("changed_total")
	changed.Help = "Changed."
	now := &clock{noon + 101*second}
	b := open(t, collector.Options{Now: now.Now})
	done, err := b.Import(bytes.NewReader(state), collector.ImportOptions{
		Now:      now.now,
		Families: []*collector.Family{family("kept_total"), changed},
		Also:     func(f *collector.Family) bool { return f.Name == "made_total" },
	})
	want := collector.Imported{At: noon + 100*second, Families: 2, Series: 2, Remembered: 2, Redefined: 4}
	if err != nil || done != want {
		t.Errorf("Imported: %+v, %v, want %+v", done, err, want)
	}
	shows(t, b, `kept_total{l="x"} 2`, `made_total{l="x"} 2`)
	// What no family was given for takes its settings from the first that comes.
	made := family("made_total")
	made.TTL, made.SeriesLimit = 2*time.Second, 2
	ingestAt(t, b, now.now, add(made, 1, "a"), add(made, 1, "b"), add(changed, 5, "x"))
	shows(t, b, `changed_total{l="x"} 5`, `kept_total{l="x"} 2`, `made_total{l="x"} 2`, `made_total{l="a"} 1`, `made_total{l="overflow"} 1`)
	now.now += 10 * second
	shows(t, b, `changed_total{l="x"} 5`, `kept_total{l="x"} 2`)
	now.now += 100 * second
	ingestAt(t, b, now.now, add(made, 1, "old"))
	shows(t, b, `made_total{l="old"} 2`)
}

// TestStateChangesTTL holds that times of touching count when there is a TTL.
func TestStateChangesTTL(t *testing.T) {
	for _, test := range []struct {
		name          string
		before, after time.Duration
		down          int64 // seconds
		want          []string
		remembered    int64
	}{
		{"kept", time.Minute, time.Minute, 20, []string{"b", "c"}, 1},
		{"longer", time.Minute, time.Hour, 20, []string{"a", "b", "c"}, 0},
		{"shorter", time.Minute, 20 * time.Second, 10, []string{"c"}, 2},
		{"all over", time.Minute, time.Minute, 1000, nil, 3},
		{"none any more", time.Minute, 0, 1000, []string{"a", "b", "c"}, 0},
		{"a first one", 0, time.Minute, 50, []string{"a", "b", "c"}, 0},
		{"a first one, all over", 0, time.Minute, 60, nil, 3},
		{"the clock was turned back", time.Minute, time.Minute, -1000, []string{"a", "b", "c"}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			family := func(ttl time.Duration) *collector.Family {
				return &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: ttl}
			}
			a := open(t, collector.Options{})
			f := family(test.before)
			ingest(t, a, add(f, 1, "c"), add(f, 1, "b"), add(f, 1, "a"))
			ingestAt(t, a, noon+20*second, add(f, 1, "b"))
			ingestAt(t, a, noon+40*second, add(f, 1, "c"))
			state := saved(t, a, noon+41*second)
			now := &clock{noon + (41+test.down)*second}
			b := open(t, collector.Options{Now: now.Now})
			g := family(test.after)
			restored(t, b, state, now.now, g)
			got := scrape(t, b, textFormat)
			for _, l := range []string{"a", "b", "c"} {
				wanted := strings.Contains(strings.Join(test.want, ""), l)
				if strings.Contains(got, `{l="`+l+`"}`) != wanted {
					t.Errorf("%s on the page is %v, want %v", l, !wanted, wanted)
				}
			}
			if n := b.Stats().Remembered(); n != test.remembered {
				t.Errorf("%d remembered, want %d", n, test.remembered)
			}
			ingestAt(t, b, now.now, add(g, 1, "a"), add(g, 1, "b"), add(g, 1, "c"))
			got = scrape(t, b, textFormat)
			for _, line := range []string{`c_total{l="a"} 2`, `c_total{l="b"} 3`, `c_total{l="c"} 3`} {
				if !strings.Contains(got, line+"\n") {
					t.Errorf("no %s in\n%s", line, got)
				}
			}
		})
	}
}

// TestStateAfterClockWentBack holds that a series of the future expires in time.
func TestStateAfterClockWentBack(t *testing.T) {
	a := open(t, collector.Options{})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, TTL: time.Minute}
	ingestAt(t, a, noon+int64(time.Hour), add(f, 1))
	now := &clock{noon}
	b := open(t, collector.Options{Now: now.Now})
	restored(t, b, saved(t, a, noon+int64(time.Hour)), noon, f)
	shows(t, b, "c_total 1")
	now.now += 60 * second
	shows(t, b)
}

// TestDeclaredSeriesAreDeclaredAgain holds that a state does not keep a series
// that no rule declares any more.
func TestDeclaredSeriesAreDeclaredAgain(t *testing.T) {
	family := func() *collector.Family {
		return &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	}
	a := open(t, collector.Options{})
	if err := a.Init(noon, family(), []string{"a"}, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	state := saved(t, a, noon+int64(time.Hour))
	now := &clock{noon + int64(time.Hour)}
	b := open(t, collector.Options{Now: now.Now})
	f := family()
	restored(t, b, state, now.now, f)
	if err := b.Init(now.now, f, []string{"b"}, []string{"c"}); err != nil {
		t.Fatal(err)
	}
	shows(t, b, `c_total{l="a"} 0`, `c_total{l="b"} 0`, `c_total{l="c"} 0`)
	now.now += 60 * second
	shows(t, b, `c_total{l="c"} 0`, `c_total{l="b"} 0`)
}

func TestStateRespectsLimits(t *testing.T) {
	family := func(name string, ttl time.Duration, limit int) *collector.Family {
		return &collector.Family{Name: name, Type: collector.Counter, Labels: []string{"l"}, TTL: ttl, SeriesLimit: limit}
	}
	f, g := family("a_total", 0, 0), family("b_total", time.Second, 0)
	a := open(t, collector.Options{})
	for i := range 10 {
		ingest(t, a, add(f, 1, fmt.Sprint(i)), add(g, 1, fmt.Sprint(i)))
	}
	ingestAt(t, a, noon+second, add(g, 1, "0"))
	state := saved(t, a, noon+second) // 10 and 1 series, 9 remembered

	b := open(t, collector.Options{SeriesLimit: 7, Remembered: 4 * 210})
	f, g = family("a_total", 0, 3), family("b_total", time.Second, 0)
	done := restored(t, b, state, noon+second, f, g)
	want := collector.Imported{At: noon + second, Families: 2, Series: 4, Remembered: 4, Beyond: 7 + 5}
	if done != want {
		t.Errorf("Imported: %+v, want %+v", done, want)
	}
	ingestAt(t, b, noon+second, add(f, 1, "0"), add(f, 1, "9"), add(g, 1, "0"))
	shows(t, b, `a_total{l="0"} 2`, `a_total{l="1"} 1`, `a_total{l="2"} 1`, `a_total{l="overflow"} 1`, `b_total{l="0"} 3`)

	f, g = family("a_total", 0, 0), family("b_total", time.Second, 0)
	b = open(t, collector.Options{SeriesLimit: 4, Remembered: -1})
	done = restored(t, b, state, noon+second, f, g)
	want = collector.Imported{At: noon + second, Families: 2, Series: 4, Beyond: 6 + 1 + 9}
	if done != want || b.Stats().Series() != 4 {
		t.Errorf("Imported: %+v, want %+v", done, want)
	}
	b = open(t, collector.Options{SeriesLimit: 1})
	if done = restored(t, b, state, noon+second, f, g); done.Families != 1 || done.Series != 1 || done.Beyond != 9+1+9 {
		t.Errorf("Imported: %+v", done)
	}
}

// TestStateOfOverflowSeries holds that they stay what they are.
func TestStateOfOverflowSeries(t *testing.T) {
	family := func() *collector.Family {
		return &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, SeriesLimit: 1}
	}
	a, f := open(t, collector.Options{}), family()
	ingest(t, a, add(f, 1, "a"), add(f, 1, "b"))
	f = family()
	told := 0
	b := open(t, collector.Options{Overflowed: func(string, string) { told++ }})
	restored(t, b, saved(t, a, noon), noon, f)
	source := of(collector.Sample{Family: f, Value: 1, Source: 3}, "c")
	ingest(t, b, add(f, 1, "a"), add(f, 1, "b"), source)
	shows(t, b, `c_total{l="a"} 2`, `c_total{l="overflow"} 3`)
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// TestStateKeepsSources holds that the field that feeds a series goes on to do so.
func TestStateKeepsSources(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter}
	g := &collector.Family{Name: "c_total", Type: collector.Counter}
	a := open(t, collector.Options{})
	ingest(t, a, of(collector.Sample{Family: f, Value: 1, Source: 2}))
	b := open(t, collector.Options{})
	restored(t, b, saved(t, a, noon), noon, g)
	ingest(t, b, of(collector.Sample{Family: g, Value: 1, Source: 1}), of(collector.Sample{Family: g, Value: 1, Source: 2}))
	shows(t, b, "c_total 2")
}

// TestImportComesFirst holds that it changes no family that is there.
func TestImportComesFirst(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Second}
	a := open(t, collector.Options{})
	ingest(t, a, add(f, 1, "a"))
	ingestAt(t, a, noon+second, add(f, 1, "b"))
	state := saved(t, a, noon+second)
	b := open(t, collector.Options{})
	ingest(t, b, add(&collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}}, 5, "a"))
	if done := restored(t, b, state, noon+second, f); done.Series != 0 || done.Redefined != 1 || done.Remembered != 0 {
		t.Errorf("Imported: %+v", done)
	}
	shows(t, b, `c_total{l="a"} 5`)
}

func TestStateOfClosedCollector(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "c_total", Type: collector.Counter}
	ingest(t, c, add(f, 1))
	state := saved(t, c, noon)
	c.Close()
	if _, err := c.Export(noon, true); !errors.Is(err, collector.ErrClosed) {
		t.Errorf("Export: %v", err)
	}
	if _, err := c.Import(bytes.NewReader(state), collector.ImportOptions{Families: []*collector.Family{f}}); !errors.Is(err, collector.ErrClosed) {
		t.Errorf("Import: %v", err)
	}
}

// TestStateIsIsolated holds that what was exported does not change any more.
func TestStateIsIsolated(t *testing.T) {
	c := open(t, collector.Options{})
	f := everything()
	now := fillEverything(t, c, f)
	s, err := c.Export(now, true)
	if err != nil {
		t.Fatal(err)
	}
	var before, after bytes.Buffer
	if _, err := s.WriteTo(&before); err != nil {
		t.Fatal(err)
	}
	fillEverything(t, c, f)
	ingestAt(t, c, now+1000*second, observe(f["native_seconds"], 3, "old"), total(f["running_total"], 1200, 60, "old"))
	if err := c.Retain(nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := s.WriteTo(&after); err != nil || !bytes.Equal(before.Bytes(), after.Bytes()) {
		t.Errorf("the state changed (%v)", err)
	}
}

// failing takes some bytes, and then fails.
type failing struct{ room int }

var errFull = errors.New("no space left on device")

func (w *failing) Write(b []byte) (int, error) {
	if len(b) > w.room {
		n := w.room
		w.room = 0
		return n, errFull
	}
	w.room -= len(b)
	return len(b), nil
}

func TestStateWriteFails(t *testing.T) {
	c := open(t, collector.Options{})
	s, err := c.Export(fillEverything(t, c, everything()), true)
	if err != nil {
		t.Fatal(err)
	}
	size, _ := s.WriteTo(&failing{1 << 30})
	for room := range int(size) {
		if n, err := s.WriteTo(&failing{room}); n != int64(room) || !errors.Is(err, errFull) {
			t.Fatalf("room for %d bytes: %d, %v", room, n, err)
		}
	}
}
