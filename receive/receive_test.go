package receive_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
)

// step is one chunk: after seconds, with a tag, families as JSON. ts 100 is the time of the first chunk.
type step struct {
	after int64 // seconds since the first one
	tag   string
	otlp  bool
	text  string // of families; $T is the time
}

const base = int64(1_700_000_000) * int64(time.Second)

func (s *step) chunk() []byte {
	producer := ""
	if s.otlp {
		producer = `"producer":"opentelemetry"`
	}
	now := base + s.after*int64(time.Second)
	text := strings.ReplaceAll(s.text, "$T", fmt.Sprint(now))
	return chunktest.JSON(nil, `{"meta":{"cmetrics":{`+producer+`},"external":{},"processing":{}},"metrics":[`+text+`]}`)
}

func scalar(kind int, name, more, points string) string {
	return fmt.Sprintf(`{"meta":{"type":%d,"opts":{"name":%q},"labels":["l"]%s},"values":[%s]}`, kind, name, more, points)
}

// TestPoints feeds chunks, one after the other, and compares the page.
func TestPoints(t *testing.T) {
	const one, two = `{"ts":$T,"value":1,"labels":["a"]}`, `{"ts":$T,"value":2,"labels":["a"]}`
	delta := func(points string) string { return scalar(0, "c", `,"aggregation_type":1`, points) }
	histogram := func(bounds, buckets string, count int, more string) string {
		return fmt.Sprintf(`{"meta":{"type":2,"opts":{"name":"h"},"labels":[],"buckets":%s%s},"values":[{"ts":$T,"histogram":{"buckets":%s,"sum":1.5,"count":%d}}]}`,
			bounds, more, buckets, count)
	}
	for name, row := range map[string]struct {
		steps []step
		drops string
		page  string
	}{
		"a newer point replaces": {
			[]step{{0, "t", false, scalar(1, "g", "", one)}, {1, "t", false, scalar(1, "g", "", two)}}, "",
			"# TYPE g gauge\ng{l=\"a\"} 2\n",
		},
		"an older one is dropped": {
			[]step{{5, "t", false, scalar(1, "g", "", two)}, {5, "t", false, scalar(1, "g", "", strings.ReplaceAll(one, "$T", "1700000001000000000"))}},
			"out_of_order 1", "# TYPE g gauge\ng{l=\"a\"} 2\n",
		},
		"no time means now": {
			[]step{{0, "t", false, scalar(1, "g", "", one)}, {1, "t", false, scalar(1, "g", "", `{"ts":0,"value":3,"labels":["a"]}`)}}, "",
			"# TYPE g gauge\ng{l=\"a\"} 3\n",
		},
		"a series of another tag": {
			[]step{{0, "t", false, scalar(1, "g", "", one)}, {1, "u", false, scalar(1, "g", "", two)}}, "other_source 1",
			"# TYPE g gauge\ng{l=\"a\"} 1\n",
		},
		"a series that expired is free": {
			[]step{{0, "t", false, scalar(1, "g", "", one)}, {300, "u", false, scalar(1, "g", "", two)}}, "",
			"# TYPE g gauge\ng{l=\"a\"} 2\n",
		},
		"a series expires": {
			[]step{{0, "t", false, scalar(1, "g", "", one)}, {301, "t", false, scalar(1, "g", "", `{"ts":$T,"value":2,"labels":["b"]}`)}}, "",
			"# TYPE g gauge\ng{l=\"b\"} 2\n",
		},
		"another type": {
			[]step{{0, "t", false, scalar(1, "g", "", one)}, {1, "t", false, scalar(0, "g", "", two)}}, "family_conflict 1",
			"# TYPE g gauge\ng{l=\"a\"} 1\n",
		},
		"another type, later": {
			[]step{{0, "t", false, scalar(1, "g", "", one)}, {301, "t", false, scalar(4, "g", "", two)}}, "",
			"# TYPE g untyped\ng{l=\"a\"} 2\n",
		},
		"a family in the way of a sample": {
			[]step{{0, "t", false, histogram("[1]", "[1,2]", 2, "") + "," + scalar(1, "h_count", "", one)}}, "family_conflict 1",
			"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1.5\nh_count 2\n",
		},
		"an old backlog": {
			[]step{{301, "t", false, scalar(1, "g", "", strings.ReplaceAll(one, "$T", "1700000000000000000")) + "," +
				delta(strings.ReplaceAll(one, "$T", "1700000000000000000"))}}, "too_old 1",
			"# TYPE c counter\nc{l=\"a\"} 1\n",
		},
		"a time that is nonsense": {
			[]step{{0, "t", false, scalar(1, "g", "", `{"ts":9000000000000000000,"value":1}`)}}, "too_new 1", "",
		},
		"the names of the plugin": {
			[]step{{0, "t", false, scalar(1, "go_x", "", one) + "," + scalar(1, "promexporter.x", "", one)}}, "reserved_name 2", "",
		},
		"the own page": {
			[]step{{0, "t", false, scalar(1, "g", "", one) + `,{"meta":{"type":1,"opts":{"name":"promexporter_process_info"},"labels":["id"]},` +
				`"values":[{"ts":$T,"value":1,"labels":["me"]}]}`}}, "own_page 2", "",
		},
		"the page of another process": {
			[]step{{0, "t", false, scalar(1, "g", "", one) + `,{"meta":{"type":1,"opts":{"name":"promexporter_process_info"},"labels":["id"]},` +
				`"values":[{"ts":$T,"value":1,"labels":["you"]}]}`}}, "reserved_name 1", "# TYPE g gauge\ng{l=\"a\"} 1\n",
		},
		"counters": {
			[]step{{0, "t", false, scalar(0, "c", "", `{"ts":$T,"value":-1},{"ts":$T,"value":1,"labels":["a"]}`)}}, "negative_counter 1",
			"# TYPE c counter\nc{l=\"a\"} 1\n",
		},
		"increments": {
			[]step{{0, "t", false, delta(one)}, {2, "t", false, delta(two)}, {1, "t", false, delta(one)}}, "", "# TYPE c counter\nc{l=\"a\"} 4\n",
		},
		"increments after an expiry": {
			[]step{{0, "t", false, delta(two)}, {400, "u", false, delta(one)}}, "", "# TYPE c counter\nc{l=\"a\"} 3\n",
		},
		"increments of a histogram": {
			[]step{
				{0, "t", true, histogram("[1,2]", "[1,0,2]", 3, `,"aggregation_type":1`)},
				{1, "t", true, histogram("[1,2]", "[0,1,0]", 1, `,"aggregation_type":1`)},
			}, "",
			"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"2\"} 2\nh_bucket{le=\"+Inf\"} 4\nh_sum 3\nh_count 4\n",
		},
		"increments with other buckets": {
			[]step{
				{0, "t", true, histogram("[1,2]", "[1,0,2]", 3, `,"aggregation_type":1`)},
				{1, "t", true, histogram("[5]", "[0,1]", 1, `,"aggregation_type":1`)},
			}, "rebased 1",
			"# TYPE h histogram\nh_bucket{le=\"5\"} 0\nh_bucket{le=\"+Inf\"} 1\nh_sum 1.5\nh_count 1\n",
		},
		"the bounds change": {
			[]step{{0, "t", false, histogram("[1,2]", "[1,1,2]", 2, "")}, {1, "t", false, histogram("[3]", "[4,5]", 5, "")}}, "",
			"# TYPE h histogram\nh_bucket{le=\"3\"} 4\nh_bucket{le=\"+Inf\"} 5\nh_sum 1.5\nh_count 5\n",
		},
		"bounds that fall": {[]step{{0, "t", false, histogram("[2,1]", "[1,1,2]", 2, "")}}, "inconsistent 1", ""},
		"le is not for a histogram": {
			[]step{{0, "t", false, `{"meta":{"type":2,"opts":{"name":"h"},"labels":["le"],"buckets":[]},"values":[{"histogram":{"buckets":[1],"sum":1,"count":1}}]}`}},
			"bad_label 1", "",
		},
		"labels": {
			[]step{{0, "t", false, `{"meta":{"type":1,"opts":{"name":"g"},"labels":["b",null,"a","b","__name__"]},` +
				`"values":[{"ts":$T,"value":1,"labels":["1","x","2","3","g"]},{"ts":$T,"value":2,"labels":[null,"x","","4"]},{"ts":$T,"value":3}]}`}}, "",
			"# TYPE g gauge\ng{a=\"2\",b=\"1\"} 1\ng{b=\"4\"} 2\ng 3\n",
		},
		"names that OTLP makes equal": {
			[]step{{0, "t", true, `{"meta":{"type":1,"opts":{"name":"g.h","unit":"ms"},"labels":["a.b","a_b"]},"values":[{"ts":$T,"value":1,"labels":["1","2"]}]}`}}, "",
			"# TYPE g_h_milliseconds gauge\ng_h_milliseconds{a_b=\"1;2\"} 1\n",
		},
		"names that are equal where they are escaped": {
			[]step{{0, "t", false, `{"meta":{"type":1,"opts":{"name":"g"},"labels":["a.b","a_b"]},"values":[{"ts":$T,"value":1,"labels":["1","2"]}]}`}}, "bad_label 1", "",
		},
		"families that are equal where they are escaped": {
			[]step{{0, "t", false, scalar(1, "a.b", "", one) + "," + scalar(1, "a_b", "", two) + "," + scalar(1, "a-b", "", two)}}, "family_conflict 2",
			"# TYPE \"a.b\" gauge\n{\"a.b\",l=\"a\"} 1\n",
		},
		"samples that are equal where they are escaped": {
			[]step{{0, "t", false, histogram("[1]", "[1,2]", 2, "") + "," + scalar(1, "h.count", "", one) + "," + scalar(1, "h.sum_", "", one)}},
			"family_conflict 1",
			"# TYPE h histogram\nh_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 1.5\nh_count 2\n# TYPE \"h.sum_\" gauge\n{\"h.sum_\",l=\"a\"} 1\n",
		},
		"a series with one of two labels that are equal where they are escaped": {
			[]step{{0, "t", false, `{"meta":{"type":1,"opts":{"name":"g"},"labels":["a.b","a_b"]},"values":[{"ts":$T,"value":1,"labels":["1",""]},{"ts":$T,"value":2,"labels":["","2"]}]}`}}, "",
			"# TYPE g gauge\ng{\"a.b\"=\"1\"} 1\ng{a_b=\"2\"} 2\n",
		},
		"a native histogram": {
			[]step{{0, "t", true, `{"meta":{"type":5,"opts":{"name":"e"},"labels":["l"]},"values":[` +
				`{"ts":$T,"exp_histogram":{"scale":-5,"count":0},"labels":["coarse"]},` +
				`{"ts":$T,"exp_histogram":{"scale":1,"count":3,"positive_buckets":[1]},"labels":["wrong"]},` +
				`{"ts":$T,"exp_histogram":{"scale":1,"count":1,"positive_offset":2147483647,"positive_buckets":[1]},"labels":["far"]},` +
				`{"ts":$T,"exp_histogram":{"scale":20,"count":3,"zero_count":1,"positive_offset":5,"positive_buckets":[1,1],"sum_set":1,"sum":0},"labels":["fine"]}]}`}},
			"inconsistent 1 bad_scale 2",
			"# TYPE e histogram\ne_bucket{l=\"fine\",le=\"+Inf\"} 3\ne_sum{l=\"fine\"} 0\ne_count{l=\"fine\"} 3\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.scratch.Process = "me"
			for i := range row.steps {
				s := &row.steps[i]
				r.read(s.chunk(), s.tag, base+s.after*int64(time.Second))
			}
			if got := r.losses(); got != row.drops {
				t.Errorf("dropped %q, want %q", got, row.drops)
			}
			if got := withoutHelp(r.page(text)); got != row.page {
				t.Errorf("got\n%swant\n%s", got, row.page)
			}
		})
	}
}

