// Package exposition defines the families that a collector passes to the exporter for a page.
package exposition

import dto "github.com/prometheus/client_model/go"

// Family is one metric family of a scrape. Its source owns the memory; readers must not change it.
type Family struct {
	*dto.MetricFamily

	// Signed reports whether a histogram or summary had a negative observation, or a histogram has a negative bound.
	// OpenMetrics does not allow the sum of such a family, because a sum must not decrease.
	Signed bool
	// Updated holds, for each series of a gauge, the time of its last sample in nanoseconds since 1970, 0 where it is
	// not known. It is nil when it is known for none.
	Updated []int64
}

// Families returns gathered as Families without further properties.
func Families(gathered []*dto.MetricFamily) []Family {
	all := make([]Family, len(gathered))
	for i, f := range gathered {
		all[i].MetricFamily = f
	}
	return all
}
