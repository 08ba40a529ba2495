package families_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/promexporter/promexporter/exporter/internal/families"
)

// added returns the result of Merge for series without labels.
func added(t testing.TB, kind dto.MetricType, series ...*dto.Metric) *dto.Metric {
	t.Helper()
	var sources [][]families.Family
	for _, m := range series {
		sources = append(sources, source("a", kind, m))
	}
	dropped := families.Dropped{}
	merged := merge(t, sources, dropped)
	if len(merged) != 1 || len(merged[0].Metric) != 1 || len(dropped) != 0 {
		t.Fatalf("merged %v, lost %v", merged, dropped)
	}
	return merged[0].Metric[0]
}

func at(seconds int64) *timestamppb.Timestamp { return &timestamppb.Timestamp{Seconds: seconds} }

func exemplar(value float64, seconds int64) *dto.Exemplar {
	return &dto.Exemplar{Label: []*dto.LabelPair{pair("id", fmt.Sprint(value))}, Value: &value, Timestamp: at(seconds)}
}

// TestCreated checks that the older one of two created timestamps stays.
func TestCreated(t *testing.T) {
	kinds := map[dto.MetricType]func(created *timestamppb.Timestamp) *dto.Metric{
		dto.MetricType_COUNTER: func(created *timestamppb.Timestamp) *dto.Metric {
			return &dto.Metric{Counter: &dto.Counter{CreatedTimestamp: created}}
		},
		dto.MetricType_HISTOGRAM: func(created *timestamppb.Timestamp) *dto.Metric {
			return &dto.Metric{Histogram: &dto.Histogram{CreatedTimestamp: created}}
		},
		dto.MetricType_SUMMARY: func(created *timestamppb.Timestamp) *dto.Metric {
			return &dto.Metric{Summary: &dto.Summary{CreatedTimestamp: created}}
		},
	}
	for kind, series := range kinds {
		for _, test := range []struct{ a, b, want *timestamppb.Timestamp }{
			{at(5), at(7), at(5)}, {at(7), at(5), at(5)}, {nil, at(7), at(7)}, {at(5), nil, at(5)}, {nil, nil, nil},
			{&timestamppb.Timestamp{Seconds: 5, Nanos: 2}, &timestamppb.Timestamp{Seconds: 5, Nanos: 1}, &timestamppb.Timestamp{Seconds: 5, Nanos: 1}},
		} {
			m := added(t, kind, series(test.a), series(test.b))
			got := cmp.Or(m.GetCounter().GetCreatedTimestamp(), m.GetHistogram().GetCreatedTimestamp(), m.GetSummary().GetCreatedTimestamp())
			if !proto.Equal(got, test.want) {
				t.Errorf("%s of %v and %v: %v, want %v", kind, test.a, test.b, got, test.want)
			}
		}
	}
}

// TestExemplars checks that the newer one of two exemplars stays.
func TestExemplars(t *testing.T) {
	timeless := exemplar(9, 0)
	timeless.Timestamp = nil
	for _, test := range []struct{ a, b, want *dto.Exemplar }{
		{exemplar(1, 5), exemplar(2, 7), exemplar(2, 7)}, {exemplar(1, 7), exemplar(2, 5), exemplar(1, 7)},
		{exemplar(1, 5), exemplar(2, 5), exemplar(1, 5)}, {nil, exemplar(2, 7), exemplar(2, 7)},
		{exemplar(1, 5), nil, exemplar(1, 5)}, {nil, nil, nil}, {timeless, exemplar(2, 7), exemplar(2, 7)},
	} {
		counter := func(e *dto.Exemplar) *dto.Metric { return &dto.Metric{Counter: &dto.Counter{Exemplar: e}} }
		if got := added(t, dto.MetricType_COUNTER, counter(test.a), counter(test.b)).Counter.Exemplar; !proto.Equal(got, test.want) {
			t.Errorf("%v and %v: %v, want %v", test.a, test.b, got, test.want)
		}
		histogram := func(e *dto.Exemplar) *dto.Metric {
			h := &dto.Histogram{SampleCount: new(uint64(1)), Bucket: []*dto.Bucket{{UpperBound: new(1.0), Exemplar: e}}}
			if e != nil {
				h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: new(math.Inf(1)), CumulativeCount: new(uint64(1)), Exemplar: e})
			}
			return &dto.Metric{Histogram: h}
		}
		buckets := added(t, dto.MetricType_HISTOGRAM, histogram(test.a), histogram(test.b)).Histogram.Bucket
		if (len(buckets) == 2) != (test.want != nil) {
			t.Errorf("%v and %v: %v", test.a, test.b, buckets)
		}
		for i, bucket := range buckets {
			if !proto.Equal(bucket.Exemplar, test.want) || bucket.GetCumulativeCount() != uint64(2*i) {
				t.Errorf("%v and %v: %v, want %v", test.a, test.b, bucket, test.want)
			}
		}
	}
}

