package exporter

import (
	"fmt"
	"slices"
	"strings"

	"github.com/promexporter/promexporter/internal/exposition"
)

// Family is the definition of a metric family that a source is known to give.
type Family struct {
	Name   string
	Type   string // counter, gauge, histogram or summary
	Help   string // without one, that of another instance stands for both
	Unit   string
	Labels []string // sorted names
	Shape  string   // buckets or quantiles, as text that is equal for equal ones
	// Origin is where the definition stands, such as a file, or empty. When it changes there, it changes for all
	// instances that have it from there, one after the other.
	Origin string
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
func clash(a, b *Family) string {
	if a.Name == b.Name {
		return difference(a, b)
	}
	others := exposition.Names(b.Name, b.Type)
	for _, name := range exposition.Names(a.Name, a.Type) {
		if slices.Contains(others, name) {
			return fmt.Sprintf("the %s %s in the first and the %s %s in the second both have samples or a family named %s",
				a.Type, a.Name, b.Type, b.Name, name)
		}
	}
	return ""
}

// difference returns how two definitions of one name differ, or nothing.
func difference(a, b *Family) string {
	first, second := "", ""
	switch {
	case a.Type != b.Type:
		first, second = "the type "+a.Type, b.Type
	case a.Unit != b.Unit:
		first, second = "the unit "+orNone(a.Unit), orNone(b.Unit)
	case !slices.Equal(a.Labels, b.Labels):
		first, second = "the labels "+orNone(strings.Join(a.Labels, ", ")), orNone(strings.Join(b.Labels, ", "))
	case a.Shape != b.Shape:
		first, second = a.Shape, b.Shape
	case a.Help != b.Help && a.Help != "" && b.Help != "":
		first, second = fmt.Sprintf("the help %q", a.Help), fmt.Sprintf("%q", b.Help)
	default:
		return ""
	}
	return fmt.Sprintf("%s has %s in the first and %s in the second", a.Name, first, second)
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// checkFamilies returns a *ClashError if families cannot be on the pages of the servers with what is there of others.
// Those whose definition stands where that of one in the way does are not compared if follow is set.
func (e *Endpoint) checkFamilies(servers []*server, families []Family, follow bool) error {
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
			if cause := firstClash(other.families, families, follow); cause != "" {
				return &ClashError{First: other.instance, Second: e.instance, Path: e.path, cause: cause}
			}
		}
	}
	return nil
}

func firstClash(first, second []Family, follow bool) string {
	by := make(map[string][]*Family)
	for i := range first {
		f := &first[i]
		for _, name := range exposition.Names(f.Name, f.Type) {
			by[name] = append(by[name], f)
		}
	}
	for i := range second {
		f := &second[i]
		for _, name := range exposition.Names(f.Name, f.Type) {
			for _, other := range by[name] {
				if follow && f.Origin != "" && f.Origin == other.Origin {
					continue
				}
				if cause := clash(other, f); cause != "" {
					return cause
				}
			}
		}
	}
	return ""
}

// Redefine replaces Options.Families, when the source is about to give others. A *ClashError says that another instance
// of the page stands against it; then they stay as they were. An instance that has its definition of the same origin is
// expected to follow, and stands against nothing of it.
func (e *Endpoint) Redefine(families []Family) error {
	e.table.mu.Lock()
	defer e.table.mu.Unlock()
	if err := e.checkFamilies(e.on, families, true); err != nil {
		return err
	}
	e.families = families
	return nil
}
