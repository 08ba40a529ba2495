package exporter_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/exposition"
)

// source is an exporter.Source made of a function.
type source func(ctx context.Context) ([]exposition.Family, func(), error)

func (s source) Gather(ctx context.Context) ([]exposition.Family, func(), error) { return s(ctx) }

// families is a source that always returns f.
func families(f ...*dto.MetricFamily) exporter.Source {
	return source(func(context.Context) ([]exposition.Family, func(), error) {
		return exposition.Families(f), func() {}, nil
	})
}

// hanging is a source whose Gather blocks until release is closed, or until its context ends if it is polite.
type hanging struct {
	release      chan struct{}
	polite       bool
	asked, given atomic.Int64 // calls of Gather, and of done
	families     []*dto.MetricFamily
}

func newHanging(f ...*dto.MetricFamily) *hanging {
	return &hanging{release: make(chan struct{}), families: f}
}

func (h *hanging) Gather(ctx context.Context) ([]exposition.Family, func(), error) {
	h.asked.Add(1)
	var end <-chan struct{}
	if h.polite {
		end = ctx.Done()
	}
	select {
	case <-h.release:
		return exposition.Families(h.families), func() { h.given.Add(1) }, nil
	case <-end:
		return nil, nil, context.Cause(ctx)
	}
}

// gauge is a family of gauges with one label, "l", from pairs of label value and value.
func gauge(name, help string, values map[string]float64, order ...string) *dto.MetricFamily {
	f := &dto.MetricFamily{Name: new(name), Help: new(help), Type: dto.MetricType_GAUGE.Enum()}
	for _, l := range order {
		f.Metric = append(f.Metric, &dto.Metric{
			Label: []*dto.LabelPair{{Name: new("l"), Value: new(l)}},
			Gauge: &dto.Gauge{Value: new(values[l])},
		})
	}
	return f
}

// up is a gauge family with the one series name{l="label"} 1.
func up(name, label string) *dto.MetricFamily {
	return gauge(name, "Is up.", map[string]float64{label: 1}, label)
}

// manySeries is a counter family of n series with three labels.
func manySeries(name string, n int) *dto.MetricFamily {
	f := &dto.MetricFamily{Name: new(name), Help: new("Requests served."), Type: dto.MetricType_COUNTER.Enum()}
	for i := range n {
		f.Metric = append(f.Metric, &dto.Metric{
			Label: []*dto.LabelPair{
				{Name: new("host"), Value: new(fmt.Sprintf("host-%d", i%100))},
				{Name: new("method"), Value: new("GET")},
				{Name: new("path"), Value: new(fmt.Sprintf("/api/v1/resource/%d", i))},
			},
			Counter: &dto.Counter{Value: new(float64(i))},
		})
	}
	return f
}

// everyKind has one family of each kind, as a source returns them.
func everyKind() []*dto.MetricFamily {
	created := timestamppb.New(time.Unix(1_700_000_000, 0))
	label := []*dto.LabelPair{{Name: new("path"), Value: new(`/"a"\b`)}}
	return []*dto.MetricFamily{
		{
			Name: new("load"), Help: new("Load."), Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Label: label, Gauge: &dto.Gauge{Value: new(0.25)}}},
		},
		{
			Name: new("requests_total"), Help: new("Requests served."), Type: dto.MetricType_COUNTER.Enum(),
			Metric: []*dto.Metric{{Label: label, Counter: &dto.Counter{
				Value: new(3.0), CreatedTimestamp: created,
				Exemplar: &dto.Exemplar{Label: []*dto.LabelPair{{Name: new("trace_id"), Value: new("1f")}}, Value: new(1.0)},
			}}},
		},
		{
			Name: new("wait_seconds"), Help: new("Time waited."), Type: dto.MetricType_HISTOGRAM.Enum(), Unit: new("seconds"),
			Metric: []*dto.Metric{{Histogram: &dto.Histogram{
				SampleCount: new(uint64(3)), SampleSum: new(1.5), CreatedTimestamp: created,
				Bucket: []*dto.Bucket{
					{UpperBound: new(1.0), CumulativeCount: new(uint64(2))},
					{UpperBound: new(2.0), CumulativeCount: new(uint64(3))},
				},
				Schema: new(int32(3)), ZeroThreshold: new(1e-128), ZeroCount: new(uint64(0)),
				PositiveSpan: []*dto.BucketSpan{{Offset: new(int32(-8)), Length: new(uint32(1))}}, PositiveDelta: []int64{3},
			}}},
		},
	}
}