// TestNativeExemplars checks that the newest exemplars of both native histograms stay.
func TestNativeExemplars(t *testing.T) {
	native := func(from int) *dto.Metric {
		h := &dto.Histogram{Schema: new(int32(0))}
		for i := range 10 {
			h.Exemplars = append(h.Exemplars, exemplar(float64(from+2*i), int64(from+2*i)))
		}
		return &dto.Metric{Histogram: h}
	}
	var got []float64
	for _, e := range added(t, dto.MetricType_HISTOGRAM, native(0), native(1)).Histogram.Exemplars {
		got = append(got, e.GetValue())
	}
	if want := []float64{19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestOtherNativesAreNotAdded checks which histograms cannot be added to a native one with classic buckets.
func TestOtherNativesAreNotAdded(t *testing.T) {
	first := &dto.Histogram{Schema: new(int32(0)), ZeroThreshold: new(0.5), Bucket: []*dto.Bucket{{UpperBound: new(1.0)}}}
	for name, change := range map[string]func(h *dto.Histogram){
		"not native":           func(h *dto.Histogram) { h.Schema = nil },
		"other zero bucket":    func(h *dto.Histogram) { h.ZeroThreshold = new(0.25) },
		"no classic buckets":   func(h *dto.Histogram) { h.Bucket = nil },
		"more classic buckets": func(h *dto.Histogram) { h.Bucket = append(h.Bucket, &dto.Bucket{UpperBound: new(2.0)}) },
	} {
		second := proto.CloneOf(first)
		change(second)
		var sources [][]families.Family
		for _, h := range []*dto.Histogram{first, second} {
			sources = append(sources, source("h", dto.MetricType_HISTOGRAM, &dto.Metric{Histogram: h}))
		}
		for range 2 {
			dropped := families.Dropped{}
			if merged := merge(t, sources, dropped); merged[0].Metric[0] != sources[0][0].Metric[0] || dropped[families.Bounds].Count != 1 {
				t.Errorf("%s: %v, lost %v", name, merged, dropped)
			}
			slices.Reverse(sources)
		}
	}
}

// TestHistogramsAddUp checks that the sum of random histograms is the histogram that client_golang makes of all their
// observations. The sources have as few native buckets as they like, which takes their resolution.
func TestHistogramsAddUp(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 0))
			classic := [][]float64{nil, {-1, 0, 1, 1000}, {0.5}}[r.IntN(3)]
			factor := 1 + math.Exp(r.Float64()*9-6)
			if classic != nil && r.IntN(4) == 0 {
				factor = 0
			}
			var sources []*dto.Metric
			var all []float64
			for range 2 + r.IntN(3) {
				observations := observations(r)
				sources = append(sources, observed(t, classic, factor, uint32(r.IntN(40)), observations))
				all = append(all, observations...)
			}
			got := added(t, dto.MetricType_HISTOGRAM, sources...).Histogram
			for _, m := range sources {
				if m.Histogram.GetSchema() < got.GetSchema() {
					t.Errorf("schema %d of a source, %d of the sum", m.Histogram.GetSchema(), got.GetSchema())
				}
			}
			if factor != 0 { // one that gives this schema; without the added part it could be the next one
				factor = math.Exp2(math.Exp2(-float64(got.GetSchema()))) * (1 + 1e-9)
			}
			want := observed(t, classic, factor, 0, all).Histogram
			if math.Abs(got.GetSampleSum()-want.GetSampleSum()) > 1e-6*float64(len(all)) {
				t.Errorf("sum %v, want %v", got.GetSampleSum(), want.GetSampleSum())
			}
			want.SampleSum, want.CreatedTimestamp = got.SampleSum, got.CreatedTimestamp
			if !proto.Equal(got, want) {
				t.Errorf("got  %v\nwant %v", got, want)
			}
		})
	}
}

// observations returns random values of one of several kinds, some of them equal.
func observations(r *rand.Rand) []float64 {
	spread, signed := r.Float64()*10, r.IntN(2) == 0
	all := make([]float64, r.IntN(200))
	for i := range all {
		all[i] = math.Exp(r.NormFloat64() * spread / 3)
		switch r.IntN(10) {
		case 0:
			all[i] = math.Exp2(float64(r.IntN(20) - 10)) // a bound of any schema
		case 1:
			all[i] = 0
		case 2:
			if i > 0 {
				all[i] = all[i-1]
			}
		}
		if signed && r.IntN(2) == 0 {
			all[i] = -all[i]
		}
	}
	return all
}

// observed is the series of a histogram. A factor of 0 makes a classic one.
func observed(t testing.TB, classic []float64, factor float64, most uint32, observations []float64) *dto.Metric {
	t.Helper()
	h := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "a", Buckets: classic, NativeHistogramBucketFactor: factor, NativeHistogramMaxBucketNumber: most,
	})
	for _, v := range observations {
		h.Observe(v)
	}
	var m dto.Metric
	if err := h.Write(&m); err != nil {
		t.Fatal(err)
	}
	return &m
}

// TestBrokenSpans checks that spans with more buckets than there are do not panic.
func TestBrokenSpans(t *testing.T) {
	broken := func() *dto.Metric {
		return &dto.Metric{Histogram: &dto.Histogram{
			Schema:        new(int32(3)),
			PositiveSpan:  []*dto.BucketSpan{{Offset: new(int32(-2)), Length: new(uint32(math.MaxUint32))}, {Length: new(uint32(1))}},
			PositiveDelta: []int64{1, 1},
		}}
	}
	h := added(t, dto.MetricType_HISTOGRAM, broken(), broken()).Histogram
	if len(h.PositiveSpan) != 1 || !slices.Equal(h.PositiveDelta, []int64{2, 2}) {
		t.Error(h)
	}
}
