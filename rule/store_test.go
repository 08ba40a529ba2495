package rule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// The tests of this file look at what rules make of series over time.

func rigOf(t *testing.T, rules string) *rig {
	t.Helper()
	return newRig(t, rule.Options{}, parse(t, dedent(rules)))
}

func (r *rig) at(second uint32, record string) {
	r.t.Helper()
	r.feed("app", chunktest.Event(nil, second, record))
}

func TestRunningTotals(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: bytes_total, type: counter, help: B., value: $n, temporality: cumulative, labels: {p: $p}}`)
	for _, n := range []string{"100", "150", "20", "-5", "25"} {
		r.at(1, `{"p":"a","n":`+n+`}`)
	}
	r.expect(dedent(`
		# HELP bytes_total B.
		# TYPE bytes_total counter
		bytes_total{p="a"} 175`))
}

func TestAggregates(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("metrics:\n")
	for _, a := range []string{"value: $m, aggregate: sum", "value: $m, aggregate: min", "value: $m, aggregate: max", "aggregate: count"} {
		_, name, _ := strings.Cut(a, "aggregate: ")
		fmt.Fprintf(&rules, "- {name: mem_%s_bytes, type: gauge, help: M., %s, labels: {name: $name}}\n", name, a)
	}
	r := rigOf(t, rules.String())
	r.at(1, `{"name":"sh","m":1000}`)
	r.at(2, `{"name":"sh","m":5}`)
	r.at(2, `{"name":"sh","m":7}`)
	r.at(2, `{"name":"vi","m":3}`)
	r.at(1, `{"name":"sh","m":2000}`)
	page := r.text()
	for series, want := range map[string]string{
		`mem_sum_bytes{name="sh"}`:   "12",
		`mem_min_bytes{name="sh"}`:   "5",
		`mem_max_bytes{name="sh"}`:   "7",
		`mem_count_bytes{name="sh"}`: "2",
		`mem_sum_bytes{name="vi"}`:   "3",
	} {
		if !strings.Contains(page, series+" "+want+"\n") {
			t.Errorf("%s is not %s:\n%s", series, want, page)
		}
	}
}

func TestWeights(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: size_bytes, type: histogram, help: S., value: $s, count: $n, buckets: [10]}`)
	r.feed("app", chunktest.Events(`
		{"s":5,"n":3}
		{"s":50,"n":"2"}
		{"s":5,"n":0}
		{"s":5,"n":1.5}
		{"s":5}`))
	r.expect(dedent(`
		# HELP size_bytes S.
		# TYPE size_bytes histogram
		size_bytes_bucket{le="10"} 3
		size_bytes_bucket{le="+Inf"} 5
		size_bytes_sum 115
		size_bytes_count 5`))
	if n := r.dropped(rule.NotACount); n != 2 {
		t.Errorf("%d weights refused, want 2", n)
	}
}

func TestSummary(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: t_seconds, type: summary, help: T., value: $t, quantiles: {0.5: 0.05, 0.99: 0.001}, max_age: 10m}`)
	for n := range 100 {
		r.at(1, fmt.Sprintf(`{"t":%d}`, n+1))
	}
	page := r.text()
	for _, want := range []string{"t_seconds_sum 5050\n", "t_seconds_count 100\n", `t_seconds{quantile="0.99"} 99`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q:\n%s", want, page)
		}
	}
}

func TestNativeHistogram(t *testing.T) {
	for name, test := range map[string]struct {
		options string
		buckets int
	}{
		"with the classic one": {"buckets: [1, 2], native: {factor: 1.1}", 2},
		"alone":                {"classic: false, native: {factor: 1.1, max_buckets: 100}", 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := rigOf(t, "metrics: [{name: t_seconds, type: histogram, help: T., value: $t, "+test.options+"}]")
			for n := range 10 {
				r.at(1, fmt.Sprintf(`{"t":%d}`, n))
			}
			h := r.gather()[0].Metric[0].Histogram
			if h.GetSampleCount() != 10 || h.GetSampleSum() != 45 {
				t.Errorf("count %d, sum %v", h.GetSampleCount(), h.GetSampleSum())
			}
			if h.Schema == nil || len(h.PositiveSpan) == 0 || h.GetZeroCount() != 1 {
				t.Errorf("no native histogram: %v", h)
			}
			if len(h.Bucket) != test.buckets {
				t.Errorf("%d classic buckets, want %d", len(h.Bucket), test.buckets)
			}
		})
	}
}

func TestExemplars(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: r_total, type: counter, help: R., exemplar: {trace_id: $trace, app: shop}}
		- {name: t_seconds, type: histogram, help: T., value: $t, buckets: [1], exemplar: {trace_id: $trace}}`)
	r.at(1700000001, `{"trace":"abc","t":0.5}`)
	r.at(1700000002, `{"trace":"`+strings.Repeat("x", 200)+`","t":0.5}`)
	page := r.openMetrics()
	for _, want := range []string{
		`r_total 2.0 # {trace_id="abc",app="shop"} 1.0 1.700000001e+09` + "\n",
		`t_seconds_bucket{le="1.0"} 2 # {trace_id="abc"} 0.5 1.700000001e+09` + "\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q:\n%s", want, page)
		}
	}
}

