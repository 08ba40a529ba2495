package collector

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// minMaxAge is the least Family.MaxAge that counts. client_golang goes through a
// fifth of it after the other up to now.
const minMaxAge = time.Second

// newStream returns what estimates the quantiles of one summary series. Count,
// sum and created timestamp are ours.
func newStream(f *Family) prometheus.Summary {
	o := prometheus.SummaryOpts{Name: "quantiles", Objectives: f.Quantiles}
	if f.MaxAge > 0 {
		o.MaxAge = max(f.MaxAge, minMaxAge)
	}
	return prometheus.NewSummary(o)
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
