package families_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/internal/metric"
)

func TestMerge(t *testing.T) {
	histogram := func(name, bounds string, l, a, b, sum, count int) string {
		return fmt.Sprintf("# TYPE %[1]s histogram\n%[1]s_bucket{l=\"%[3]d\",le=\"%[2]s\"} %[4]d\n"+
			"%[1]s_bucket{l=\"%[3]d\",le=\"+Inf\"} %[5]d\n%[1]s_sum{l=\"%[3]d\"} %[6]d\n%[1]s_count{l=\"%[3]d\"} %[7]d\n",
			name, bounds, l, a, b, sum, count)
	}
	type losses = families.Dropped
	tests := map[string]struct {
		sources []string
		want    string
		lost    losses
	}{
		"families of one source each are sorted among each other": {
			sources: []string{"# TYPE a gauge\na 1\n\n# TYPE c gauge\nc 1", "# TYPE b gauge\nb 1", "# TYPE d gauge\nd 1"},
			want:    "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE c gauge\nc 1\n# TYPE d gauge\nd 1\n",
		},
		"an unsorted source is sorted": {
			sources: []string{"# TYPE c gauge\nc 1\n\n# TYPE a gauge\na 1", "# TYPE b gauge\nb 1"},
			want:    "# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n# TYPE c gauge\nc 1\n",
		},
		"series of one name become one family": {
			sources: []string{"# HELP a Help.\n# TYPE a gauge\na{l=\"1\"} 1", "# HELP a Help.\n# TYPE a gauge\na{l=\"2\"} 2"},
			want:    "# HELP a Help.\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\n",
		},
		"the first help stays": {
			sources: []string{"# HELP a One.\n# TYPE a gauge\na{l=\"1\"} 1", "# HELP a Two.\n# TYPE a gauge\na{l=\"2\"} 2"},
			want:    "# HELP a One.\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\n",
		},
		"any help is better than none": {
			sources: []string{"# TYPE a gauge\na{l=\"1\"} 1", "# HELP a Two.\n# TYPE a gauge\na{l=\"2\"} 2"},
			want:    "# HELP a Two.\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\n",
		},
		"equal counters are added": {
			sources: []string{"# TYPE a counter\na{l=\"1\"} 1\na{l=\"2\"} 2", "# TYPE a counter\na{l=\"2\"} 3\na{l=\"4\"} 4", "# TYPE a counter\na{l=\"2\"} 5"},
			want:    "# TYPE a counter\na{l=\"1\"} 1\na{l=\"2\"} 10\na{l=\"4\"} 4\n",
		},
		"the newer time of samples is shown": {
			sources: []string{"# TYPE a counter\na 1 1000\n\n# TYPE b counter\nb 1", "# TYPE a counter\na 1 2000\n\n# TYPE b counter\nb 1 -3", "# TYPE a counter\na 1 500"},
			want:    "# TYPE a counter\na 3 2000\n# TYPE b counter\nb 2 -3\n",
		},
		"equal histograms are added": {
			sources: []string{histogram("h", "0.5", 1, 1, 3, 4, 3), histogram("h", "0.5", 1, 2, 2, 5, 2), histogram("h", "0.5", 2, 1, 1, 1, 1)},
			want:    histogram("h", "0.5", 1, 3, 5, 9, 5) + histogram("h", "0.5", 2, 1, 1, 1, 1)[len("# TYPE h histogram\n"):],
		},
		"histograms with other bounds are left out": {
			sources: []string{histogram("h", "0.5", 1, 1, 3, 4, 3), histogram("h", "0.25", 2, 2, 2, 5, 2), histogram("h", "0.5", 1, 1, 1, 1, 1)},
			want:    histogram("h", "0.5", 1, 2, 4, 5, 4),
			lost:    losses{families.Bounds: {Count: 1, Family: "h"}},
		},
		"equal summaries are added": {
			sources: []string{"# TYPE s summary\ns_sum 1.5\ns_count 2", "# TYPE s summary\ns_sum -2\ns_count 3"},
			want:    "# TYPE s summary\ns_sum -0.5\ns_count 5\n",
		},
		"quantiles cannot be added": {
			sources: []string{"# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 2", "# TYPE s summary\ns{quantile=\"0.5\"} 3\ns_sum 2\ns_count 3"},
			want:    "# TYPE s summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 2\n",
			lost:    losses{families.Duplicate: {Count: 1, Family: "s"}},
		},
		"the first of equal gauges stays": {
			sources: []string{"# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2", "# TYPE a gauge\na{l=\"2\"} 3\na{l=\"4\"} 4"},
			want:    "# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\na{l=\"4\"} 4\n",
			lost:    losses{families.Duplicate: {Count: 1, Family: "a"}},
		},
		"an empty label is none": {
			sources: []string{"# TYPE a counter\na{k=\"1\",l=\"2\"} 1\na 2", "# TYPE a counter\na{k=\"1\",l=\"2\"} 3\na{m=\"\"} 4"},
			want:    "# TYPE a counter\na{k=\"1\",l=\"2\"} 4\na 6\n",
		},
		"another type is left out": {
			sources: []string{"# TYPE a gauge\na{l=\"1\"} 1", "# TYPE a counter\na{l=\"2\"} 2", "# TYPE a gauge\na{l=\"3\"} 3"},
			want:    "# TYPE a gauge\na{l=\"1\"} 1\na{l=\"3\"} 3\n",
			lost:    losses{families.Type: {Count: 1, Family: "a"}},
		},
		"names of samples are taken": {
			sources: []string{
				"# TYPE a gauge\na 1\n\n" + histogram("h", "1", 1, 1, 1, 1, 1),
				"# TYPE a_total counter\na_total 2\n\n# TYPE b_total counter\nb_total 2\n\n# TYPE h_count gauge\nh_count 3",
				"# TYPE a_total gauge\na_total 4\n\n# TYPE b gauge\nb 4\n\n# TYPE c gauge\nc 4",
			},
			// The gauge a_total does not conflict with a. There is no counter of this name.
			want: "# TYPE a gauge\na 1\n# TYPE a_total gauge\na_total 4\n# TYPE b_total counter\nb_total 2\n# TYPE c gauge\nc 4\n" +
				histogram("h", "1", 1, 1, 1, 1, 1),
			lost: losses{families.Name: {Count: 3, Family: "a_total"}},
		},
		"a source may have what OpenMetrics does not take": {
			sources: []string{"# TYPE a gauge\na 1\n\n# TYPE a_total counter\na_total 2", "# TYPE b gauge\nb 1"},
			want:    "# TYPE a gauge\na 1\n# TYPE a_total counter\na_total 2\n# TYPE b gauge\nb 1\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var sources [][]families.Family
			for _, text := range test.sources {
				sources = append(sources, read(t, text))
			}
			dropped := families.Dropped{}
			if got := write(t, merge(t, sources, dropped)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if !maps.Equal(dropped, test.lost) {
				t.Errorf("lost %v, want %v", dropped, test.lost)
			}
		})
	}
}

