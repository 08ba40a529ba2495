package exporter_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/metric"
)

// counter is a family of one counter without labels.
func counter(name string, count float64) *dto.MetricFamily {
	return &dto.MetricFamily{
		Name: new(name), Help: new("A count."), Type: dto.MetricType_COUNTER.Enum(),
		Metric: []*dto.Metric{{Counter: &dto.Counter{Value: new(count)}}},
	}
}

// Equal series of two instances are added, in every format.
func TestSectionsAddUp(t *testing.T) {
	e := openAll(t,
		exporter.Options{Source: families(counter("a_total", 2), gauge("b", "B.", map[string]float64{"": 2}, ""))},
		exporter.Options{Source: families(counter("a_total", 3), gauge("b", "B.", map[string]float64{"": 3}, ""))},
	)[0]
	for i, accept := range []string{
		"", acceptOpen, "application/openmetrics-text;version=0.0.1", acceptPrometheus, acceptProtobuf,
	} {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			page := asText(t, ask(t, e, "GET", "/metrics", "Accept", accept, "Accept-Encoding", encoding))
			if got := strings.TrimSuffix(value(page, "a_total"), ".0"); got != "5" || strings.Count(page, "\na_total ") != 1 {
				t.Errorf("%q, %q: a_total %s, want 5\n%s", accept, encoding, got, foreign(page))
			}
			dropped := value(page, `promexporter_scrape_series_dropped_total{path="/metrics",reason="duplicate"}`)
			if want := fmt.Sprint(3 * i); encoding == "" && strings.TrimSuffix(dropped, ".0") != want {
				t.Errorf("%q: %s gauges are counted as left out, want %s", accept, dropped, want)
			}
		}
	}
}

// A page stays valid if the families of instances conflict.
func TestConflictingFamiliesOnAPage(t *testing.T) {
	e := openAll(t, exporter.Options{Source: families(up("x", "1"))},
		exporter.Options{Source: families(counter("x_total", 2), up("y", "3"))},
		exporter.Options{Source: families(up("go_goroutines", "1"), counter("promexporter_build_info_total", 1))})[0]
	for n := range 3 {
		page := ask(t, e, "GET", "/metrics", "Accept", acceptOpen).Body.String()
		checkOpenMetrics(t, page)
		if strings.Contains(page, "x_total") || strings.Contains(page, "build_info_total") || value(page, `y{l="3"}`) == "" ||
			value(page, `go_goroutines{l="1"}`) == "" {
			t.Errorf("got\n%s", page)
		}
		const dropped = `promexporter_scrape_families_dropped_total{path="/metrics",reason="name"}`
		if got := strings.TrimSuffix(value(page, dropped), ".0"); got != fmt.Sprint(2*n) {
			t.Errorf("page %d: %s families are counted", n, got)
		}
	}
}

// An instance that defines a family differently than another one is not opened, unless it has its own page or the other
// one is closed.
func TestConflictIsRefused(t *testing.T) {
	define := func(name string, kind metric.Type) []exporter.Definition {
		return []exporter.Definition{{Name: name, Type: kind}}
	}
	isClash := func(err error) bool { return errors.As(err, new(*exporter.ConflictError)) }
	var servers exporter.Servers
	first := open(t, &servers, exporter.Options{Definitions: define("a_total", metric.Counter)})
	o := withDefaults(exporter.Options{
		Addresses: addresses(at(first)), Instance: "promexporter.1", Definitions: define("a", metric.Gauge), ListenLater: true,
	})
	_, err := servers.Open(o)
	const want = "promexporter.0 and promexporter.1 share the page /metrics, and the counter a_total in the first and " +
		"the gauge a in the second both have samples or a family named a; define it the same in both, or give one of " +
		"them another metrics_path"
	if !isClash(err) || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	o.Path = "/other"
	apart := open(t, &servers, o)
	if err := apart.Redefine(define("a_total", metric.Counter)); err != nil {
		t.Error(err)
	}
	apart.Close()
	o.Path, o.Definitions = "/metrics", define("a_total", metric.Counter)
	second := open(t, &servers, o)
	if err := second.Redefine(define("a_total", metric.Gauge)); !isClash(err) {
		t.Errorf("redefined: %v", err)
	}
	if err := first.Suspend(); err != nil { // what it will be is not known yet
		t.Error(err)
	}
	if err := second.Redefine(define("a_total", metric.Gauge)); err != nil {
		t.Error(err)
	}
	if err := first.Resume(withDefaults(exporter.Options{
		Addresses: addresses(at(first)), Definitions: define("a_total", metric.Counter),
	})); !isClash(err) {
		t.Errorf("resumed: %v", err)
	}
	second.Close()
	if err := first.Redefine(define("a_total", metric.Counter)); err != nil {
		t.Error(err)
	}
}

// Instances with definitions from the same file may follow its changes one after the other. Definitions from another
// file conflict.
func TestSharedDefinitionsChangeInTurn(t *testing.T) {
	of := func(file string, kind metric.Type) []exporter.Definition {
		return []exporter.Definition{{Name: "a", Type: kind, Origin: file}}
	}
	o := exporter.Options{Definitions: of("shared", metric.Gauge)}
	all := openAll(t, o, o)
	for _, e := range all {
		if err := e.Redefine(of("shared", metric.Counter)); err != nil {
			t.Error(err)
		}
	}
	if err := all[1].Redefine(of("own", metric.Gauge)); !errors.As(err, new(*exporter.ConflictError)) {
		t.Errorf("of another file: %v", err)
	}
	all[1].Close()
	if err := all[0].Redefine(of("", metric.Gauge)); err != nil {
		t.Error(err)
	}
}
