package collector

import (
	"slices"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/collector/internal/quantile"
)

// Bounds and default of Family.MaxAge.
const (
	minMaxAge     = time.Second
	defaultMaxAge = 10 * time.Minute
)

// newEstimator returns the estimator for the quantiles of f.
func newEstimator(f *Family) *quantile.Estimator {
	age := max(f.MaxAge, minMaxAge)
	if f.MaxAge == 0 {
		age = defaultMaxAge
	}
	return quantile.NewEstimator(quantile.NewTargets(f.Quantiles), age)
}

// observeStream adds n equal observations to the quantiles of series i.
func (s *store) observeStream(i int, v float64, n uint64, now int64) {
	w := &s.streams[i]
	before := w.Extra()
	for range n {
		s.estimator.Observe(w, v, now)
	}
	if grown := w.Extra() - before; grown != 0 {
		s.charge(grown)
	}
}

// copyStreams copies the observations that count at the time now, in the memory of earlier ones.
func (f *frame) copyStreams(s *store, now int64) {
	f.views = slices.Grow(f.views[:0], len(s.streams))[:len(s.streams)]
	for i := range s.streams {
		s.estimator.Advance(&s.streams[i], now)
		f.views[i].Set(&s.streams[i])
	}
}

// writeQuantiles writes the estimates of series i, in the memory of earlier ones. It runs in the goroutine of the
// scrape because it sorts.
func (f *frame) writeQuantiles(s *dto.Summary, i int) {
	if f.estimator == nil {
		f.estimator = newEstimator(f.family)
	}
	for len(s.Quantile) < len(f.family.Quantiles) {
		s.Quantile = append(s.Quantile, &dto.Quantile{Quantile: new(float64), Value: new(float64)})
	}
	f.estimator.Query(&f.views[i], func(at int, quantile, value float64) {
		*s.Quantile[at].Quantile, *s.Quantile[at].Value = quantile, value
	})
}
