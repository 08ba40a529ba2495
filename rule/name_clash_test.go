package rule_test

import (
	"fmt"
	"hash/fnv"
	"slices"
	"testing"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/metric"
	"github.com/promexporter/promexporter/rule"
)

// oddNames are names of fields and the names of metrics that they become.
var oddNames = []struct{ field, name string }{
	{"_", "_"}, {"", "_"}, {"__", "__"}, {"a b", "a_b"}, {"a_b", "a_b"}, {"a-b", "a_b"}, {"1a", "_1a"}, {"_1a", "_1a"},
	{"λ", "λ"}, {"μ", "μ"}, {"温度", "温度"}, {"λ a", "λ_a"}, {"_ a", "__a"},
}

// TestOddNames holds that of each two fields, none is lost because scrapers see its name as that of the other: in one
// record, in two, and with a reload between the two. Only fields of equal names collide.
func TestOddNames(t *testing.T) {
	counters := parse(t, `{metrics: [{name: '${field}', type: counter, help: F., fields: '^', value: {}}]}`)
	for kind, rules := range map[string]*config.Rules{"gauges": defaults(t), "counters": counters} {
		for i, a := range oddNames {
			for j, b := range oddNames {
				if i == j {
					continue
				}
				families := 2
				if a.name == b.name {
					families = 1
				}
				t.Run(fmt.Sprintf("%s %q %q", kind, a.field, b.field), func(t *testing.T) {
					first, second := fmt.Sprintf("{%q:1", a.field), fmt.Sprintf("%q:2}", b.field)
					one := newRig(t, rule.Options{}, rules)
					one.feed("t", chunktest.Events(first+","+second))
					one.expectApart(families)

					two := newRig(t, rule.Options{}, rules)
					two.feed("t", chunktest.Events(first+"}\n{"+second))
					two.expectApart(families)

					reloaded := newRig(t, rule.Options{}, rules)
					reloaded.feed("t", chunktest.Events(first+"}"))
					reloaded.reload(rules)
					reloaded.feed("t", chunktest.Events("{"+second))
					reloaded.expectApart(families)
				})
			}
		}
	}
}

// TestAllOddNames holds the same for all these fields together.
func TestAllOddNames(t *testing.T) {
	r := newRig(t, rule.Options{}, defaults(t))
	distinct := make(map[string]bool)
	for range 2 {
		for _, odd := range oddNames {
			r.feed("t", chunktest.Events(fmt.Sprintf("{%q:1}", odd.field)))
			distinct[odd.name] = true
		}
	}
	r.expectApart(len(distinct))
}

// TestSuffixesClash holds that a suffix that makes a name differ does not make it another name that is taken.
func TestSuffixesClash(t *testing.T) {
	suffixed := func(name string) string {
		hash := fnv.New32a()
		hash.Write([]byte(name))
		return fmt.Sprintf("%s_%04x", name, hash.Sum32()&0xffff)
	}
	r := newRig(t, rule.Options{}, defaults(t))
	r.feed("t", chunktest.Events(fmt.Sprintf(`{%q:1,"λ":2,"μ":3}`, suffixed("_")[:1]+suffixed("μ")[len("μ"):])))
	r.expectApart(3)

	r = newRig(t, rule.Options{}, parse(t, `
metrics:
- {name: λ, type: gauge, help: Fixed., value: $none}
- {name: __value, type: gauge, help: Fixed., value: $none}
- {name: '${field}', type: gauge, help: F., fields: '^'}`))
	r.feed("t", chunktest.Events(`{"λ":1,"μ":2,"_":3,"__value":4}`))
	r.expectApart(4)
}

// expectApart checks that the page has that many families, that no two of them have a name in common in any format, and
// that no sample was lost to the name of another family.
func (r *rig) expectApart(want int) {
	r.t.Helper()
	families := r.gather()
	if len(families) != want {
		r.t.Errorf("%d families, want %d:\n%s", len(families), want, r.text())
	}
	var seen []string
	for _, f := range families {
		names := metric.Names(f.GetName(), collector.Gauge)
		if slices.ContainsFunc(names, func(name string) bool { return slices.Contains(seen, name) }) {
			r.t.Errorf("two families expose one of %q", names)
		}
		seen = append(seen, names...)
	}
	if n := r.collector.Stats().Dropped(collector.FamilyConflict); n > 0 {
		r.t.Errorf("%d samples are dropped as family_conflict", n)
	}
}

// reload applies rules as a reload does.
func (r *rig) reload(rules *config.Rules) {
	r.t.Helper()
	r.set = rule.Compile([]*config.Rules{rules}, rule.Options{FieldLimit: 1000})
	if err := r.collector.Retain(r.set.Families(), r.set.DerivedFamily); err != nil {
		r.t.Fatal(err)
	}
}
