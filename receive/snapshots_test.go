package receive_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// contexts writes contexts that are separated by |. The first word of each is its time in seconds, each other one a
// gauge with a label, its value, and perhaps its time: "10 g/a=1 g/b=2@5". The word ! is a malformed family, own is that
// of the process, and ~ at the end cuts the chunk off. A counter starts with +, an increment with ++.
func contexts(t testing.TB, text string) []byte {
	t.Helper()
	text, isCut := strings.CutSuffix(text, "~")
	var chunk []byte
	for c := range strings.SplitSeq(text, "|") {
		words := strings.Fields(c)
		var families []string
		for _, word := range words[1:] {
			families = append(families, family(t, word, words[0]))
		}
		chunk = chunktest.JSON(chunk, `{"meta":{"cmetrics":{},"external":{},"processing":{}},"metrics":[`+strings.Join(families, ",")+`]}`)
	}
	if isCut {
		chunk = chunk[:len(chunk)-4]
	}
	return chunk
}

func family(t testing.TB, word, at string) string {
	t.Helper()
	switch word {
	case "!":
		return "7"
	case "own":
		return `{"meta":{"type":1,"opts":{"name":"promexporter_process_info"},"labels":["id"]},"values":[{"ts":1,"value":1,"labels":["me"]}]}`
	}
	name, more := strings.TrimLeft(word, "+"), ""
	kind := 1
	if name != word {
		kind = 0
	}
	if strings.HasPrefix(word, "++") {
		more = `,"aggregation_type":1`
	}
	name, point, _ := strings.Cut(name, "/")
	label, point, _ := strings.Cut(point, "=")
	value, own, isOwn := strings.Cut(point, "@")
	if isOwn {
		at = own
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return scalar(kind, name, more, fmt.Sprintf(`{"ts":%d,"value":%s,"labels":[%q]}`, base+seconds*int64(time.Second), value, label))
}

// samples returns the samples of the page, with the value of the label l alone.
func (r *rig) samples() string {
	var all []string
	for line := range strings.Lines(r.page(text)) {
		if !strings.HasPrefix(line, "#") {
			line = strings.NewReplacer(`{l="`, "/", `"}`, "").Replace(strings.TrimSpace(line))
			all = append(all, strings.Replace(line, " ", "=", 1))
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

const snapshots = "[{match: t*, metric_regex: ^.$, snapshot: true}]"

// TestSnapshots applies chunks to the page: of each tag, the page has what its last whole context has.
func TestSnapshots(t *testing.T) {
	type chunk struct {
		tag      string
		at       int64 // seconds
		contexts string
	}
	for name, row := range map[string]struct {
		rules  string
		chunks []chunk
		page   string
		drops  string
	}{
		"without a rule": {"[{match: u, snapshot: true}]", []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/a=2"}}, "g/a=2 g/b=1", ""},
		"a series goes":  {snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/a=2"}}, "g/a=2", ""},
		"a family goes":  {snapshots, []chunk{{"t", 0, "0 g/a=1 +h/b=1"}, {"t", 1, "1 g/a=2"}}, "g/a=2", ""},
		"all go":         {snapshots, []chunk{{"t", 0, "0 g/a=1 h/b=1"}, {"t", 1, "1"}}, "", ""},
		"they come back": {snapshots, []chunk{{"t", 0, "0 g/a=1 h/b=1"}, {"t", 1, "1"}, {"t", 2, "2 g/a=3"}}, "g/a=3", ""},
		"one chunk":      {snapshots, []chunk{{"t", 2, "0 g/a=1 g/b=1|1 g/c=2|2 g/a=3 g/c=3"}}, "g/a=3 g/c=3", ""},
		"only of the rule": {
			snapshots, []chunk{{"t", 0, "0 g/a=1 long/b=1"}, {"t", 1, "1 g/b=2"}}, "g/b=2 long/b=1", "",
		},
		"only of the tag": {
			snapshots, []chunk{{"t", 0, "0 g/a=1"}, {"t2", 0, "0 g/b=1"}, {"u", 0, "0 g/c=1"}, {"t", 1, "1 g/d=2"}}, "g/b=1 g/c=1 g/d=2", "",
		},
		"only of some series": {
			"[{condition: {field: \"$labels['l']\", op: neq, value: a}, snapshot: true}]",
			[]chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/c=2"}}, "g/a=1 g/c=2", "",
		},
		"a later rule decides": {
			"[{snapshot: true}, {metric: h, snapshot: false}]",
			[]chunk{{"t", 0, "0 g/a=1 h/a=1"}, {"t", 1, "1"}}, "h/a=1", "",
		},
		"a malformed family": {snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/a=2 ! g/c=2"}}, "g/a=2 g/b=1 g/c=2", ""},
		"a whole one after a malformed one": {
			snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 2, "1 g/a=2 ! g/c=2|2 g/a=3"}}, "g/a=3", "",
		},
		"a malformed one after a whole one": {
			snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 2, "1 g/a=2|2 g/c=3 !"}}, "g/a=2 g/c=3", "",
		},
		"cut off":                   {snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/a=2~"}}, "g/a=1 g/b=1", ""},
		"the second one is cut off": {snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 2, "1 g/a=2|2 g/c=2~"}}, "g/a=2", ""},
		"the own page":              {snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/a=2 own"}}, "g/a=1 g/b=1", "own_page 2"},
		"too old":                   {snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 290, "1 g/a=1 g/b=1"}, {"t", 301, "1 g/a=2"}}, "g/a=1 g/b=1", "too_old 1"},
		"an older chunk":            {snapshots, []chunk{{"t", 2, "2 g/a=1"}, {"t", 3, "1 g/a=2 g/b=2 long/b=1"}}, "g/a=1 long/b=1", "out_of_order 2"},
		"an older context":          {snapshots, []chunk{{"t", 2, "2 g/a=1|1 g/b=2"}}, "g/a=1", "out_of_order 1"},
		"the same again":            {snapshots, []chunk{{"t", 0, "0 g/a=1"}, {"t", 1, "0 g/a=1"}, {"t", 1, "0"}}, "", ""},
		"older ones count after a while": {
			"[{snapshot: true, ttl: 1h}]", []chunk{{"t", 0, "3600 g/a=1"}, {"t", 299, "0 g/b=1"}, {"t", 300, "300 g/c=1"}}, "g/c=1", "out_of_order 1",
		},
		"a time that is nonsense": {
			snapshots, []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/a=2 h/x=1@99999999"}, {"t", 2, "2 g/c=3"}}, "g/c=3", "too_new 1",
		},
		"a dropped point is none": {
			"[{snapshot: true, max_lag: 1m}]", []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 61, "61 g/a=2 g/b=1@0"}}, "g/a=2", "lagging 1",
		},
		"increments stay": {snapshots, []chunk{{"t", 0, "0 ++c/a=1 ++c/b=1"}, {"t", 1, "1 ++c/a=2"}}, "c/a=3 c/b=1", ""},
		"renamed":         {"[{metric: g, name: x, snapshot: true}]", []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 1, "1 g/a=2"}}, "x/a=2", ""},
		"max_lag": {
			"[{metric: g, max_lag: 1m}]",
			[]chunk{{"t", 100, "100 g/a=1@40 g/b=1@39 h/a=1@39 i/a=1"}}, "g/a=1 h/a=1 i/a=1", "lagging 1",
		},
		"max_lag of a series that is there": {
			"[{max_lag: 1m}]", []chunk{{"t", 0, "0 g/a=1 g/b=1"}, {"t", 61, "61 g/a=2 g/b=2@0"}, {"t", 300, "300 g/a=3 g/b=2@0"}}, "g/a=3", "lagging 2",
		},
		"max_lag and nonsense":   {"[{max_lag: 1m}]", []chunk{{"t", 0, "0 g/a=1 g/b=1@99999999"}}, "g/a=1", "too_new 1"},
		"max_lag and increments": {"[{max_lag: 1m}]", []chunk{{"t", 100, "100 g/a=1 ++c/a=1@0"}}, "c/a=1 g/a=1", ""},
		"max_lag of contexts":    {"[{max_lag: 1m}]", []chunk{{"t", 200, "0 g/a=1|200 g/b=1"}}, "g/a=1 g/b=1", ""},
		"no max_lag after all":   {"[{max_lag: 1m}, {metric: g, max_lag: 0}]", []chunk{{"t", 100, "100 h/a=1 g/a=1@0"}}, "g/a=1 h/a=1", ""},
		"timestamps": {
			"[{metric: g, timestamps: true}]", []chunk{{"t", 1, "1 g/a=1 g/b=1@0 h/a=1"}}, "g/a=1 1700000001000 g/b=1 1700000000000 h/a=1", "",
		},
		"timestamps of some points": {
			"[{condition: {field: \"$labels['l']\", op: eq, value: a}, timestamps: true}]", []chunk{{"t", 1, "1 g/a=1 g/b=1"}},
			"g/a=1 1700000001000", "family_conflict 1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.scratch.Options = receive.Options{Rules: compile(t, "received: "+row.rules, nil), Process: "me"}
			for _, c := range row.chunks {
				r.take(contexts(t, c.contexts), c.tag, c.at)
			}
			if got := r.samples(); got != row.page {
				t.Errorf("got  %s\nwant %s", got, row.page)
			}
			if got := r.losses(); got != row.drops {
				t.Errorf("dropped %q, want %q", got, row.drops)
			}
		})
	}
}

