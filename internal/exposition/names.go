// Package exposition knows what a page holds: which names a metric family takes on it, and which names, texts and units
// Prometheus reads. What a parser of Prometheus does not read makes it refuse the page as a whole, so one record could
// take the target down. test/textparse holds it against the parsers, in every format that a scraper may ask for.
package exposition

import (
	"slices"
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

// Clash reports whether two of the names of labels become the same one where names are escaped.
func Clash(names []string) bool {
	for _, escaping := range escapings {
		seen := make(map[string]struct{}, len(names))
		for _, name := range names {
			seen[model.EscapeName(name, escaping)] = struct{}{}
		}
		if len(seen) < len(names) {
			return true
		}
	}
	return false
}

// CarriesUnit reports whether the name of a family ends with its unit, in each way in which it may be escaped. The
// OpenMetrics parser refuses a page with a unit beside a name that does not. kind is as in Names.
func CarriesUnit(name, kind, unit string) bool {
	written := []string{name}
	if !model.LegacyValidation.IsValidMetricName(name) {
		for _, escaping := range escapings {
			written = append(written, model.EscapeName(name, escaping))
		}
	}
	return !slices.ContainsFunc(written, func(name string) bool {
		if kind == "counter" {
			name = strings.TrimSuffix(name, "_total")
		}
		return !strings.HasSuffix(name, "_"+unit)
	})
}
