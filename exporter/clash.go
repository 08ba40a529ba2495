package exporter

import (
	"fmt"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
)

// Family is a metric family that a source is known to give.
type Family struct {
	Name string
	Type string // counter, gauge, histogram or summary
	Unit string
}

// ClashError says that two instances that share a page define a family differently, or two families of which one page
// cannot have both.
type ClashError struct {
	First, Second string // instances; the first one was there before
	Path          string
	cause         string
}

func (e *ClashError) Error() string {
	return fmt.Sprintf("%s and %s share the page %s, and %s; define it the same in both, or give one of them another "+
		"metrics_path", e.First, e.Second, e.Path, e.cause)
}

// clash compares two families, and returns what keeps them from one page, or nothing.
func clash(a, b Family) string {
	switch {
	case a.Name == b.Name && a.Type != b.Type:
		return fmt.Sprintf("%s is a %s of the first and a %s of the second", a.Name, a.Type, b.Type)
	case a.Name == b.Name && a.Unit != b.Unit:
		return fmt.Sprintf("%s has the unit %q of the first and %q of the second", a.Name, a.Unit, b.Unit)
	case a.Name == b.Name:
		return ""
	}
	others := exposed(b.Name, b.Type)
	for _, name := range exposed(a.Name, a.Type) {
		if slices.Contains(others, name) {
			return fmt.Sprintf("the %s %s of the first and the %s %s of the second both have samples or a family named %s",
				a.Type, a.Name, b.Type, b.Name, name)
		}
	}
	return ""
}

// checkFamilies returns a *ClashError if families cannot be on the pages of the servers with what is there of others.
func (e *Endpoint) checkFamilies(servers []*server, families []Family) error {
	if len(families) == 0 {
		return nil
	}
	for _, srv := range servers {
		p := srv.routes.Load().pages[e.path]
		if p == nil {
			continue
		}
		for _, other := range p.endpoints {
			if other == e || other.isAway() || other.instance == e.instance {
				continue
			}
			if cause := firstClash(other.families, families); cause != "" {
				return &ClashError{First: other.instance, Second: e.instance, Path: e.path, cause: cause}
			}
		}
	}
	return nil
}

func firstClash(first, second []Family) string {
	by := make(map[string][]Family)
	for _, f := range first {
		for _, name := range exposed(f.Name, f.Type) {
			by[name] = append(by[name], f)
		}
	}
	for _, f := range second {
		for _, name := range exposed(f.Name, f.Type) {
			for _, other := range by[name] {
				if cause := clash(other, f); cause != "" {
					return cause
				}
			}
		}
	}
	return ""
}

// Redefine replaces Options.Families, when the source is about to give others. A *ClashError says that another instance
// of the page stands against it; then they stay as they were.
func (e *Endpoint) Redefine(families []Family) error {
	e.table.mu.Lock()
	defer e.table.mu.Unlock()
	if err := e.checkFamilies(e.on, families); err != nil {
		return err
	}
	e.families = families
	return nil
}

// exposed returns the names that a family has on a page, in any format: its own, in OpenMetrics without _total, and
// those of its samples, as those see them who do not ask for UTF-8 names.
func exposed(name, kind string) []string {
	if !model.LegacyValidation.IsValidMetricName(name) {
		name = model.EscapeName(name, model.UnderscoreEscaping)
	}
	switch kind {
	case "counter":
		base := strings.TrimSuffix(name, "_total")
		names := []string{base, base + "_total", base + "_created"}
		if name == base {
			return names
		}
		return append(names, name)
	case "histogram":
		return []string{name, name + "_bucket", name + "_sum", name + "_count", name + "_created"}
	case "summary":
		return []string{name, name + "_sum", name + "_count", name + "_created"}
	}
	return []string{name}
}

// distinct leaves out families of which a family of an earlier source, with another name, keeps the page from having
// both. Those of one name are left to merge. The sources are not changed.
func distinct(sources [][]*dto.MetricFamily, lost *losses) [][]*dto.MetricFamily {
	if len(sources) < 2 {
		return sources
	}
	owners := make(map[string]string) // the family that has a name on the page
	kept := make([][]*dto.MetricFamily, len(sources))
	for i, families := range sources {
		taken := func(f *dto.MetricFamily) bool { return isTaken(owners, f) }
		if kept[i] = families; slices.ContainsFunc(families, taken) {
			kept[i] = slices.DeleteFunc(slices.Clone(families), taken)
			for _, f := range families {
				if taken(f) {
					lost.names = append(lost.names, f.GetName())
				}
			}
		}
		for _, f := range kept[i] {
			for _, name := range exposed(f.GetName(), kindOf(f)) {
				if _, known := owners[name]; !known {
					owners[name] = f.GetName()
				}
			}
		}
	}
	return kept
}

func isTaken(owners map[string]string, f *dto.MetricFamily) bool {
	if isEmpty(f) {
		return false
	}
	return slices.ContainsFunc(exposed(f.GetName(), kindOf(f)), func(name string) bool {
		owner, known := owners[name]
		return known && owner != f.GetName()
	})
}

func kindOf(f *dto.MetricFamily) string { return strings.ToLower(f.GetType().String()) }
