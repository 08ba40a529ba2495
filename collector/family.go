package collector

import (
	"maps"
	"slices"
	"time"

	"github.com/promexporter/promexporter/internal/metric"
)

// Type is the type of a metric family.
type Type = metric.Type

// The types of the families of a collector.
const (
	Counter   = metric.Counter
	Gauge     = metric.Gauge
	Histogram = metric.Histogram
	Summary   = metric.Summary
	Untyped   = metric.Unknown // of received families only
	types     = Untyped + 1
)

// Family defines a metric family. Its exported fields must not change after the first sample of it was ingested, and it
// belongs to the collector that ingested it. Two Families with equal definitions in one collector share their series. A
// State stores them as JSON.
type Family struct {
	Name string
	Help string `json:",omitzero"`
	Unit string `json:",omitzero"`
	Type Type
	// Labels are the label names, sorted. The label values of a sample have the same order; an empty value means that
	// the series does not have the label.
	Labels []string `json:",omitzero"`
	// Buckets are the upper bounds of a classic histogram, ascending, without +Inf. With Native and no Buckets there is
	// no classic histogram.
	Buckets []float64 `json:",omitzero"`
	// Native adds a native histogram. It takes about 100 bytes per series and 16 to 32 per bucket that is not empty.
	Native Native `json:",omitzero"`
	// Quantiles are the quantiles of a summary, each with its allowed error. Without quantiles, a summary has only a
	// sum and a count. A series with quantiles and the usual errors takes 7.5 KB; with an error of 0.001 for a quantile
	// near 0.5, it takes 64 KB.
	Quantiles map[float64]float64 `json:"-"`
	// MaxAge is how long an observation counts in the quantiles, at least a second; 0 means 10 minutes.
	MaxAge time.Duration `json:",omitzero"`
	// Window makes the series of a gauge the number of different values that came within this time, by the clock of the
	// collector. A series takes up to 40 KB then.
	Window time.Duration `json:",omitzero"`
	// Timestamps exposes the newest Time of the samples with each series.
	Timestamps bool `json:",omitzero"`
	// Received says that the family takes points of metrics events, see Batch.Put, and no samples. Each of its series
	// has labels of its own, so Labels is empty, and so are Buckets and Quantiles.
	Received bool `json:",omitzero"`
	// Delta says that the points of a received family may be increments.
	Delta bool `json:",omitzero"`

	// The fields below are not part of the definition: of equal Families, the first one that was ingested or the last
	// one passed to Retain decides.

	// TTL is how long after its last sample a series expires. 0 means never.
	TTL time.Duration `json:",omitzero"`
	// SeriesLimit bounds the series of the family; samples of more series go to overflow series. 0 means that only the
	// limit of the collector applies.
	SeriesLimit int `json:",omitzero"`
	// ReceivedBuckets are the upper bounds of the classic buckets that a page has in addition to the native ones of a
	// received family: each counts the observations that are certain to be at most its bound.
	ReceivedBuckets []float64 `json:"-"`
	// Fixed marks, by position in Labels, the values that do not come from records; an overflow series keeps them. For
	// each sample, Fixed of its own Family applies.
	Fixed []bool `json:"-"`
	// MaxIncrement bounds what a sample adds to a counter, or to the sum of a histogram or summary. 0 means no bound.
	// For each sample, MaxIncrement of its own Family applies.
	MaxIncrement float64 `json:"-"`

	// ResetBelow is the share of the last running total below which a lower one was reset. 0 means 0.99. It does not
	// apply if what both totals count from is known. For each sample, ResetBelow of its own Family applies.
	ResetBelow float64 `json:"-"`

	// Only the goroutine of the collector reads and sets these.
	store     *store
	refusedBy *store // exposes one of the names of the family and has another definition
}

// Native configures a native histogram. The zero Native means that there is none.
type Native struct {
	// Factor is the greatest ratio of two successive bucket bounds. It must be greater than 1.
	Factor float64
	// MaxBuckets bounds the buckets of a series: beyond it, neighboring buckets are merged. 0 means 160.
	MaxBuckets uint32
}

