package collector_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

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
			if err != nil || done.Redefined != 0 || done.OverLimit != 0 {
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
	names := []string{"kept_total", "changed_total", "gone_total", "made_total"}
	for _, name := range names {
		ingest(t, a, add(family(name), 1, "old"))
	}
	for _, name := range names {
		ingestAt(t, a, noon+100*second, add(family(name), 2, "x"))
	}
	state := exportedFamily(t, a, noon+100*second)
	changed := family("changed_total")
	changed.Help = "Changed."
	now := &clock{noon + 101*second}
	b := open(t, collector.Options{Now: now.Now})
	done, err := b.Import(bytes.NewReader(state), collector.ImportOptions{
		Now:      now.now,
		Families: []*collector.Family{family("kept_total"), changed},
		Also:     only("made_total"),
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
			state := exportedFamily(t, a, noon+41*second)
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
	restored(t, b, exportedFamily(t, a, noon+int64(time.Hour)), noon, f)
	shows(t, b, "c_total 1")
	now.now += 60 * second
	shows(t, b)
}

// TestDeclaredSeriesAreDeclaredAgain holds that a state does not keep a series that no rule declares any more.
func TestDeclaredSeriesAreDeclaredAgain(t *testing.T) {
	family := func() *collector.Family {
		return &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Minute}
	}
	a := open(t, collector.Options{})
	if err := a.Init(noon, family(), []string{"a"}, []string{"b"}); err != nil {
		t.Fatal(err)
	}
	state := exportedFamily(t, a, noon+int64(time.Hour))
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
	state := exportedFamily(t, a, noon+second) // 10 and 1 series, 9 remembered

	b := open(t, collector.Options{SeriesLimit: 7, Remembered: 4 * 210})
	f, g = family("a_total", 0, 3), family("b_total", time.Second, 0)
	done := restored(t, b, state, noon+second, f, g)
	want := collector.Imported{At: noon + second, Families: 2, Series: 4, Remembered: 4, OverLimit: 7 + 5}
	if done != want {
		t.Errorf("Imported: %+v, want %+v", done, want)
	}
	ingestAt(t, b, noon+second, add(f, 1, "0"), add(f, 1, "9"), add(g, 1, "0"))
	shows(t, b, `a_total{l="0"} 2`, `a_total{l="1"} 1`, `a_total{l="2"} 1`, `a_total{l="overflow"} 1`, `b_total{l="0"} 3`)

	f, g = family("a_total", 0, 0), family("b_total", time.Second, 0)
	b = open(t, collector.Options{SeriesLimit: 4, Remembered: -1})
	done = restored(t, b, state, noon+second, f, g)
	want = collector.Imported{At: noon + second, Families: 2, Series: 4, OverLimit: 6 + 1 + 9}
	if done != want || b.Stats().Series() != 4 {
		t.Errorf("Imported: %+v, want %+v", done, want)
	}
	b = open(t, collector.Options{SeriesLimit: 1})
	if done = restored(t, b, state, noon+second, f, g); done.Families != 1 || done.Series != 1 || done.OverLimit != 9+1+9 {
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
	reported := 0
	b := open(t, collector.Options{Overflowed: func(string, string) { reported++ }})
	restored(t, b, exportedFamily(t, a, noon), noon, f)
	source := of(collector.Sample{Family: f, Value: 1, Source: 3}, "c")
	ingest(t, b, add(f, 1, "a"), add(f, 1, "b"), source)
	shows(t, b, `c_total{l="a"} 2`, `c_total{l="overflow"} 3`)
	if reported != 1 {
		t.Errorf("reported %d times", reported)
	}
}

// TestStateKeepsSources holds that a restored series keeps its source.
func TestStateKeepsSources(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter}
	g := &collector.Family{Name: "c_total", Type: collector.Counter}
	a := open(t, collector.Options{})
	ingest(t, a, of(collector.Sample{Family: f, Value: 1, Source: 2}))
	b := open(t, collector.Options{})
	restored(t, b, exportedFamily(t, a, noon), noon, g)
	ingest(t, b, of(collector.Sample{Family: g, Value: 1, Source: 1}), of(collector.Sample{Family: g, Value: 1, Source: 2}))
	shows(t, b, "c_total 2")
}

// TestImportComesFirst holds that it changes no family that is there.
func TestImportComesFirst(t *testing.T) {
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Second}
	a := open(t, collector.Options{})
	ingest(t, a, add(f, 1, "a"))
	ingestAt(t, a, noon+second, add(f, 1, "b"))
	state := exportedFamily(t, a, noon+second)
	b := open(t, collector.Options{})
	ingest(t, b, add(&collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}}, 5, "a"))
	if done := restored(t, b, state, noon+second, f); done.Series != 0 || done.Redefined != 2 || done.Remembered != 0 {
		t.Errorf("Imported: %+v", done)
	}
	shows(t, b, `c_total{l="a"} 5`)
}

// TestFailedImportChangesNothing holds that a collector that has series keeps them, and what it remembers, when a state
// turns out to be bad at its very end.
func TestFailedImportChangesNothing(t *testing.T) {
	a := open(t, collector.Options{})
	state := written(t, a, fillEverything(t, a, everything()), true)
	state[len(state)-1] ^= 1
	b := open(t, collector.Options{Remembered: 300})
	f := &collector.Family{Name: "c_total", Type: collector.Counter, Labels: []string{"l"}, TTL: time.Second}
	ingest(t, b, add(f, 1, "a"))
	ingestAt(t, b, noon+second, add(f, 1, "b"))
	before, want := b.Stats().Bytes(), scrape(t, b, textFormat)
	_, err := b.Import(bytes.NewReader(state), collector.ImportOptions{Now: noon, Families: all(everything()), Gauges: true})
	if err == nil || b.Stats().Bytes() != before || b.Stats().Series() != 1 || b.Stats().Remembered() != 1 || b.Stats().Families() != 1 {
		t.Errorf("%v; %+v", err, b.Stats())
	}
	if got := scrape(t, b, textFormat); got != want {
		t.Errorf("there are\n%s\nwant\n%s", got, want)
	}
	recount(t, b)
}