func (r *rig) losses() string {
	var all []string
	s := r.collector.Stats()
	for _, reason := range collector.PointReasons() {
		if n := s.PointsDropped(reason); n > 0 {
			all = append(all, fmt.Sprint(reason, " ", n))
		}
	}
	if n := s.Rebased(); n > 0 {
		all = append(all, fmt.Sprint("rebased ", n))
	}
	return strings.Join(all, " ")
}

func withoutHelp(page string) string {
	var all strings.Builder
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "# HELP") {
			all.WriteString(line)
		}
	}
	return all.String()
}

// TestRulesWin: a family of the rules takes its name back from a received one.
func TestRulesWin(t *testing.T) {
	r := newRig(t)
	s := step{0, "t", false, scalar(1, "x", "", `{"ts":$T,"value":1}`) + "," + scalar(1, "y_total", "", `{"ts":$T,"value":1}`)}
	r.read(s.chunk(), "t", base)
	b := &collector.Batch{Now: base}
	b.Append(&collector.Sample{Family: &collector.Family{Name: "x", Type: collector.Counter}, Value: 5})
	if err := r.collector.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
	r.read(s.chunk(), "t", base)
	if got, want := withoutHelp(r.page(text)), "# TYPE x counter\nx 5\n# TYPE y_total gauge\ny_total{} 1\n"; got != strings.ReplaceAll(want, "{}", "") {
		t.Errorf("got\n%s", got)
	}
	// One that has no series yet, too.
	also := func(f *collector.Family) *collector.Family { return f }
	if err := r.collector.Retain([]*collector.Family{{Name: "y", Type: collector.Counter}}, also); err != nil {
		t.Fatal(err)
	}
	r.read(s.chunk(), "t", base)
	if got, want := withoutHelp(r.page(text)), "# TYPE x counter\nx 5\n"; got != want || r.losses() != "family_conflict 3" {
		t.Errorf("got %q\n%s", r.losses(), got)
	}
}

