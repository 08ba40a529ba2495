package families_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/internal/exposition"
)

// openMetrics is the text of all families in OpenMetrics.
func openMetrics(t *testing.T, all []families.Family) string {
	t.Helper()
	before := clone([][]families.Family{all})[0]
	var b strings.Builder
	for _, f := range families.OpenMetrics(all) {
		if _, err := expfmt.MetricFamilyToOpenMetrics(&b, f.MetricFamily, expfmt.WithCreatedLines()); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.EqualFunc(all, before, equal) {
		t.Error("the families were changed")
	}
	return b.String()
}

// TestOpenMetrics checks which counters are counters in OpenMetrics.
func TestOpenMetrics(t *testing.T) {
	for name, test := range map[string]struct {
		names, want string // sorted; the first one is a counter, the others are gauges
	}{
		"a counter": {"a_seconds_total",
			"# TYPE a_seconds counter\n# UNIT a_seconds seconds\n" +
				"a_seconds_total{l=\"1\"} 1.5 2.0 # {id=\"7.0\"} 7.0 8.0\na_seconds_created{l=\"1\"} 5.0\n"},
		"with a gauge": {"a_seconds_total a_seconds b",
			"# TYPE a_seconds gauge\na_seconds 1.0\n# TYPE a_seconds_total unknown\na_seconds_total{l=\"1\"} 1.5 2.0\n# TYPE b gauge\nb 1.0\n"},
		"without a suffix": {"a", "# TYPE a unknown\na{l=\"1\"} 1.5 2.0\n"},
		"with a unit":      {"a_seconds", "# TYPE a_seconds unknown\n# UNIT a_seconds seconds\na_seconds{l=\"1\"} 1.5 2.0\n"},
	} {
		t.Run(name, func(t *testing.T) {
			names := strings.Fields(test.names)
			all := source(names[0], dto.MetricType_COUNTER, &dto.Metric{
				Label: []*dto.LabelPair{pair("l", "1")}, TimestampMs: new(int64(2000)),
				Counter: &dto.Counter{Value: new(1.5), Exemplar: exemplar(7, 8), CreatedTimestamp: at(5)},
			})
			all[0].Unit = new("seconds")
			for _, name := range names[1:] {
				all = append(all, source(name, dto.MetricType_GAUGE, &dto.Metric{Gauge: &dto.Gauge{Value: new(1.0)}})...)
			}
			dropped := families.Dropped{}
			if got := openMetrics(t, families.Merge([][]families.Family{all}, dropped)); strings.ReplaceAll(got, "id=\"7\"", "id=\"7.0\"") != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// TestOpenMetricsOfGo checks that the page has all metrics of the Go runtime, which has a gauge go_memstats_alloc_bytes
// and a counter go_memstats_alloc_bytes_total, and each name once.
func TestOpenMetricsOfGo(t *testing.T) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector())
	gathered, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	dropped := families.Dropped{}
	text := openMetrics(t, merge(t, [][]families.Family{exposition.Families(gathered), read(t, "# TYPE a gauge\na 1")}, dropped))
	if n := strings.Count(text, "# TYPE "); n != len(gathered)+1 {
		t.Errorf("%d families, want %d", n, len(gathered)+1)
	}
	for _, line := range []string{
		"# TYPE go_memstats_alloc_bytes gauge\n", "# TYPE go_memstats_alloc_bytes_total unknown\n", "\ngo_memstats_alloc_bytes_total ",
		"# TYPE go_memstats_frees counter\n",
	} {
		if strings.Count(text, line) != 1 {
			t.Errorf("%q is not there once:\n%s", line, text)
		}
	}
}

func TestHidesSum(t *testing.T) {
	histogram := func(h *dto.Histogram) families.Family {
		return source("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: new(dto.Histogram)}, &dto.Metric{Histogram: h})[0]
	}
	summary := func(sum float64) families.Family {
		return source("s", dto.MetricType_SUMMARY, &dto.Metric{Summary: &dto.Summary{SampleSum: &sum}})[0]
	}
	signed := summary(1)
	signed.Signed = true
	for name, test := range map[string]struct {
		family families.Family
		want   bool
	}{
		"positive": {histogram(&dto.Histogram{
			SampleSum: new(1.0), Bucket: []*dto.Bucket{{UpperBound: new(0.0)}}, PositiveSpan: []*dto.BucketSpan{{}},
		}), false},
		"negative sum":     {histogram(&dto.Histogram{SampleSum: new(-1.0)}), true},
		"negative bound":   {histogram(&dto.Histogram{Bucket: []*dto.Bucket{{UpperBound: new(-1.0)}}}), true},
		"negative buckets": {histogram(&dto.Histogram{NegativeSpan: []*dto.BucketSpan{{}}}), true},
		"summary":          {summary(1), false},
		"negative summary": {summary(-1), true},
		"signed":           {signed, true},
		"gauge":            {read(t, "# TYPE a gauge\na -1")[0], false},
	} {
		if got := families.HidesSum(test.family); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
