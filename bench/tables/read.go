package main

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// results are what benchmarks have measured.
type results struct {
	machine string // goos, goarch and cpu
	groups  map[string]*group
}

// group is a benchmark with its sub-benchmarks.
type group struct {
	rows []*row // in the order in which they ran
}

// row is a piece of work.
type row struct {
	work string           // load=access, records=50
	by   map[string]sizes // the subject
}

// sizes are what was measured, by unit, once per run.
type sizes map[string][]float64

// read takes the lines of go test -bench.
func read(from io.Reader) (*results, error) {
	r := &results{groups: make(map[string]*group)}
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		for _, key := range []string{"goos", "goarch", "cpu"} {
			if v, ok := strings.CutPrefix(line, key+": "); ok && !strings.Contains(r.machine, v) {
				r.machine = strings.TrimSpace(r.machine + " " + v)
			}
		}
		if strings.HasPrefix(line, "Benchmark") {
			if err := r.add(line); err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
		}
	}
	return r, lines.Err()
}

// add takes BenchmarkPath/load=access/by=promexporter-2 100 12.3 ns/op 45 other-unit.
func (r *results) add(line string) error {
	fields := strings.Fields(line)
	if len(fields) < 4 || len(fields)%2 != 0 {
		return nil // the name of a benchmark that fails
	}
	name := strings.TrimPrefix(fields[0], "Benchmark")
	name = strings.TrimSuffix(name, lastDash(name))
	parts := strings.Split(name, "/")
	by, work := "promexporter", []string{}
	for _, part := range parts[1:] {
		if who, ok := strings.CutPrefix(part, "by="); ok {
			by = who
		} else {
			work = append(work, part)
		}
	}
	if r.groups[parts[0]] == nil {
		r.groups[parts[0]] = &group{}
	}
	measured := r.groups[parts[0]].row(strings.Join(work, ", ")).of(by)
	for i := 2; i < len(fields); i += 2 {
		v, err := strconv.ParseFloat(fields[i], 64)
		if err != nil {
			return err
		}
		measured[fields[i+1]] = append(measured[fields[i+1]], v)
	}
	return nil
}

// lastDash is the number of processors after a name, with its dash.
func lastDash(name string) string {
	i := strings.LastIndexByte(name, '-')
	if i < 0 {
		return ""
	}
	if _, err := strconv.Atoi(name[i+1:]); err != nil {
		return ""
	}
	return name[i:]
}

func (g *group) row(work string) *row {
	for _, r := range g.rows {
		if r.work == work {
			return r
		}
	}
	r := &row{work: work, by: make(map[string]sizes)}
	g.rows = append(g.rows, r)
	return r
}

func (r *row) of(by string) sizes {
	if r.by[by] == nil {
		r.by[by] = make(sizes)
	}
	return r.by[by]
}

// median of what was measured of a unit, and whether anything was.
func (s sizes) median(unit string) (float64, bool) {
	all := slices.Sorted(slices.Values(s[unit]))
	if len(all) == 0 {
		return 0, false
	}
	return (all[(len(all)-1)/2] + all[len(all)/2]) / 2, true
}

// at returns what by has measured of unit for work.
func (r *results) at(name, work, by, unit string) (float64, bool) {
	if r.groups[name] == nil {
		return 0, false
	}
	for _, row := range r.groups[name].rows {
		if row.work == work {
			return row.by[by].median(unit)
		}
	}
	return 0, false
}