// take receives a chunk, of which parts may be malformed.
func (r *rig) take(chunk []byte, tag string, at int64) {
	r.t.Helper()
	r.batch.Reset()
	r.batch.Now = base + at*int64(time.Second)
	r.scratch.Read(chunk, tag, &r.batch, func(*record.Malformed) {})
	r.scratch.Finish(true)
	r.scratch.Release()
	if err := r.collector.Ingest(&r.batch, nil); err != nil {
		r.t.Fatal(err)
	}
}

// TestSnapshotsOnReload: a change of snapshot or max_lag alone removes nothing, and one of timestamps or unit does.
func TestSnapshotsOnReload(t *testing.T) {
	for name, row := range map[string]struct{ before, after, reloaded, later string }{
		"snapshot comes": {"[{labels: {}}]", "[{snapshot: true, labels: {}}]", "a_bytes/a=1 a_bytes/b=1", "a_bytes/a=2 a_bytes/b=1"},
		"snapshot goes":  {"[{snapshot: true}]", "[{snapshot: false}]", "a_bytes/a=1 a_bytes/b=1", "a_bytes/a=2 a_bytes/b=1"},
		"max_lag":        {"[{max_lag: 1m}]", "[{max_lag: 1h}]", "a_bytes/a=1 a_bytes/b=1", "a_bytes/a=2 a_bytes/b=1"},
		"timestamps":     {"[{labels: {}}]", "[{timestamps: true}]", "", "a_bytes/a=2 1700000001000"},
		"no timestamps":  {"[{timestamps: true}]", "[{labels: {}}]", "", "a_bytes/a=2"},
		"unit":           {"[{metric: '*_bytes'}]", "[{metric: '*_bytes', unit: bytes}]", "", "a_bytes/a=2"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.scratch.Rules = compile(t, "received: "+row.before, nil)
			r.take(contexts(t, "0 a_bytes/a=1 a_bytes/b=1"), "t", 0)
			after := compile(t, "received: "+row.after, nil)
			if err := r.collector.RetainReceived(after.Fingerprint); err != nil {
				t.Fatal(err)
			}
			if got := r.samples(); got != row.reloaded {
				t.Errorf("after the reload: %s, want %s", got, row.reloaded)
			}
			r.scratch.Rules = after
			r.take(contexts(t, "1 a_bytes/a=2"), "t", 1)
			if got := r.samples(); got != row.later {
				t.Errorf("after a context: %s, want %s", got, row.later)
			}
			if got, want := strings.Contains(r.page(openMetrics), "# UNIT a_bytes bytes"), name == "unit"; got != want {
				t.Errorf("unit: %v", got)
			}
		})
	}
}