func TestCreatedTimestamps(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: r_requests_total, type: counter, help: R., unit: requests}`)
	r.at(1, `{}`)
	if got, want := r.openMetrics(), dedent(`
		# HELP r_requests R.
		# TYPE r_requests counter
		# UNIT r_requests requests
		r_requests_total 1.0
		r_requests_created 1.7e+09`); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestExpiry(t *testing.T) {
	r := rigOf(t, `
		ttl: 5m
		metrics:
		- {name: c_total, type: counter, help: C., labels: {l: $l}}
		- {name: forever_total, type: counter, help: F., ttl: 0}
		- {name: g, type: gauge, help: G., value: $v, labels: {l: $l}}`)
	r.at(1, `{"l":"a","v":7}`)
	r.at(1, `{"l":"a","v":7}`)
	created := r.gather()[0].Metric[0].Counter.GetCreatedTimestamp()
	r.now = r.now.Add(6 * time.Minute)
	r.expect(dedent(`
		# HELP forever_total F.
		# TYPE forever_total counter
		forever_total 2`))
	r.at(1, `{"l":"a"}`)
	r.expect(dedent(`
		# HELP c_total C.
		# TYPE c_total counter
		c_total{l="a"} 3
		# HELP forever_total F.
		# TYPE forever_total counter
		forever_total 3`))
	if again := r.gather()[0].Metric[0].Counter.GetCreatedTimestamp(); !again.AsTime().Equal(created.AsTime()) {
		t.Errorf("created %v, then %v", created.AsTime(), again.AsTime())
	}
}

func TestOverflow(t *testing.T) {
	r := rigOf(t, `
		labels: {site: fra}
		metrics:
		- {name: c_total, type: counter, help: C., series_limit: 2, labels: {user: $user, kind: web}}`)
	r.feed("app", chunktest.Events(`
		{"user":"a"}
		{"user":"b"}
		{"user":"c"}
		{"user":"d"}
		{"user":"a"}`))
	r.expect(dedent(`
		# HELP c_total C.
		# TYPE c_total counter
		c_total{kind="web",site="fra",user="a"} 2
		c_total{kind="web",site="fra",user="b"} 1
		c_total{kind="web",site="fra",user="overflow"} 2`))
}

func TestTimestamps(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: g, type: gauge, help: G., value: $v, timestamps: true}`)
	r.at(1700000001, `{"v":7}`)
	r.expect(dedent(`
		# HELP g G.
		# TYPE g gauge
		g 7 1700000001000`))
}

func TestInitialSeries(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- name: c_total
		  type: counter
		  help: C.
		  labels: {method: $method, status: $status}
		  init:
		  - {method: GET, status: '200'}
		  - {method: GET, status: '500'}`)
	r.at(1, `{"method":"GET","status":200}`)
	r.expect(dedent(`
		# HELP c_total C.
		# TYPE c_total counter
		c_total{method="GET",status="200"} 1
		c_total{method="GET",status="500"} 0`))
}

func TestUTF8Names(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: http.requests, type: gauge, help: G., value: $v, labels: {"http.méthode": $m}}`)
	r.at(1, `{"v":7,"m":"GET"}`)
	r.expect(dedent(`
		# HELP http_requests G.
		# TYPE http_requests gauge
		http_requests{http_m_thode="GET"} 7`))
	got := r.encode(expfmt.NewFormat(expfmt.TypeTextPlain).WithEscapingScheme(model.NoEscaping))
	if want := dedent(`
		# HELP "http.requests" G.
		# TYPE "http.requests" gauge
		{"http.requests","http.méthode"="GET"} 7`); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
