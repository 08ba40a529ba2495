package families

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/internal/metric"
)

// OpenMetrics adapts the result of Merge to the OpenMetrics text format. It does not change the list. The result shares
// its memory.
//
// In OpenMetrics, the name of a counter ends in _total, and no other family has the name without this suffix. Other
// counters become families of unknown type, for example go_memstats_alloc_bytes_total, because there is also a family
// go_memstats_alloc_bytes. Families of unknown type have neither exemplars nor created timestamps.
func OpenMetrics(all []Family) []Family {
	adapted := slices.Clone(all)
	for i, f := range all {
		switch {
		case f.GetType() == dto.MetricType_COUNTER && !hasCounterName(f, all):
			adapted[i].MetricFamily = unknown(f)
		case f.GetType() == dto.MetricType_SUMMARY && f.Signed:
			adapted[i].MetricFamily = withoutNegativeQuantiles(f)
		}
	}
	return adapted
}

func hasCounterName(f Family, all []Family) bool {
	base, isTotal := strings.CutSuffix(f.GetName(), "_total")
	_, isTaken := slices.BinarySearchFunc(all, base, func(f Family, name string) int { return strings.Compare(f.GetName(), name) })
	return isTotal && !isTaken
}

// unknown returns a counter as a family of unknown type. It keeps the unit only if its name ends in the unit.
func unknown(f Family) *dto.MetricFamily {
	u := &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: dto.MetricType_UNTYPED.Enum()}
	if metric.CarriesUnit(f.GetName(), metric.Unknown, f.GetUnit()) {
		u.Unit = f.Unit
	}
	for _, m := range f.Metric {
		u.Metric = append(u.Metric, &dto.Metric{
			Label: m.Label, TimestampMs: m.TimestampMs, Untyped: &dto.Untyped{Value: m.GetCounter().Value},
		})
	}
	return u
}

// withoutNegativeQuantiles returns a summary without quantiles below 0, which OpenMetrics does not allow.
func withoutNegativeQuantiles(f Family) *dto.MetricFamily {
	adapted := &dto.MetricFamily{Name: f.Name, Help: f.Help, Type: f.Type, Unit: f.Unit}
	for _, m := range f.Metric {
		s := m.GetSummary()
		adapted.Metric = append(adapted.Metric, &dto.Metric{Label: m.Label, TimestampMs: m.TimestampMs, Summary: &dto.Summary{
			SampleCount: s.SampleCount, SampleSum: s.SampleSum, CreatedTimestamp: s.CreatedTimestamp,
			Quantile: slices.DeleteFunc(slices.Clone(s.Quantile), func(q *dto.Quantile) bool { return q.GetValue() < 0 }),
		}})
	}
	return adapted
}

// HidesSum reports whether OpenMetrics does not allow the sums of a histogram or summary: they have to behave like
// counters, but negative observations decrease them. A histogram without a sum has no count either.
func HidesSum(f Family) bool {
	hasSum := f.GetType() != dto.MetricType_COUNTER && f.GetType() != dto.MetricType_GAUGE
	return hasSum && (f.Signed || slices.ContainsFunc(f.Metric, isSigned))
}

func isSigned(m *dto.Metric) bool {
	h := m.GetHistogram()
	return h.GetSampleSum() < 0 || m.GetSummary().GetSampleSum() < 0 || len(h.GetNegativeSpan()) > 0 ||
		len(h.GetBucket()) > 0 && h.Bucket[0].GetUpperBound() < 0
}
