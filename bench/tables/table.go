package main

import (
	"fmt"
	"strings"
)

const ours = "promexporter"

// table is one group, by one unit.
type table struct {
	name  string // of the benchmark
	title string
	unit  string
	show  func(v float64) string
	by    []string // the columns; empty ones are left out
}

const (
	floor    = "floor"
	msgpSkip = "msgp.Skip"
	vectors  = "fluent-bit-go+client_golang"
	decoder  = "fluent-bit-go"
	registry = "client_golang"
	victoria = "VictoriaMetrics"
	library  = "prometheus" // its procfs
	gopsutil = "gopsutil"
	msgpack5 = "vmihailenco" // its msgpack
	ugorji   = "ugorji"      // its codec
)

var tables = []table{
	{"Read", "Reading the fields of a record", "cpu-ns/record", nanoseconds, []string{ours, floor, msgpSkip, decoder}},
	{"Path", "From the chunk to the series, per record", "cpu-ns/record", nanoseconds, []string{ours, floor, msgpSkip, vectors}},
	{"Path", "Heap allocations of this path, per chunk", "allocs/op", whole, []string{ours, floor, msgpSkip, vectors}},
	{"Metrics", "Metrics events from the chunk to the series, per point", "cpu-ns/record", nanoseconds, []string{ours, msgpack5, ugorji}},
	{"Metrics", "Heap allocations of this path, per chunk", "allocs/op", whole, []string{ours, msgpack5, ugorji}},
	{"Scrape", "One scrape", "cpu-ns/op", nanoseconds, []string{ours, registry, victoria, "bytes"}},
	{"Heap", "Heap per series, never scraped", "B/series", bytesOf, []string{ours, registry, victoria}},
	{"Heap", "Heap per series, between two scrapes", "scraped-B/series", bytesOf, []string{ours, registry, victoria}},
	{"SlowScrapers", "Heap of slow scrapers", "MiB", mebibytes, []string{ours, registry}},
	{"Latency", "A flush of 2 MB, median", "p50-ms", milliseconds, []string{ours, vectors}},
	{"Latency", "A flush of 2 MB, 99 of 100", "p99-ms", milliseconds, []string{ours, vectors}},
	{"Latency", "A flush of 2 MB, the longest", "max-ms", milliseconds, []string{ours, vectors}},
	{"Boundary", "Fixed cost of a chunk", "cpu-ns/call", nanoseconds, []string{ours, "C", "sync.Mutex"}},
	{"Workers", "Flushing threads", "ns/record", nanoseconds, []string{ours, floor}},
	{"Rules", "Rules, per record", "cpu-ns/record", nanoseconds, []string{ours, floor, msgpSkip, vectors}},
	{"Series", "Series, per record", "cpu-ns/record", nanoseconds, []string{ours, floor, msgpSkip, vectors}},
	{"Round", "A round over /proc", "ns/op", nanoseconds, []string{ours, library, gopsutil}},
	{"Record", "A thousand records of processes", "ns/op", nanoseconds, []string{ours, decoder}},
}

// write prints a table, or nothing if nothing was measured.
func (t *table) write(to *strings.Builder, r *results) {
	g := r.groups[t.name]
	if g == nil {
		return
	}
	var columns []string
	for _, by := range t.by {
		for _, row := range g.rows {
			if _, ok := row.by[by].median(t.unit); ok {
				columns = append(columns, by)
				break
			}
		}
	}
	if len(columns) == 0 {
		return
	}
	fmt.Fprintf(to, "**%s**\n\n| | %s |\n|---|%s\n", t.title, strings.Join(columns, " | "), strings.Repeat("---:|", len(columns)))
	for _, row := range g.rows {
		fmt.Fprintf(to, "| %s |", row.work)
		for _, by := range columns {
			fmt.Fprintf(to, " %s |", t.cell(row, by))
		}
		to.WriteByte('\n')
	}
	to.WriteByte('\n')
}

// cell returns a value and its ratio to ours.
func (t *table) cell(row *row, by string) string {
	v, ok := row.by[by].median(t.unit)
	if !ok {
		return ""
	}
	mine, ok := row.by[ours].median(t.unit)
	if by == ours || !ok || mine <= 0 || v <= 0 {
		return t.show(v)
	}
	return fmt.Sprintf("%s (%s×)", t.show(v), three(v/mine))
}

// three is v with three digits at least.
func three(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func nanoseconds(v float64) string {
	switch {
	case v < 1e4:
		return three(v) + " ns"
	case v < 1e6:
		return three(v/1e3) + " µs"
	}
	return three(v/1e6) + " ms"
}

func milliseconds(v float64) string { return three(v) + " ms" }
func mebibytes(v float64) string    { return three(v) + " MiB" }
func bytesOf(v float64) string      { return fmt.Sprintf("%.0f B", v) }
func whole(v float64) string        { return fmt.Sprintf("%.0f", v) }
