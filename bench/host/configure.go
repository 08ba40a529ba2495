package main

import (
	"fmt"
	"strings"

	"github.com/promexporter/promexporter/bench/workload"
)

// kind is what a Fluent Bit does with the lines in addition to passing them to out_null.
type kind int

const (
	nothing kind = iota
	ours
	logToMetrics
	kinds
)

var names = [kinds]string{
	"out_null",
	"out_null + promexporter",
	"log_to_metrics, twice + out_null + prometheus_exporter",
}

// ports are the ports on 127.0.0.1 of a run: those of Fluent Bit's own server and of the page with the metrics.
type ports struct{ server, page int }

// configuration returns the file that Fluent Bit is started with.
func (h *host) configuration(k kind, p ports) string {
	var b strings.Builder
	fmt.Fprintf(&b, `service:
  flush: 1
  grace: 1
  log_level: warn
  http_server: on
  http_listen: 127.0.0.1
  http_port: %d
parsers:
  - {name: access, format: json}
plugins:
  - %s
pipeline:
  inputs:
    - {name: tail, path: %s, tag: %s, parser: access, read_from_head: on}
`, p.server, h.plugin, h.path("access.json"), h.load.Tag)
	if k == logToMetrics {
		b.WriteString("  filters:\n")
		for i := range h.load.Metrics {
			b.WriteString(filter(&h.load.Metrics[i], h.load.Tag))
		}
	}
	fmt.Fprintf(&b, "  outputs:\n    - {name: 'null', match: %s}\n", h.load.Tag)
	switch k {
	case ours:
		fmt.Fprintf(&b, "    - {name: promexporter, match: %s, listen_address: '127.0.0.1:%d', rules_file: %s}\n",
			h.load.Tag, p.page, h.path("rules.yaml"))
	case logToMetrics:
		fmt.Fprintf(&b, "    - {name: prometheus_exporter, match: metrics, host: 127.0.0.1, port: %d}\n", p.page)
	}
	return b.String()
}

// filter returns the configuration of a metric of log_to_metrics. Without an interval, the filter would pass on all
// series at every record, at many times the cost.
func filter(m *workload.Metric, match string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `    - name: log_to_metrics
      match: %s
      tag: metrics
      flush_interval_sec: 1
      metric_name: %s
      metric_description: Lines.
`, match, m.Name)
	if m.Buckets == nil {
		b.WriteString("      metric_mode: counter\n")
	} else {
		fmt.Fprintf(&b, "      metric_mode: histogram\n      value_field: %s\n      bucket:\n", accessor(m.Value))
		for _, bound := range m.Buckets {
			fmt.Fprintf(&b, "        - '%g'\n", bound)
		}
	}
	b.WriteString("      add_label:\n")
	for _, l := range m.Labels {
		fmt.Fprintf(&b, "        - %s %s\n", l.Name, accessor(l.Path))
	}
	return b.String()
}

// accessor returns a path as a record accessor of Fluent Bit.
func accessor(path []string) string {
	a := "$" + path[0]
	for _, key := range path[1:] {
		a += "['" + key + "']"
	}
	return a
}
