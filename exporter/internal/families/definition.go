package families

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/promexporter/promexporter/internal/metric"
)

// A Definition defines a metric family that a source is known to return.
type Definition struct {
	Name   string
	Type   metric.Type
	Help   string // an empty one is compatible with any
	Unit   string
	Labels []string // sorted names
	Shape  string   // buckets or quantiles, as text for comparison
	// Origin is where the definition comes from, such as a file, or empty. If the origin changes, all sources that use
	// it change, one after the other.
	Origin string
}

// Conflict describes the first conflict between the families of two sources of a page, or returns "". With follow,
// definitions of the same origin are not compared, because the first source is expected to change too.
func Conflict(first, second []Definition, follow bool) string {
	owners := make(map[string][]Definition)
	for _, d := range first {
		for _, name := range metric.Names(d.Name, d.Type) {
			owners[name] = append(owners[name], d)
		}
	}
	for _, d := range second {
		for _, name := range metric.Names(d.Name, d.Type) {
			for _, owner := range owners[name] {
				if follow && d.Origin != "" && d.Origin == owner.Origin {
					continue
				}
				if cause := conflict(owner, d, name); cause != "" {
					return cause
				}
			}
		}
	}
	return ""
}

// conflict describes the conflict between two families that share a name on the page, or returns "".
func conflict(a, b Definition, shared string) string {
	if a.Name != b.Name {
		return fmt.Sprintf("the %s %s in the first and the %s %s in the second both have samples or a family named %s",
			a.Type, a.Name, b.Type, b.Name, shared)
	}
	first, second := "", ""
	switch {
	case a.Type != b.Type:
		first, second = "the type "+a.Type.String(), b.Type.String()
	case a.Unit != b.Unit:
		first, second = "the unit "+orNone(a.Unit), orNone(b.Unit)
	case !slices.Equal(a.Labels, b.Labels):
		first, second = "the labels "+orNone(strings.Join(a.Labels, ", ")), orNone(strings.Join(b.Labels, ", "))
	case a.Shape != b.Shape:
		first, second = orNone(a.Shape), orNone(b.Shape)
	case a.Help != b.Help && a.Help != "" && b.Help != "":
		first, second = fmt.Sprintf("the help %q", a.Help), fmt.Sprintf("%q", b.Help)
	default:
		return ""
	}
	return fmt.Sprintf("%s has %s in the first and %s in the second", a.Name, first, second)
}

func orNone(text string) string { return cmp.Or(text, "none") }
