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
	"github.com/promexporter/promexporter/internal/goldentest"
)

// exportedFamily exports c at a time and writes the state.
func exportedFamily(t testing.TB, c *collector.Collector, now int64) []byte {
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
	for i := range 2 {
		b := batchAt(now)
		b.Chunk = collector.Digest{byte(i), 1}
		if err := c.Ingest(b, nil); err != nil {
			t.Fatal(err)
		}
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
	want := collector.Imported{At: clock.now, Families: 10, Series: 14, Remembered: 3, Chunks: 2}
	if done != want {
		t.Errorf("Imported: %+v, want %+v", done, want)
	}
	for _, format := range []expfmt.Format{textFormat, openFormat} {
		got, want := scrape(t, b, format), withoutQuantiles(scrape(t, a, format))
		if withoutQuantiles(got) != want {
			t.Errorf("restored:\n%s\nwant:\n%s", got, want)
		}
		if !strings.Contains(got, `quantiles_seconds{quantile="0.5"} NaN`) && !strings.Contains(got, `quantiles_seconds{quantile="0.5"} nan`) {
			t.Errorf("quantiles did not start again:\n%s", got)
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
	families, done, err := c.Gather(t.Context())
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
	file := filepath.Join("testdata", "state-v3.bin")
	if *goldentest.Update {
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

func TestStateOfClosedCollector(t *testing.T) {
	c := open(t, collector.Options{})
	f := &collector.Family{Name: "c_total", Type: collector.Counter}
	ingest(t, c, add(f, 1))
	state := exportedFamily(t, c, noon)
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