// TestMergeKnowsTheNamesOfAPage checks which families conflict, in any order.
func TestMergeKnowsTheNamesOfAPage(t *testing.T) {
	const counter, gauge, histogram, summary = dto.MetricType_COUNTER, dto.MetricType_GAUGE, dto.MetricType_HISTOGRAM, dto.MetricType_SUMMARY
	for _, test := range []struct {
		a     string
		aType dto.MetricType
		b     string
		bType dto.MetricType
		want  int
	}{
		{"a", gauge, "b", gauge, 2},
		{"a", gauge, "a_total", gauge, 2},
		{"a", gauge, "a_total", counter, 1},
		{"a", counter, "a_total", gauge, 1},
		{"a", gauge, "a_created", gauge, 2},
		{"a_total", counter, "a_created", gauge, 1},
		{"a", histogram, "a_bucket", counter, 1},
		{"a", summary, "a_bucket", counter, 2},
		{"a", summary, "a_sum_total", counter, 1},
		{"a_sum", summary, "a_sum_sum_total", gauge, 2},
		{"_total", counter, "_count", gauge, 2},
		{"a.b", gauge, "a_b", gauge, 1},
		{"a.b", gauge, "a_b_total", counter, 1},
		{"a.b", gauge, "a_dot_b", gauge, 1},
		{"a.b", summary, "a_b", gauge, 1},
		{"a.b", gauge, "a-b", gauge, 1},
		{"a.b", gauge, "U__a_2e_b", gauge, 1},
		{"a.b", gauge, "c.d", gauge, 2},
	} {
		a, b := source(test.a, test.aType, new(dto.Metric)), source(test.b, test.bType, new(dto.Metric))
		for _, sources := range [][][]families.Family{{a, b}, {b, a}} {
			dropped := families.Dropped{}
			merged := merge(t, sources, dropped)
			if len(merged) != test.want || len(merged)+dropped[families.Name].Count != 2 {
				t.Errorf("%v and %v: %d are left; lost %v", sources[0], sources[1], len(merged), dropped)
			}
			if len(merged) == 1 && merged[0].MetricFamily != sources[0][0].MetricFamily {
				t.Errorf("%v and %v: the second is left", sources[0], sources[1])
			}
		}
	}
}

