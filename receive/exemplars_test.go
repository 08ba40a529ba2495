package receive_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
)

// TestExemplars feeds OTLP's exemplars and compares the page in OpenMetrics.
func TestExemplars(t *testing.T) {
	const (
		counter   = `{"meta":{"type":0,"opts":{"name":"m"},"labels":[]},"values":[{"ts":$T,"value":9,"hash":17}]}`
		gauge     = `{"meta":{"type":1,"opts":{"name":"m"},"labels":[]},"values":[{"ts":$T,"value":9,"hash":17}]}`
		histogram = `{"meta":{"type":2,"opts":{"name":"m"},"labels":[],"buckets":[1,2]},"values":[` +
			`{"ts":$T,"histogram":{"buckets":[1,0,2],"sum":7,"count":3},"hash":17}]}`
		buckets = "# TYPE m histogram\nm_bucket{le=\"1.0\"} 1%s\nm_bucket{le=\"2.0\"} 1%s\nm_bucket{le=\"+Inf\"} 3%s\nm_sum 7.0\nm_count 3\n# EOF\n"
	)
	long := strings.Repeat("v", 120)
	for name, row := range map[string]struct {
		kind, family string
		exemplars    string
		want         string
	}{
		"counter": {
			"counter", counter, `{"time_unix_nano":$T,"trace_id":"t","span_id":"s","as_int":3,"filtered_attributes":{"user.id":"u","n":7}}`,
			"# TYPE m counter\nm_total 9.0 # {trace_id=\"74\",span_id=\"73\",user_id=\"u\"} 3.0 1.7e+09\n# EOF\n",
		},
		"gauges have none": {"gauge", gauge, `{"time_unix_nano":$T,"trace_id":"t","as_double":3}`, "# TYPE m gauge\nm 9.0\n# EOF\n"},
		"each bucket": {
			"histogram", histogram,
			`{"time_unix_nano":$T,"trace_id":"a","as_double":0.5},{"time_unix_nano":$T,"trace_id":"b","as_double":2},{"trace_id":"c","as_double":5}`,
			fmt.Sprintf(buckets, " # {trace_id=\"61\"} 0.5 1.7e+09", " # {trace_id=\"62\"} 2.0 1.7e+09", " # {trace_id=\"63\"} 5.0 1.7e+09"),
		},
		"the latest of a bucket": {
			"histogram", histogram,
			`{"time_unix_nano":$T,"trace_id":"a","as_double":0.5},{"time_unix_nano":1600000000000000000,"trace_id":"b","as_double":0.25}`,
			fmt.Sprintf(buckets, " # {trace_id=\"61\"} 0.5 1.7e+09", "", ""),
		},
		"attributes that are too long": {
			"counter", counter, `{"time_unix_nano":$T,"trace_id":"t","as_double":3,"filtered_attributes":{"a":"` + long + `"}}`,
			"# TYPE m counter\nm_total 9.0 # {trace_id=\"74\"} 3.0 1.7e+09\n# EOF\n",
		},
		"attributes whose names become equal": {
			"counter", counter, `{"time_unix_nano":$T,"trace_id":"t","as_double":3,"filtered_attributes":{"a.b":"1","a_b":"2"}}`,
			"# TYPE m counter\nm_total 9.0 # {trace_id=\"74\"} 3.0 1.7e+09\n# EOF\n",
		},
		"an attribute with the name of an id": {
			"counter", counter, `{"time_unix_nano":$T,"trace_id":"t","as_double":3,"filtered_attributes":{"trace.id":"1"}}`,
			"# TYPE m counter\nm_total 9.0 # {trace_id=\"74\"} 3.0 1.7e+09\n# EOF\n",
		},
		"no labels, no value, no number": {
			"counter", counter, `{"time_unix_nano":$T,"as_double":3},{"trace_id":"t","as_double":$NaN},{"trace_id":"t"},{"trace_id":"t","as_double":3}`,
			"# TYPE m counter\nm_total 9.0\n# EOF\n",
		},
		"not a list": {"counter", counter, `7],"x":[`, "# TYPE m counter\nm_total 9.0\n# EOF\n"},
	} {
		t.Run(name, func(t *testing.T) {
			external := fmt.Sprintf(`{"otlp":{"metrics":{%q:{"m":{"datapoints":{"11:$T":{"exemplars":[%s]}}}}}}}`, row.kind, row.exemplars)
			chunk := strings.ReplaceAll(`{"meta":{"cmetrics":{"producer":"opentelemetry"},"external":`+external+`,"processing":{}},"metrics":[`+
				row.family+`]}`, "$T", fmt.Sprint(base))
			r := newRig(t)
			for range 2 {
				r.read(chunktest.JSON(nil, strings.ReplaceAll(chunk, "$NaN", `"nan"`)), "t", base+int64(time.Second))
			}
			got := withoutHelp(r.page(openMetrics))
			if got = strings.ReplaceAll(got, "# EOF\n", "") + "# EOF\n"; got != row.want {
				t.Errorf("got\n%swant\n%s", got, row.want)
			}
		})
	}
}

// TestExemplarsOfNativeHistograms: those are in protobuf only, and each power of two keeps its latest.
func TestExemplarsOfNativeHistograms(t *testing.T) {
	chunk := strings.ReplaceAll(`{"meta":{"cmetrics":{"producer":"opentelemetry"},"external":{"otlp":{"metrics":{"exp_histogram":{"m":{"datapoints":{"11:$T":`+
		`{"exemplars":[{"trace_id":"a","as_double":1.5},{"trace_id":"b","as_double":1.75},{"trace_id":"c","as_double":100}]}}}}}}}},`+
		`"metrics":[{"meta":{"type":5,"opts":{"name":"m"},"labels":[]},"values":[`+
		`{"ts":$T,"exp_histogram":{"scale":0,"count":3,"positive_buckets":[2,0,0,0,0,0,1],"sum_set":1,"sum":0},"hash":17}]}]}`, "$T", fmt.Sprint(base))
	r := newRig(t)
	r.read(chunktest.JSON(nil, chunk), "t", base)
	families, done, err := r.collector.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	got := fmt.Sprint(families[0].Metric[0].Histogram.Exemplars)
	for _, want := range []string{`value:"62"`, "value:1.75", `value:"63"`, "value:100"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
	if strings.Contains(got, `value:"61"`) {
		t.Errorf("an earlier exemplar of a bucket in %s", got)
	}
}