// TestState: what was added up continues after a restart, and what was counted elsewhere is not kept.
func TestState(t *testing.T) {
	before := newRig(t)
	texts := scalar(0, "c", `,"aggregation_type":1`, `{"ts":$T,"value":2,"labels":["a"]}`) + "," + scalar(0, "absolute", "", `{"ts":$T,"value":2}`) +
		`,{"meta":{"type":2,"opts":{"name":"h"},"labels":[],"buckets":[1,2],"aggregation_type":1},"values":[{"ts":$T,"histogram":{"buckets":[1,1,1],"sum":1.5,"count":3}}]}` +
		`,{"meta":{"type":5,"opts":{"name":"e"},"labels":[],"aggregation_type":1},"values":[{"ts":$T,"exp_histogram":{"scale":2,"count":3,"positive_buckets":[3],"sum_set":1,"sum":0}}]}`
	s := step{0, "t", true, texts}
	before.read(s.chunk(), "t", base)
	for _, expired := range []int64{0, 400} {
		var state bytes.Buffer
		saved, err := before.collector.Export(base, false)
		if err == nil {
			_, err = saved.WriteTo(&state)
		}
		if err != nil {
			t.Fatal(err)
		}
		after := newRig(t)
		now := base + expired*int64(time.Second)
		also := func(f *collector.Family) *collector.Family { return f }
		if _, err := after.collector.Import(&state, collector.ImportOptions{Now: now, Also: also}); err != nil {
			t.Fatal(err)
		}
		s.after, s.tag = expired, "another"
		after.read(s.chunk(), s.tag, now)
		want := "# TYPE absolute_total counter\nabsolute_total 2\n# TYPE c_total counter\nc_total{l=\"a\"} 4\n" +
			"# TYPE e histogram\ne_bucket{le=\"+Inf\"} 6\ne_sum 0\ne_count 6\n" +
			"# TYPE h histogram\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"2\"} 4\nh_bucket{le=\"+Inf\"} 6\nh_sum 3\nh_count 6\n"
		if got := withoutHelp(after.page(text)); got != want {
			t.Errorf("after %d s: got\n%swant\n%s", expired, got, want)
		}
	}
}

