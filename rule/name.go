package rule

import (
	"fmt"
	"hash/fnv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/config"
)

// reservedSuffixes are the suffixes that Prometheus and OpenMetrics reserve for the samples of other types. The name of
// a gauge or counter must not end with them.
var reservedSuffixes = [...]string{
	"_total", "_created", "_count", "_sum", "_bucket", "_gcount", "_gsum", "_info",
}

// valueSuffix is appended to a name that is made from a field and cannot be used as it is.
const valueSuffix = "_value"

// fixedName returns the name that t expands to with prefix for ${namespace}, unless it depends on a field. It does not
// change the name, because the author of the rule chose it and was warned if necessary.
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

// expandName expands t and adapts the result to the type. The text of variables is converted to lower case, with `_`
// for each character that a metric name cannot contain.
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
		if c == utf8.RuneError || !unicode.In(c, unicode.L, unicode.M, unicode.Nd) {
			c = '_'
		}
		b.WriteRune(unicode.ToLower(c))
	}
}

// isLegacy reports whether every scraper sees name as it is.
func isLegacy(name string) bool { return model.LegacyValidation.IsValidMetricName(name) }

// distinguish makes a name differ from another one that scrapers would take for it.
func distinguish(name string, typ config.Type) string {
	hash := fnv.New32a()
	hash.Write([]byte(name))
	return fitName(fmt.Sprintf("%s_%04x", strings.TrimSuffix(name, "_total"), hash.Sum32()&0xffff), typ)
}

// fitName adapts name to the type: it is not empty, does not start with a digit, ends with _total for a counter, and
// otherwise does not end with a suffix of another type.
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

// couldExpandTo reports whether t may expand to name: whether name contains the literal parts of t in their order.
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
