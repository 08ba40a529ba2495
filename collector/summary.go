package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// newStream returns what estimates the quantiles of one summary series. Count,
// sum and created timestamp are ours.
func newStream(f *Family) prometheus.Summary {
	return prometheus.NewSummary(prometheus.SummaryOpts{
		Name:       "quantiles",
		Objectives: f.Quantiles,
		MaxAge:     max(f.MaxAge, 0),
	})
}

// quantiles reads the estimates. It may be called while observations come in,
// and is called outside of the collector's goroutine because it sorts: so it may
// show observations of batches after the snapshot.
func quantiles(s prometheus.Summary) []*dto.Quantile {
	var m dto.Metric
	if err := s.Write(&m); err != nil {
		return nil // never: Write has no error to return
	}
	return m.GetSummary().GetQuantile()
}
