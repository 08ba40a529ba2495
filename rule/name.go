package rule

import (
	"strings"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
)

// reservedPrefixes start the names of the plugin's own metrics.
var reservedPrefixes = [...]string{"promexporter_", "go_"}

// ReservedPrefixes returns the prefixes of the plugin's own names.
func ReservedPrefixes() []string { return reservedPrefixes[:] }

// reservedSuffixes are those that Prometheus and OpenMetrics keep for series of types that the name of a gauge or
// counter must not be taken for.
var reservedSuffixes = [...]string{
	"_total", "_created", "_count", "_sum", "_bucket", "_gcount", "_gsum", "_info",
}

// valueSuffix sets apart a name that was made of a field and cannot stay as it is.
const valueSuffix = "_value"

// fixedName returns the name that t is with prefix for ${namespace}, unless it depends on a field. Its author has
// chosen it, and was warned where that is due: nothing of it is changed.
func fixedName(t config.Template, prefix string) (name string, ok bool) {
	var b strings.Builder
	for _, part := range t {
		switch part.Variable {
		case "":
			b.WriteString(part.Literal)
		case "namespace":
			sanitize(&b, prefix)
		default:
			return "", false
		}
	}
	return b.String(), true
}

// baseName is the name by which OpenMetrics knows f: a counter's without _total.
func baseName(f *collector.Family) string {
	if f.Type == collector.Counter {
		return strings.TrimSuffix(f.Name, "_total")
	}
	return f.Name
}

// expandName fills the variables of t and fits the result to the type. Text from a variable becomes lower case, and
// what no metric name may hold becomes `_`.
func expandName(t config.Template, typ config.Type, variable func(string) string) string {
	var b strings.Builder
	for _, part := range t {
		b.WriteString(part.Literal)
		if part.Variable != "" {
			sanitize(&b, variable(part.Variable))
		}
	}
	return fitName(b.String(), typ)
}

func sanitize(b *strings.Builder, text string) {
	for _, c := range text {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_':
			b.WriteByte(byte(c))
		case c >= 'A' && c <= 'Z':
			b.WriteByte(byte(c) + 'a' - 'A')
		default:
			b.WriteByte('_')
		}
	}
}

// fitName makes name one that Prometheus accepts for the type: never empty, never with a digit in front, a counter's
// with _total at the end, and any other's without a suffix that means another type.
func fitName(name string, typ config.Type) string {
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	if typ == config.Counter {
		if !strings.HasSuffix(name, "_total") {
			name += "_total"
		}
		return name
	}
	for _, suffix := range reservedSuffixes {
		if strings.HasSuffix(name, suffix) {
			return name + valueSuffix
		}
	}
	return name
}

// couldExpandTo reports whether t could have been expanded to name: whether its literal parts stand in it, in their
// order.
func couldExpandTo(t config.Template, name string) bool {
	for _, part := range t {
		_, rest, ok := strings.Cut(name, part.Literal)
		if !ok {
			return false
		}
		name = rest
	}
	return true
}

// reservedName reports whether name is one of the plugin's own, also as scrapers see it that do not ask for UTF-8
// names.
func reservedName(name string) bool {
	name = model.EscapeName(name, model.UnderscoreEscaping)
	for _, prefix := range reservedPrefixes {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
