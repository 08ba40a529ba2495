package main

import (
	"fmt"
	"strings"
)

// goal is a bound on a measured value.
type goal struct {
	text    string
	measure func(r *results) (v float64, ok bool)
	most    float64 // the bound
	show    func(v float64) string
}

const (
	accessWork = "load=access, records=2500"
	scrapeWork = "series=100000, format=text, coding=identity"
)

var goals = []goal{
	{"access log ≤ 2 × msgp.Skip", ratio("Path", accessWork, ours, msgpSkip, "cpu-ns/record"), 2, times},
	{"access log without an allocation per chunk", single("Path", accessWork, ours, "allocs/op"), 0, whole},
	{"access log ≤ 1/30 of fluent-bit-go with client_golang", ratio("Path", accessWork, ours, vectors, "cpu-ns/record"), 1. / 30, part},
	{"metrics events ≤ 1 µs per point, with histograms of 12 buckets", single("Metrics", "load=histograms", ours, "cpu-ns/record"), 1000, nanoseconds},
	{"the same without an allocation per chunk", single("Metrics", "load=histograms", ours, "allocs/op"), 0, whole},
	{"100,000 series as text ≤ 1/15 of client_golang's registry", ratio("Scrape", scrapeWork, ours, registry, "cpu-ns/op"), 1. / 15, part},
	{"100,000 series as text faster than VictoriaMetrics/metrics", ratio("Scrape", scrapeWork, ours, victoria, "cpu-ns/op"), 1, times},
	{"≤ 400 B of heap per series, between two scrapes", single("Heap", "series=100000", ours, "scraped-B/series"), 400, bytesOf},
	{"40 slow scrapers at once take ≤ 1.1 × the heap of 10", slowScrapers, 1.1, times},
	{"a 2 MB chunk ≤ 10 ms in 99 of 100 flushes, with a scrape each second",
		single("Latency", "scraper=each-second", ours, "p99-ms"), 10, milliseconds},
	{"the same with a slow scraper", single("Latency", "scraper=slow", ours, "p99-ms"), 10, milliseconds},
	{"a chunk of one record ≤ 20 ms in each flush, while a page of 300 MB is scraped continuously",
		single("LargePage", "scraper=without-pause", ours, "max-ms"), 20, milliseconds},
	{"these scrapes take ≤ 1.3 × the page in addition to the series", single("LargePage", "scraper=without-pause", ours, "memory/page"), 1.3, times},
}

func single(name, work, by, unit string) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) { return r.at(name, work, by, unit) }
}

func ratio(name, work, by, to, unit string) func(*results) (float64, bool) {
	return func(r *results) (float64, bool) {
		v, ok := r.at(name, work, by, unit)
		base, known := r.at(name, work, to, unit)
		return v / base, ok && known && base > 0
	}
}

func slowScrapers(r *results) (float64, bool) {
	few, ok := r.at("SlowScrapers", "scrapers=10", ours, "MiB")
	many, known := r.at("SlowScrapers", "scrapers=40", ours, "MiB")
	return many / few, ok && known && few > 0
}

func times(v float64) string { return fmt.Sprintf("%.2f ×", v) }

func part(v float64) string { return fmt.Sprintf("1/%.1f", 1/v) }

// writeGoals prints which goals are reached. It leaves out goals without a measurement.
func writeGoals(to *strings.Builder, r *results) {
	to.WriteString("| Goal | Measured | |\n|---|---:|---|\n")
	for _, g := range goals {
		v, ok := g.measure(r)
		if !ok {
			continue
		}
		fmt.Fprintf(to, "| %s | %s | %s |\n", g.text, g.show(v), g.verdict(v))
	}
	to.WriteByte('\n')
}

// verdict returns whether the goal is reached, or the ratio of v to the goal.
func (g *goal) verdict(v float64) string {
	switch {
	case v <= g.most:
		return "reached"
	case g.most == 0:
		return "**not reached**"
	}
	return fmt.Sprintf("**not reached**, %s ×", three(v/g.most))
}