// TestLimit: received series count in series_limit, and families that are gone make room.
func TestLimit(t *testing.T) {
	c := collector.New(collector.Options{SeriesLimit: 10})
	defer c.Close()
	r := &rig{t: t, collector: c}
	for i := range int64(40) {
		s := step{i * 100, "t", false, scalar(1, fmt.Sprint("g", i), "", `{"ts":$T,"value":1,"labels":["a"]},{"ts":$T,"value":1,"labels":["b"]}`)}
		r.read(s.chunk(), "t", base+s.after*int64(time.Second))
	}
	if n := c.Stats().Series(); n != 6 {
		t.Errorf("%d series", n)
	}
	if got := r.losses(); got != "" {
		t.Errorf("dropped %q", got)
	}
	s := step{4000, "t", false, scalar(1, "many", "", strings.TrimSuffix(strings.Repeat(`{"ts":$T,"value":1,"labels":["$"]},`, 20), ","))}
	for i := range 20 {
		s.text = strings.Replace(s.text, "$\"", fmt.Sprint(i, "\""), 1)
	}
	r.read(s.chunk(), "t", base+4000*int64(time.Second))
	if n := c.Stats().Series(); n != 10 || !strings.HasPrefix(r.losses(), "series_limit ") {
		t.Errorf("%d series, dropped %q", n, r.losses())
	}
}

func BenchmarkReceive(b *testing.B) {
	for _, name := range []string{"node_exporter_metrics", "fluentbit_metrics", "otlp_all_kinds", "prometheus_scrape", "process_exporter_metrics"} {
		b.Run(name, func(b *testing.B) {
			chunk, err := os.ReadFile("../cmetrics/testdata/chunks/v5.1.1/" + name + ".mp")
			if err != nil {
				b.Fatal(err)
			}
			r := rig{collector: collector.New(collector.Options{SeriesLimit: 100_000})}
			defer r.collector.Close()
			now, points := cmetrics.Newest(chunk), 0
			failed := func(*record.Malformed) {}
			b.ReportAllocs()
			for b.Loop() {
				r.batch.Reset()
				r.batch.Now = now
				r.scratch.Read(chunk, "tag", &r.batch, failed)
				if err := r.collector.Ingest(&r.batch, nil); err != nil {
					b.Fatal(err)
				}
				points += r.scratch.Points
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(points), "ns/point")
		})
	}
}
