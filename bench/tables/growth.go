package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// mostGrowth is the maximum cost of a unit, relative to that in the step before.
const mostGrowth = 1.5

// step is one size of some work.
type step struct {
	what, unit string
	n          int
	cost       float64 // of a unit, in nanoseconds
	allocs     float64 // of the portion; less than 0: not measured
	ratio      float64 // to the cost in the step before, 0: it is the first
}

// steps are the portions of BenchmarkGrowth in the order in which they ran. The best run of each counts, because other
// load of the machine only makes runs longer.
func steps(r *results) []step {
	g := r.groups["Growth"]
	if g == nil {
		return nil
	}
	var all []step
	for _, row := range g.rows {
		s := step{allocs: -1}
		for _, part := range strings.Split(row.work, ", ") {
			key, value, _ := strings.Cut(part, "=")
			switch value = strings.ReplaceAll(value, "_", " "); key {
			case "what":
				s.what = value
			case "unit":
				s.unit = value
			case "n":
				s.n, _ = strconv.Atoi(value)
			}
		}
		s.cost = row.by[ours].best("cpu-ns/unit")
		if n, ok := row.by[ours].median("allocs/op"); ok {
			s.allocs = n
		}
		if last := len(all) - 1; last >= 0 && all[last].what == s.what {
			s.ratio = s.cost / all[last].cost
		}
		all = append(all, s)
	}
	return all
}

// best returns the lowest measurement of a unit.
func (s sizes) best(unit string) float64 {
	if len(s[unit]) == 0 {
		return 0
	}
	return slices.Min(s[unit])
}

// writeGrowth prints the cost of a unit in each step.
func writeGrowth(to *strings.Builder, r *results) {
	all := steps(r)
	if len(all) == 0 {
		return
	}
	to.WriteString("| What grows | n | Cost | per | of the step before | Allocations |\n|---|---:|---:|---|---:|---:|\n")
	for _, s := range all {
		ratio, allocs := "", ""
		if s.ratio > 0 {
			ratio = times(s.ratio)
		}
		if s.allocs >= 0 {
			allocs = whole(s.allocs)
		}
		fmt.Fprintf(to, "| %s | %d | %s | %s | %s | %s |\n", s.what, s.n, nanoseconds(s.cost), s.unit, ratio, allocs)
	}
	to.WriteByte('\n')
}

// cliffs returns an error that lists the steps in which the cost of a unit jumps.
func cliffs(r *results) error {
	var found []string
	for _, s := range steps(r) {
		if s.ratio > mostGrowth {
			found = append(found, fmt.Sprintf("%s: with %d a %s costs %s the step before; at most %s is allowed",
				s.what, s.n, s.unit, times(s.ratio), times(mostGrowth)))
		}
	}
	if len(found) == 0 {
		return nil
	}
	return fmt.Errorf("cost jumps:\n%s", strings.Join(found, "\n"))
}
