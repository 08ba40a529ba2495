package textparse

import (
	"math"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

const created = 1_700_000_000

func labels(pairs ...string) (list []*dto.LabelPair) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, &dto.LabelPair{Name: new(pairs[i]), Value: new(pairs[i+1])})
	}
	return list
}

// everyKind has a family of each kind, with everything that makes a page hard to parse.
func everyKind() []*dto.MetricFamily {
	at := timestamppb.New(time.Unix(created, 0))
	exemplar := &dto.Exemplar{Label: labels("trace_id", "1f"), Value: new(0.5), Timestamp: at}
	return []*dto.MetricFamily{
		{
			Name: new("http.requests_total"), Help: new("With a dot, a \\ and\na line break."), Type: dto.MetricType_COUNTER.Enum(),
			Metric: []*dto.Metric{
				{Label: labels("k8s.pod", "a\"b\\c\nd", "path", "/ä/日本"), Counter: &dto.Counter{Value: new(3.0), CreatedTimestamp: at, Exemplar: exemplar}},
				{Label: labels("k8s.pod", "", "path", "/"), Counter: &dto.Counter{Value: new(math.MaxUint64 / 1.0), CreatedTimestamp: at}},
			},
		},
		{
			Name: new("load"), Help: new(""), Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{
				{Label: labels("of", "nan"), Gauge: &dto.Gauge{Value: new(math.NaN())}},
				{Label: labels("of", "inf"), Gauge: &dto.Gauge{Value: new(math.Inf(1))}},
				{Label: labels("of", "-inf"), Gauge: &dto.Gauge{Value: new(math.Inf(-1))}},
				{Label: labels("of", "small"), Gauge: &dto.Gauge{Value: new(1e-300)}},
			},
		},
		{
			Name: new("size_bytes"), Help: new("Sizes."), Type: dto.MetricType_SUMMARY.Enum(), Unit: new("bytes"),
			Metric: []*dto.Metric{{Summary: &dto.Summary{
				SampleCount: new(uint64(2)), SampleSum: new(3.0), CreatedTimestamp: at,
				Quantile: []*dto.Quantile{{Quantile: new(0.5), Value: new(1.0)}, {Quantile: new(0.99), Value: new(math.NaN())}},
			}}},
		},
		{
			Name: new("wait_seconds"), Help: new("Time waited."), Type: dto.MetricType_HISTOGRAM.Enum(), Unit: new("seconds"),
			Metric: []*dto.Metric{{Label: labels("path", "/"), Histogram: &dto.Histogram{
				SampleCount: new(uint64(3)), SampleSum: new(1.5), CreatedTimestamp: at,
				Bucket: []*dto.Bucket{
					{UpperBound: new(0.1), CumulativeCount: new(uint64(2)), Exemplar: exemplar},
					{UpperBound: new(1e6), CumulativeCount: new(uint64(3))},
				},
				Schema: new(int32(3)), ZeroThreshold: new(1e-128), ZeroCount: new(uint64(0)),
				PositiveSpan: []*dto.BucketSpan{{Offset: new(int32(-8)), Length: new(uint32(1))}}, PositiveDelta: []int64{3},
				Exemplars: []*dto.Exemplar{exemplar},
			}}},
		},
		{
			Name: new("日本"), Help: new("No letter of ASCII."), Type: dto.MetricType_UNTYPED.Enum(),
			Metric: []*dto.Metric{{Untyped: &dto.Untyped{Value: new(7.0)}}},
		},
	}
}
