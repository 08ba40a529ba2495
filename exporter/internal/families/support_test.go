package families_test

import (
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/internal/exposition"
)

// read returns the families of a text, in its order. An empty line ends a family.
func read(t testing.TB, text string) []families.Family {
	t.Helper()
	var all []families.Family
	for part := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		var f dto.MetricFamily
		if err := expfmt.NewDecoder(strings.NewReader(part+"\n"), expfmt.NewFormat(expfmt.TypeTextPlain)).Decode(&f); err != nil {
			t.Fatalf("%s: %v", part, err)
		}
		all = append(all, families.Family{MetricFamily: &f})
	}
	return all
}

// write is the reverse of read, without empty lines.
func write(t testing.TB, all []families.Family) string {
	t.Helper()
	var b strings.Builder
	for _, f := range all {
		if _, err := expfmt.MetricFamilyToText(&b, f.MetricFamily); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// merge merges and checks that the sources are as before.
func merge(t testing.TB, sources [][]families.Family, dropped families.Dropped) []families.Family {
	t.Helper()
	before := clone(sources)
	merged := families.Merge(sources, dropped)
	for i := range sources {
		if !slices.EqualFunc(sources[i], before[i], equal) {
			t.Errorf("source %d was changed", i)
		}
	}
	if !slices.IsSortedFunc(merged, func(a, b families.Family) int { return strings.Compare(a.GetName(), b.GetName()) }) {
		t.Error("the families are not sorted")
	}
	return merged
}

func clone(sources [][]families.Family) [][]families.Family {
	copied := make([][]families.Family, len(sources))
	for i, source := range sources {
		for _, f := range source {
			copied[i] = append(copied[i], families.Family{
				MetricFamily: proto.CloneOf(f.MetricFamily), Signed: f.Signed, Updated: slices.Clone(f.Updated),
			})
		}
	}
	return copied
}

func equal(a, b families.Family) bool {
	return proto.Equal(a.MetricFamily, b.MetricFamily) && a.Signed == b.Signed && slices.Equal(a.Updated, b.Updated)
}

// source returns one family that has only these series.
func source(name string, kind dto.MetricType, series ...*dto.Metric) []families.Family {
	return exposition.Families([]*dto.MetricFamily{{Name: new(name), Type: kind.Enum(), Metric: series}})
}

func pair(name, value string) *dto.LabelPair {
	return &dto.LabelPair{Name: new(name), Value: new(value)}
}
