package exporter

import (
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"
)

// read parses text into families, in the order of the text.
func read(t *testing.T, text string) []*dto.MetricFamily {
	t.Helper()
	var list []*dto.MetricFamily
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		decoder := expfmt.NewDecoder(strings.NewReader(part+"\n"), expfmt.FmtText)
		var f dto.MetricFamily
		if err := decoder.Decode(&f); err != nil {
			t.Fatalf("%s: %v", part, err)
		}
		list = append(list, &f)
	}
	return list
}

func write(t *testing.T, list []*dto.MetricFamily) string {
	t.Helper()
	var b strings.Builder
	for _, f := range list {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func TestMerge(t *testing.T) {
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
		"series of the same family stand together": {
			sources: []string{"# HELP a Help.\n# TYPE a gauge\na{l=\"1\"} 1", "# HELP a Help.\n# TYPE a gauge\na{l=\"2\"} 2"},
			want:    "# HELP a Help.\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\n",
		},
		"the first help stays": {
			sources: []string{"# HELP a One.\n# TYPE a gauge\na{l=\"1\"} 1", "# HELP a Two.\n# TYPE a gauge\na{l=\"2\"} 2"},
			want:    "# HELP a One.\n# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\n",
		},
		"the first type stays, the others are left out": {
			sources: []string{"# TYPE a gauge\na{l=\"1\"} 1", "# TYPE a counter\na{l=\"2\"} 2", "# TYPE a gauge\na{l=\"3\"} 3"},
			want:    "# TYPE a gauge\na{l=\"1\"} 1\na{l=\"3\"} 3\n",
			lost:    losses{types: []string{"a"}},
		},
		"the first of equal series stays": {
			sources: []string{"# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2", "# TYPE a gauge\na{l=\"2\"} 3\na{l=\"4\"} 4"},
			want:    "# TYPE a gauge\na{l=\"1\"} 1\na{l=\"2\"} 2\na{l=\"4\"} 4\n",
			lost:    losses{series: []string{"a"}},
		},
		"labels are equal in any order, and an empty label is none": {
			sources: []string{"# TYPE a gauge\na{k=\"1\",l=\"2\"} 1\na 2", "# TYPE a gauge\na{l=\"2\",k=\"1\"} 3\na{m=\"\"} 4"},
			want:    "# TYPE a gauge\na{k=\"1\",l=\"2\"} 1\na 2\n",
			lost:    losses{series: []string{"a", "a"}},
		},
		"histograms are series too": {
			sources: []string{
				"# TYPE h histogram\nh_bucket{le=\"+Inf\",l=\"1\"} 1\nh_sum{l=\"1\"} 1\nh_count{l=\"1\"} 1",
				"# TYPE h histogram\nh_bucket{le=\"+Inf\",l=\"1\"} 2\nh_sum{l=\"1\"} 2\nh_count{l=\"1\"} 2",
			},
			want: "# TYPE h histogram\nh_bucket{l=\"1\",le=\"+Inf\"} 1\nh_sum{l=\"1\"} 1\nh_count{l=\"1\"} 1\n",
			lost: losses{series: []string{"h"}},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var sources, before [][]*dto.MetricFamily
			for _, text := range test.sources {
				sources = append(sources, read(t, text))
				before = append(before, read(t, text))
			}
			var lost losses
			if got := write(t, merge(sources, &lost)); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
			if !slices.Equal(lost.types, test.lost.types) || !slices.Equal(lost.units, test.lost.units) ||
				!slices.Equal(lost.series, test.lost.series) {
				t.Errorf("lost %v, want %v", lost, test.lost)
			}
			for i := range sources {
				if !slices.EqualFunc(sources[i], before[i], func(a, b *dto.MetricFamily) bool { return proto.Equal(a, b) }) {
					t.Errorf("source %d was changed", i)
				}
			}
		})
	}
}

func TestMergeLeavesOutOtherUnits(t *testing.T) {
	seconds, bytes := up("a", "1"), up("a", "2")
	seconds.Unit, bytes.Unit = new("seconds"), new("bytes")
	var lost losses
	merged := merge([][]*dto.MetricFamily{{seconds}, {bytes}}, &lost)
	if len(merged) != 1 || len(merged[0].Metric) != 1 || !slices.Equal(lost.units, []string{"a"}) {
		t.Errorf("got %v, lost %v", merged, lost)
	}
}

func TestMergeLeavesOutEmptyFamilies(t *testing.T) {
	var lost losses
	merged := merge([][]*dto.MetricFamily{{nil, gauge("a", "Empty.", nil)}, {up("b", "1"), gauge("c", "Empty.", nil)}}, &lost)
	if len(merged) != 1 || merged[0].GetName() != "b" {
		t.Errorf("got %v", merged)
	}
}

// A family that only one source gives is not even looked into.
func TestMergePassesOn(t *testing.T) {
	one, other := manySeries("a", 1000), manySeries("b", 1000)
	var merged []*dto.MetricFamily
	allocs := testing.AllocsPerRun(10, func() {
		var lost losses
		merged = merge([][]*dto.MetricFamily{one, other}, &lost)
	})
	if merged[0] != one[0] || merged[1] != other[0] {
		t.Error("the families are not those of the sources")
	}
	if allocs > 10 {
		t.Errorf("%v allocations, want no more than a few", allocs)
	}
}

func TestSeriesThatLookAlikeAreDifferent(t *testing.T) {
	label := func(name, value string) *dto.LabelPair { return &dto.LabelPair{Name: new(name), Value: new(value)} }
	known := newSeriesSet(nil, 0)
	for _, labels := range [][]*dto.LabelPair{
		nil,
		{label("a", "b\x01c\x01d")},
		{label("a", "b"), label("c", "d")},
		{label("a", "bc"), label("c", "d")},
		{label("a", "b"), label("cc", "d")},
		{label("a", "b,c=d")},
		{label("a", "b"), label("c", "d"), label("e", " ")},
	} {
		if !known.add(&dto.Metric{Label: labels}) {
			t.Errorf("%v is taken for another series", labels)
		}
		if known.add(&dto.Metric{Label: labels}) {
			t.Errorf("%v is not recognised", labels)
		}
	}
}