// TestMergeFindsAllConflicts checks that of random families with suffixes, the same ones are dropped as if the names of
// each were compared with those of all others.
func TestMergeFindsAllConflicts(t *testing.T) {
	parts := []string{"a", "b", "_total", "_created", "_bucket", "_sum", "_count", "_", ".", "_info"}
	types := slices.Sorted(maps.Keys(dto.MetricType_name))
	r := rand.New(rand.NewPCG(1, 2))
	random := func() []families.Family {
		name := parts[r.IntN(2)]
		for range r.IntN(4) {
			name += parts[r.IntN(len(parts))]
		}
		return source(name, dto.MetricType(types[r.IntN(len(types))]), new(dto.Metric))
	}
	names := func(f families.Family) []string {
		return metric.Names(f.GetName(), metric.TypeOf(f.GetType()))
	}
	for range 20_000 {
		a, b := random(), random()
		share := slices.ContainsFunc(names(a[0]), func(name string) bool { return slices.Contains(names(b[0]), name) })
		dropped := families.Dropped{}
		families.Merge([][]families.Family{a, b}, dropped)
		if got := dropped[families.Name].Count == 1; got != (share && a[0].GetName() != b[0].GetName()) {
			t.Fatalf("%v and %v: left out: %t", a, b, got)
		}
	}
}

func TestMergeLeavesOutOtherUnits(t *testing.T) {
	seconds, bytes := read(t, "# TYPE a gauge\na{l=\"1\"} 1"), read(t, "# TYPE a gauge\na{l=\"2\"} 2")
	seconds[0].Unit, bytes[0].Unit = new("seconds"), new("bytes")
	dropped := families.Dropped{}
	merged := merge(t, [][]families.Family{seconds, bytes}, dropped)
	if got := write(t, merged); got != "# TYPE a gauge\na{l=\"1\"} 1\n" || dropped[families.Unit].Count != 1 {
		t.Errorf("got %s, lost %v", got, dropped)
	}
}

func TestMergeLeavesOutEmptyFamilies(t *testing.T) {
	dropped := families.Dropped{}
	sources := [][]families.Family{append(source("a", dto.MetricType_GAUGE), families.Family{}), read(t, "# TYPE b gauge\nb 1")}
	if got := write(t, merge(t, sources, dropped)); got != "# TYPE b gauge\nb 1\n" {
		t.Error(got)
	}
}

// TestMergeTakesTheGaugeUpdatedLast checks which of two equal gauges is kept, and that the other one always counts as
// dropped.
func TestMergeTakesTheGaugeUpdatedLast(t *testing.T) {
	for name, test := range map[string]struct {
		updated [][]int64
		want    string
	}{
		"the first":         {[][]int64{{9, 3}, {8, 2}, {8, 1}}, "00"},
		"another":           {[][]int64{{8, 2}, {9, 4}, {7, 3}}, "11"},
		"the last":          {[][]int64{{1, 5}, {2, 4}, {3, 6}}, "22"},
		"the first of two":  {[][]int64{{5, 5}, {5, 5}, {5, 5}}, "00"},
		"unknown":           {[][]int64{nil, {1, 2}, {3, 4}}, "00"},
		"unknown of others": {[][]int64{{1, 2}, nil, nil}, "00"},
		"unknown of one":    {[][]int64{{0, 2}, {5, 0}, {3, 4}}, "02"},
	} {
		t.Run(name, func(t *testing.T) {
			var sources [][]families.Family
			for i, updated := range test.updated {
				one := read(t, fmt.Sprintf("# TYPE a gauge\na{l=\"0\"} %d\na{l=\"1\"} %[1]d", i))
				one[0].Updated = updated
				sources = append(sources, one)
			}
			dropped := families.Dropped{}
			got := ""
			for _, m := range merge(t, sources, dropped)[0].Metric {
				got += fmt.Sprint(m.GetGauge().GetValue())
			}
			if got != test.want || dropped[families.Duplicate].Count != 4 {
				t.Errorf("%s, want %s; lost %v", got, test.want, dropped)
			}
		})
	}
}

