package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// defaultMaxBuckets is Native.MaxBuckets when it is not given.
const defaultMaxBuckets = 160

// native is the native part of a histogram series. client_golang keeps its
// buckets; count, sum, created timestamp and exemplars are ours.
type native struct {
	histogram prometheus.Histogram
	// model is what the histogram last wrote, nil when it was touched since.
	// Snapshots share it, so it is never changed.
	model *dto.Histogram
}

func newNative(n Native) native {
	if n.MaxBuckets == 0 {
		n.MaxBuckets = defaultMaxBuckets
	}
	return native{histogram: prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:                           "native",
		NativeHistogramBucketFactor:    n.Factor,
		NativeHistogramMaxBucketNumber: n.MaxBuckets,
		NativeHistogramMaxExemplars:    -1,
	})}
}

func (n *native) observe(v float64, times uint64) {
	n.model = nil
	for range times {
		n.histogram.Observe(v)
	}
}

// read returns the buckets. It writes only what changed since the last time,
// since the collector's goroutine waits for it.
func (n *native) read() *dto.Histogram {
	if n.model == nil {
		var m dto.Metric
		if err := n.histogram.Write(&m); err != nil || m.Histogram == nil {
			return &dto.Histogram{} // never: Write has no error to return
		}
		n.model = m.Histogram
	}
	return n.model
}

// size estimates the memory of n in bytes, as BenchmarkTouched measures it.
func (n *native) size() int {
	m := n.read()
	return 1500 + 250*(len(m.GetPositiveDelta())+len(m.GetNegativeDelta()))
}
