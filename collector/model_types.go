package collector

import (
	"math"

	dto "github.com/prometheus/client_model/go"
)

// counter is the memory for the model of one counter.
type counter struct {
	model dto.Counter
	value float64
}

func growCounters(metrics []dto.Metric) {
	counters := make([]counter, len(metrics))
	for i := range metrics {
		c := &counters[i]
		c.model.Value = &c.value
		metrics[i].Counter = &c.model
	}
}

func (f *frame) writeCounter(c *dto.Counter, i int) {
	*c.Value = f.values[i]
	c.CreatedTimestamp = f.createdTimestamp(c.CreatedTimestamp, i)
	if len(f.exemplars) > 0 {
		c.Exemplar = f.exemplars[i].render(c.Exemplar)
	}
}

// gauge is the memory for the model of one gauge.
type gauge struct {
	model dto.Gauge
	value float64
}

func growGauges(metrics []dto.Metric) {
	gauges := make([]gauge, len(metrics))
	for i := range metrics {
		g := &gauges[i]
		g.model.Value = &g.value
		metrics[i].Gauge = &g.model
	}
}

// summary is the memory for the model of one summary, without its quantiles.
type summary struct {
	model dto.Summary
	sum   float64
	count uint64
}

func growSummaries(metrics []dto.Metric) {
	summaries := make([]summary, len(metrics))
	for i := range metrics {
		s := &summaries[i]
		s.model.SampleSum = &s.sum
		s.model.SampleCount = &s.count
		metrics[i].Summary = &s.model
	}
}

func (f *frame) writeSummary(s *dto.Summary, i int) {
	*s.SampleSum = f.values[i]
	*s.SampleCount = f.buckets[i]
	s.CreatedTimestamp = f.createdTimestamp(s.CreatedTimestamp, i)
	if len(f.views) > 0 {
		f.writeQuantiles(s, i)
	}
}

// histogram is the memory for the model of one histogram, without its buckets.
type histogram struct {
	model dto.Histogram
	sum   float64
	count uint64
}

func growHistograms(metrics []dto.Metric, bounds []float64) {
	histograms := make([]histogram, len(metrics))
	counts := make([]uint64, len(metrics)*len(bounds))
	buckets := make([]dto.Bucket, len(counts))
	width := len(bounds) + 1 // the last one for the +Inf bucket, if it has an exemplar
	pointers := make([]*dto.Bucket, len(metrics)*width)
	for i := range metrics {
		h, at := &histograms[i], i*width
		for j := range bounds {
			b := &buckets[i*len(bounds)+j]
			b.UpperBound = &bounds[j]
			b.CumulativeCount = &counts[i*len(bounds)+j]
			pointers[at+j] = b
		}
		h.model.SampleSum = &h.sum
		h.model.SampleCount = &h.count
		h.model.Bucket = pointers[at : at+len(bounds) : at+width]
		metrics[i].Histogram = &h.model
	}
}

func (f *frame) writeHistogram(h *dto.Histogram, i int) {
	counts := f.buckets[i*f.width : (i+1)*f.width]
	h.Bucket = h.Bucket[:f.width-1]
	var sum uint64
	for at, b := range h.Bucket {
		sum += counts[at]
		*b.CumulativeCount = sum
	}
	*h.SampleCount = sum + counts[f.width-1]
	*h.SampleSum = f.values[i]
	h.CreatedTimestamp = f.createdTimestamp(h.CreatedTimestamp, i)
	if len(f.natives) > 0 {
		writeNative(h, f.exposed.natives[i], &f.natives[i])
	}
	if len(f.exemplars) > 0 {
		f.writeExemplars(h, f.exemplars[i*f.exemplarsPerSeries:(i+1)*f.exemplarsPerSeries])
	}
}

// writeExemplars writes the exemplars of a histogram: first those of the classic buckets, then those of the native
// histogram.
func (f *frame) writeExemplars(h *dto.Histogram, exemplars []exemplar) {
	if n := f.family.classicExemplars(); n > 0 {
		for at, b := range h.Bucket {
			b.Exemplar = exemplars[at].render(b.Exemplar)
		}
		f.writeInfExemplar(h, &exemplars[n-1])
		exemplars = exemplars[n:]
	}
	h.Exemplars = h.Exemplars[:0]
	for at := range exemplars {
		if m := exemplars[at].render(nil); m != nil {
			h.Exemplars = append(h.Exemplars, m)
		}
	}
}

// writeInfExemplar adds the +Inf bucket, which an exposition omits unless it has an exemplar.
func (f *frame) writeInfExemplar(h *dto.Histogram, mark *exemplar) {
	if len(mark.pairs) == 0 {
		return
	}
	last := &h.Bucket[:f.width][f.width-1]
	if *last == nil {
		*last = &dto.Bucket{UpperBound: new(math.Inf(1)), CumulativeCount: new(uint64)}
	}
	h.Bucket = h.Bucket[:f.width]
	*(*last).CumulativeCount = h.GetSampleCount()
	(*last).Exemplar = mark.render((*last).Exemplar)
}
