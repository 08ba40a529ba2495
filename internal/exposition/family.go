// Package exposition defines the families that a collector passes to the exporter for a page.
package exposition

import dto "github.com/prometheus/client_model/go"

// Family is a metric family of a scrape. Its source owns the memory; other code must not change it.
type Family struct {
	*dto.MetricFamily

	// Signed reports whether a histogram or summary has had a negative observation, or a histogram has a negative bound.
	// The sum of such a family is invalid in OpenMetrics, because a sum must behave like a counter.
	Signed bool
	// Updated has the time of the last sample of each series of a gauge, in nanoseconds since 1970, or 0 if it is
	// unknown. It is nil if all are unknown.
	Updated []int64
	// Absolute says that the values were counted elsewhere, so that equal series of several sources are the same series
	// and must not be added.
	Absolute bool
}

// Families returns gathered families as Family values without further information.
func Families(gathered []*dto.MetricFamily) []Family {
	all := make([]Family, len(gathered))
	for i, f := range gathered {
		all[i].MetricFamily = f
	}
	return all
}
