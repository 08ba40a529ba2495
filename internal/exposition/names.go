// Package exposition knows which names a metric family takes on a page.
package exposition

import (
	"strings"

	"github.com/prometheus/common/model"
)

// escapings are the ways in which a page writes names for those who do not take every UTF-8 name.
var escapings = [...]model.EscapingScheme{model.UnderscoreEscaping, model.DotsEscaping, model.ValueEncodingEscaping}

// Names returns the names that a family takes on a page: its own, in OpenMetrics without _total, and those of its
// samples, in each way in which they may be escaped. Two families that have one of them in common make a page that is
// not valid for everybody. kind is "counter", "gauge", "histogram" or "summary"; of others the name alone counts. The
// first one is the name as it is, or with underscores in place of what older scrapers do not take.
func Names(name, kind string) []string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return ofKind(name, kind)
	}
	var all []string
	for _, escaping := range escapings {
		all = append(all, ofKind(model.EscapeName(name, escaping), kind)...)
	}
	return all
}

// counterNames is how many names a counter takes in one way of escaping. The second one is that of OpenMetrics for the
// counter as a whole.
const counterNames = 4

func ofKind(name, kind string) []string {
	switch kind {
	case "counter":
		base := strings.TrimSuffix(name, "_total")
		return []string{name, base, base + "_total", base + "_created"}
	case "histogram":
		return []string{name, name + "_bucket", name + "_sum", name + "_count", name + "_created"}
	case "summary":
		return []string{name, name + "_sum", name + "_count", name + "_created"}
	}
	return []string{name}
}

// SampleNames returns the names that the samples of a family take on a page: those of Names, without the name that
// OpenMetrics gives to a counter as a whole.
func SampleNames(name, kind string) []string {
	names := Names(name, kind)
	if kind != "counter" {
		return names
	}
	kept := names[:0]
	for i, name := range names {
		if i%counterNames != 1 {
			kept = append(kept, name)
		}
	}
	return kept
}