// TestUnit: a unit is on the page if the name ends with it, whoever gave the name.
func TestUnit(t *testing.T) {
	r := newRig(t)
	r.scratch.Rules = compile(t, "received: [{metric: '*_bytes_total', unit: bytes}, {metric: b_bytes_total, name: b}, {metric: c, name: c_seconds, unit: seconds}]", nil)
	r.take(contexts(t, "0 +a_bytes_total/a=1 b_bytes_total/a=1 c/a=1"), "t", 0)
	const want = "# TYPE a_bytes counter\n# UNIT a_bytes bytes\na_bytes_total{l=\"a\"} 1.0\n" +
		"# TYPE b gauge\nb{l=\"a\"} 1.0\n# TYPE c_seconds gauge\n# UNIT c_seconds seconds\nc_seconds{l=\"a\"} 1.0\n# EOF\n"
	if got := withoutHelp(r.page(openMetrics)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestSnapshotsDoNotAllocate: a snapshot with the same series as the last one allocates nothing.
func TestSnapshotsDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for _, name := range []string{"node_exporter_metrics", "fluentbit_metrics", "prometheus_scrape"} {
		chunk := capture(t, "v5.1.1/"+name)
		c := collector.New(collector.Options{SeriesLimit: 100_000})
		defer c.Close()
		batch, scratch := &collector.Batch{}, &receive.Scratch{Options: receive.Options{
			Rules: compile(t, "received: [{snapshot: true, max_lag: 1h, timestamps: true}]", nil),
		}}
		now, failed := cmetrics.Newest(chunk), func(m *record.Malformed) { t.Error(m) }
		n := testing.AllocsPerRun(20, func() {
			batch.Reset()
			batch.Now = now
			scratch.Read(chunk, "tag", batch, failed)
			if err := c.Ingest(batch, nil); err != nil {
				t.Error(err)
			}
			scratch.Finish(true)
			scratch.Release()
		})
		if n != 0 || c.Stats().Series() == 0 {
			t.Errorf("%s: %v allocations, %d series", name, n, c.Stats().Series())
		}
	}
}