// enabled reports whether there is a native histogram.
func (n Native) enabled() bool { return n.Factor > 1 }

func (f *Family) isNative() bool { return f.Type == Histogram && f.Native.enabled() }

func (f *Family) hasStreams() bool { return f.Type == Summary && len(f.Quantiles) > 0 }

// hasReadings reports whether the series of f have more than a value that is received.
func (f *Family) hasReadings() bool { return f.Received && (f.Type == Histogram || f.Type == Summary) }

// isAbsolute reports whether what the series of f hold was counted elsewhere, and comes again.
func (f *Family) isAbsolute() bool { return f.Received && !f.Delta }

// survives reports whether a State holds f.
func (f *Family) survives() bool { return !f.isAbsolute() && f.Window == 0 }

// Equal reports whether f and g define the same exposition.
func (f *Family) Equal(g *Family) bool {
	return f.Name == g.Name && f.Type == g.Type && f.Help == g.Help && f.Unit == g.Unit &&
		f.Native == g.Native && f.MaxAge == g.MaxAge && f.Timestamps == g.Timestamps && f.Window == g.Window &&
		f.Received == g.Received && f.Delta == g.Delta &&
		slices.Equal(f.Labels, g.Labels) && slices.Equal(f.Buckets, g.Buckets) &&
		maps.Equal(f.Quantiles, g.Quantiles)
}

// isReadable reports whether Prometheus accepts the names and the help of f on a page.
func (f *Family) isReadable() bool {
	unfit := func(label string) bool { return !metric.IsName(label) }
	return metric.IsName(f.Name) && !slices.ContainsFunc(f.Labels, unfit) && metric.IsText([]byte(f.Help))
}

// fixed reports whether an overflow series keeps the i-th label value.
func (f *Family) fixed(i int) bool { return i < len(f.Fixed) && f.Fixed[i] }

// exceeds reports whether v is more than a sample may add.
func (f *Family) exceeds(v float64) bool { return f.MaxIncrement > 0 && v > f.MaxIncrement }

// accepts holds the operations of each type, one bit each.
var accepts = [types]uint16{
	Counter:   1<<Add | 1<<Total | 1<<Declare,
	Gauge:     1<<Add | 1<<Set | 1<<Sum | 1<<Min | 1<<Max | 1<<Count | 1<<Distinct | 1<<Declare,
	Histogram: 1<<Observe | 1<<Merge | 1<<MergeTotal | 1<<Declare,
	Summary:   1<<Observe | 1<<Declare,
}

// hasRounds reports whether o combines the samples of a round.
func (o Op) hasRounds() bool { return o >= Sum && o <= Count }

// merges reports whether o adds the counts of buckets.
func (o Op) merges() bool { return o == Merge || o == MergeTotal }

// usesTime reports whether o depends on the times of samples.
func (o Op) usesTime() bool { return o == Total || o == MergeTotal || o.hasRounds() }

// maxAhead is how far a time may be ahead of the clock; wrong time zones are common. After a sample from the far
// future, a series would refuse everything until then.
const maxAhead = 24 * time.Hour

// tooNew reports whether the time at of a sample is too far ahead and f depends on times.
func (f *Family) tooNew(s *Sample, at, now int64) bool {
	return at > now+int64(maxAhead) && (f.Timestamps || s.Op.usesTime())
}

// checkSample returns the reason not to take the sample, before a series is made for it.
func (f *Family) checkSample(s *Sample) Reason {
	if f.Type >= types || s.Op >= ops || accepts[f.Type]>>s.Op&1 == 0 {
		return Malformed
	}
	if s.Op == Declare {
		return Kept
	}
	if f.Type == Gauge {
		if (f.Window > 0) != (s.Op == Distinct) {
			return Malformed
		}
		return Kept
	}
	if v := s.Value; v-v != 0 { // NaN or infinite
		return NotFinite
	}
	if f.Type == Counter {
		switch {
		case s.Value < 0:
			return NegativeIncrement
		case s.Op == Add && f.exceeds(s.Value):
			return MaxIncrement
		}
		return Kept
	}
	if s.Op.merges() {
		return f.checkMerge(s)
	}
	return f.checkWeight(s)
}
