package baseline

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/fluent/fluent-bit-go/output"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/promexporter/promexporter/bench/workload"
)

// Decode reads every record of a chunk with fluent-bit-go and returns how many there are.
func Decode(chunk []byte, each func(record map[any]any)) (n int) {
	decoder := output.NewDecoder(unsafe.Pointer(unsafe.SliceData(chunk)), len(chunk))
	for {
		status, _, record := output.GetRecord(decoder)
		if status != 0 {
			return n
		}
		n++
		each(record)
	}
}

// Plugin applies chunks like the examples of fluent-bit-go and client_golang.
type Plugin struct {
	Registry *prometheus.Registry
	rules    []rule
	cpu      *prometheus.GaugeVec // for the default rules
}

type rule struct {
	workload.Metric
	counter   *prometheus.CounterVec
	histogram *prometheus.HistogramVec
	values    []string
}

// NewPlugin returns a plugin for the metrics of l, or for those of the cpu input when it has none.
func NewPlugin(l *workload.Load) *Plugin {
	p := &Plugin{Registry: prometheus.NewRegistry()}
	if l.Metrics == nil {
		p.cpu = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "cpu", Help: "Collect CPU usage"}, []string{"cpu", "mode"})
		p.Registry.MustRegister(p.cpu)
	}
	for _, m := range l.Metrics {
		p.rules = append(p.rules, p.rule(m))
	}
	return p
}

func (p *Plugin) rule(m workload.Metric) rule {
	r := rule{Metric: m, values: make([]string, len(m.Labels))}
	var names []string
	for _, l := range m.Labels {
		names = append(names, l.Name)
	}
	if m.Buckets == nil {
		r.counter = prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.Name, Help: "Lines."}, names)
		p.Registry.MustRegister(r.counter)
	} else {
		r.histogram = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.Name, Help: "Lines.", Buckets: m.Buckets}, names)
		p.Registry.MustRegister(r.histogram)
	}
	return r
}

// Flush applies a chunk and returns how many records it has.
func (p *Plugin) Flush(chunk []byte) int {
	return Decode(chunk, func(record map[any]any) {
		if p.cpu != nil {
			p.gauges(record)
		}
		for i := range p.rules {
			p.rules[i].apply(record)
		}
	})
}

func (r *rule) apply(record map[any]any) {
	if r.Where != nil && text(field(record, r.Where.Path)) != r.Where.Text {
		return
	}
	for i := range r.Labels {
		r.values[i] = text(field(record, r.Labels[i].Path))
	}
	if r.histogram == nil {
		r.counter.WithLabelValues(r.values...).Inc()
		return
	}
	if v, ok := number(field(record, r.Value)); ok {
		r.histogram.WithLabelValues(r.values...).Observe(v)
	}
}

// gauges does what the default rules do with the records of the cpu input.
func (p *Plugin) gauges(record map[any]any) {
	for key, value := range record {
		v, ok := number(value)
		if !ok {
			continue
		}
		core, mode, found := strings.Cut(text(key), ".")
		if !found {
			core, mode = "ALL", core
		}
		p.cpu.WithLabelValues(core, mode).Set(v)
	}
}

func field(record map[any]any, path []string) any {
	for _, key := range path[:len(path)-1] {
		record, _ = record[key].(map[any]any)
	}
	return record[path[len(path)-1]]
}

// text returns a value as the value of a label. The decoder returns texts as bytes.
func text(v any) string {
	switch v := v.(type) {
	case []byte:
		return string(v)
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case uint64:
		return strconv.FormatUint(v, 10)
	}
	return fmt.Sprint(v)
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}
