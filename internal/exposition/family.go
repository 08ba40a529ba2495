package exposition

import dto "github.com/prometheus/client_model/go"

// A Family is one metric family as a scrape finds it. Whoever gave it owns its memory; it must not be changed.
type Family struct {
	*dto.MetricFamily

	// Signed says that a histogram or summary has had a negative observation, or that a histogram has a negative bound.
	// OpenMetrics takes the sum of such a family for invalid, because a sum has to behave like a counter.
	Signed bool
	// Updated holds, for each series of a gauge, the time of its last sample in nanoseconds since 1970, 0 where it is not
	// known. It is nil when it is known for none.
	Updated []int64
	// Absolute says that the values were counted elsewhere, so that equal series of several sources are the same series
	// and must not be added.
	Absolute bool
}

// Families returns gathered as families of which nothing more is known.
func Families(gathered []*dto.MetricFamily) []Family {
	all := make([]Family, len(gathered))
	for i, f := range gathered {
		all[i].MetricFamily = f
	}
	return all
}
