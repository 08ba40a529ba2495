package exporter

import (
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// Desc describes one self-metric.
type Desc struct {
	Name   string
	Type   string // "counter", "gauge" or "histogram"
	Help   string
	Labels []string // sorted
}

// SelfMetrics describes the metrics that every server shows about itself, sorted by name. It excludes those of the Go
// runtime, which depend on the version of Go.
func SelfMetrics() []Desc {
	m := newSelfMetrics("")
	m.addPath("/metrics")
	m.addInstance("promexporter.0")
	families, err := m.registry.Gather()
	if err != nil {
		return nil
	}
	var descs []Desc
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "promexporter_") {
			descs = append(descs, describe(f))
		}
	}
	return descs
}

func describe(f *dto.MetricFamily) Desc {
	d := Desc{Name: f.GetName(), Type: strings.ToLower(f.GetType().String()), Help: f.GetHelp()}
	for _, l := range f.GetMetric()[0].GetLabel() {
		d.Labels = append(d.Labels, l.GetName())
	}
	slices.Sort(d.Labels)
	return d
}

// Count returns the number of servers.
func (s *Servers) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byAddress)
}

// BreakListeners closes the listeners behind the back of the servers.
func (s *Servers) BreakListeners() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, srv := range s.byAddress {
		_ = srv.listener.Load().Close()
	}
}
