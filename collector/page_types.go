package collector

import (
	"math"

	dto "github.com/prometheus/client_model/go"
)

// counter is the memory of one counter's model.
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
	c.CreatedTimestamp = f.creation(c.CreatedTimestamp, i)
	if len(f.marks) > 0 {
		c.Exemplar = f.marks[i].render(c.Exemplar)
	}
}

// gauge is the memory of one gauge's model.
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

// summary is the memory of one summary's model beside its quantiles.
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
	s.CreatedTimestamp = f.creation(s.CreatedTimestamp, i)
	if len(f.views) > 0 {
		f.writeQuantiles(s, i)
	}
}

// histogram is the memory of one histogram's model beside its buckets.
type histogram struct {
	model dto.Histogram
	sum   float64
	count uint64
}

func growHistograms(metrics []dto.Metric, bounds []float64) {
	histograms := make([]histogram, len(metrics))
	counts := make([]uint64, len(metrics)*len(bounds))
	buckets := make([]dto.Bucket, len(counts))
	width := len(bounds) + 1 // the last one for the bucket of an exemplar above all bounds
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
	h.CreatedTimestamp = f.creation(h.CreatedTimestamp, i)
	if len(f.natives) > 0 {
		writeNative(h, f.page.natives[i], &f.natives[i])
	}
	if len(f.marks) > 0 {
		f.writeMarks(h, f.marks[i*f.slots:(i+1)*f.slots])
	}
}

// writeMarks writes the exemplars of a histogram: those of the classic buckets
// first, then those of the native one.
func (f *frame) writeMarks(h *dto.Histogram, marks []exemplar) {
	if n := f.family.classicSlots(); n > 0 {
		for at, b := range h.Bucket {
			b.Exemplar = marks[at].render(b.Exemplar)
		}
		f.writeLastMark(h, &marks[n-1])
		marks = marks[n:]
	}
	h.Exemplars = h.Exemplars[:0]
	for at := range marks {
		if m := marks[at].render(nil); m != nil {
			h.Exemplars = append(h.Exemplars, m)
		}
	}
}

// writeLastMark adds the bucket above all bounds, which an exposition leaves out
// unless it has an exemplar.
func (f *frame) writeLastMark(h *dto.Histogram, mark *exemplar) {
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
