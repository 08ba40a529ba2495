package metric

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
)

// escapings are the ways in which a page writes names for scrapers that do not support all UTF-8 names.
var escapings = [...]model.EscapingScheme{model.UnderscoreEscaping, model.DotsEscaping, model.ValueEncodingEscaping}

// Names returns the names that a family exposes: its own, in OpenMetrics without _total, and those of its samples, in
// each way in which they may be escaped. A page with two families that expose the same name is not valid for all
// scrapers. The first name is the name itself, or the name with underscores for scrapers that do not support UTF-8 names.
func Names(name string, t Type) []string {
	var all []string
	for _, written := range written(name) {
		all = append(all, exposed(written, t)...)
	}
	return all
}

// written returns name in each way in which it may be escaped.
func written(name string) []string {
	if model.LegacyValidation.IsValidMetricName(name) {
		return []string{name}
	}
	all := make([]string, len(escapings))
	for i, escaping := range escapings {
		all[i] = model.EscapeName(name, escaping)
	}
	return all
}

func exposed(name string, t Type) []string {
	switch t {
	case Counter:
		base := BaseName(name, t)
		return []string{name, base, base + "_total", base + "_created"}
	case Histogram:
		return []string{name, name + "_bucket", name + "_sum", name + "_count", name + "_created"}
	case Summary:
		return []string{name, name + "_sum", name + "_count", name + "_created"}
	}
	return []string{name}
}

// BaseName returns the name of a family in OpenMetrics: that of a counter is without _total.
func BaseName(name string, t Type) string {
	if t == Counter {
		return strings.TrimSuffix(name, "_total")
	}
	return name
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
// OpenMetrics parser refuses a page with a unit that the name does not end with.
func CarriesUnit(name string, t Type, unit string) bool {
	carries := func(name string) bool { return strings.HasSuffix(BaseName(name, t), "_"+unit) }
	return carries(name) && !slices.ContainsFunc(written(name), func(name string) bool { return !carries(name) })
}

// IsName reports whether name may be that of a family, of a label or of a label of an exemplar. Text formats quote names
// that are not letters, digits and underscores, and their parsers refuse a NUL byte in quotes.
func IsName(name string) bool {
	return name != "" && utf8.ValidString(name) && strings.IndexByte(name, 0) < 0
}

// reservedPrefixes are the prefixes of the plugin's own metrics and those of its Go runtime, which are on the same page.
var reservedPrefixes = [...]string{"promexporter_", "go_"}

// ReservedPrefix returns the prefix of name that is reserved for the plugin's own metrics, or "". It also checks the form
// of name for scrapers that do not support UTF-8 names.
func ReservedPrefix(name string) string {
	name = model.EscapeName(name, model.UnderscoreEscaping)
	for _, prefix := range reservedPrefixes {
		if strings.HasPrefix(name, prefix) {
			return prefix
		}
	}
	return ""
}