func TestMergeKeepsSigned(t *testing.T) {
	const text = "# TYPE s summary\ns_sum 1\ns_count 2"
	for _, signed := range [][2]bool{{false, false}, {true, false}, {false, true}} {
		a, b := read(t, text), read(t, text)
		a[0].Signed, b[0].Signed = signed[0], signed[1]
		dropped := families.Dropped{}
		if got := merge(t, [][]families.Family{a, b}, dropped)[0].Signed; got != (signed[0] || signed[1]) {
			t.Errorf("%v: %t", signed, got)
		}
	}
}

// TestSeriesThatLookAlikeAreDifferent checks that different label sets are different series.
func TestSeriesThatLookAlikeAreDifferent(t *testing.T) {
	var sources [][]families.Family
	for _, labels := range [][]*dto.LabelPair{
		nil,
		{pair("a", "b\x01c\x01d")},
		{pair("a", "b"), pair("c", "d")},
		{pair("a", "bc"), pair("c", "d")},
		{pair("a", "b"), pair("cc", "d")},
		{pair("a", "b,c=d")},
		{pair("a", "b"), pair("c", "d"), pair("e", " ")},
	} {
		one := source("a_total", dto.MetricType_COUNTER, &dto.Metric{Label: labels, Counter: &dto.Counter{Value: new(1.0)}})
		sources = append(sources, one, one)
	}
	dropped := families.Dropped{}
	merged := merge(t, sources, dropped)
	if n := len(merged[0].Metric); n != len(sources)/2 {
		t.Errorf("%d series, want %d", n, len(sources)/2)
	}
	for _, m := range merged[0].Metric {
		if m.GetCounter().GetValue() != 2 {
			t.Errorf("%v was not added to its like", m)
		}
	}
}

// TestMergePassesOn checks that a family of a single source is not copied, and that a merged family has the series of
// only one source.
func TestMergePassesOn(t *testing.T) {
	one, other := many("a_total", 0, 1000), many("b_total", 0, 1000)
	var merged []families.Family
	allocs := testing.AllocsPerRun(10, func() {
		dropped := families.Dropped{}
		merged = families.Merge([][]families.Family{one, other}, dropped)
	})
	if merged[0].MetricFamily != one[0].MetricFamily || merged[1].MetricFamily != other[0].MetricFamily {
		t.Error("the families are not those of the sources")
	}
	if allocs > 50 {
		t.Errorf("%v allocations, want no more than a few", allocs)
	}
	half := many("a_total", 500, 1500)
	dropped := families.Dropped{}
	merged = families.Merge([][]families.Family{one, half}, dropped)
	if series := merged[0].Metric; len(series) != 1500 || series[0] != one[0].Metric[0] || series[1499] != half[0].Metric[999] {
		t.Error("the series are not those of the sources")
	}
}

// many returns a counter family with a series for each number from first to before end, with three labels.
func many(name string, first, end int) []families.Family {
	var series []*dto.Metric
	for i := first; i < end; i++ {
		series = append(series, &dto.Metric{
			Label: []*dto.LabelPair{
				pair("host", fmt.Sprintf("host-%d", i%100)), pair("method", "GET"), pair("path", fmt.Sprintf("/api/v1/resource/%d", i)),
			},
			Counter: &dto.Counter{Value: new(float64(i))},
		})
	}
	return source(name, dto.MetricType_COUNTER, series...)
}

func BenchmarkMerge(b *testing.B) {
	const n = 100_000
	var own, small []families.Family
	for i := range 50 {
		own = append(own, many(fmt.Sprintf("own_%02d_total", i), 0, 1)...)
	}
	for i := range 10_000 {
		small = append(small, many(fmt.Sprintf("family_%04d_total", i), 0, 1)...)
	}
	for name, sources := range map[string][][]families.Family{
		"one source":           {own, many("a_total", 0, n)},
		"two, no equal series": {own, many("a_total", 0, n), many("a_total", n, 2*n)},
		"two, equal series":    {own, many("a_total", 0, n), many("a_total", 0, n)},
		"10000 families":       {own, small},
		"10000 families twice": {own, small, small},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dropped := families.Dropped{}
				families.Merge(sources, dropped)
			}
		})
	}
}
