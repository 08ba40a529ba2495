package e2e

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestOnePage has what logs say and what inputs of all kinds measure on one page. A real Prometheus scrapes it. Scalars
// are equal to those on the page of the output prometheus_exporter, and the rest is equal to what was sent.
func TestOnePage(t *testing.T) {
	inputs(t, "node_exporter_metrics", "fluentbit_metrics", "statsd", "opentelemetry", "prometheus_exporter")
	if !takesMetrics(t) {
		t.Skip("this version hands no metrics to Go plugins")
	}
	program := required(t, "prometheus")
	otlpAddress, statsdAddress, other := freePort(t), freePort(t), freePort(t)
	a := start(t, "", withPlugin(append(onePageInputs(otlpAddress, statsdAddress),
		"-o", "promexporter", "-m", "*", "-p", anyPort, "-p", "rules_file="+onePageRules(t),
		"-o", "prometheus_exporter", "-m", "*", "-p", "host="+hostOf(other), "-p", "port="+portOf(other))...)...)
	address := a.url(0)
	for range 2 {
		postOTLP(t, otlpAddress, otlp(time.Now()))
	}
	for _, packet := range []string{"fuel:12.5|g", "clicks:2|c", "clicks:3|c"} {
		sendStatsd(t, statsdAddress, packet)
	}

	page := a.page(address, "not all arrived", func(page string) bool {
		return value(page, `jobs_total{job="shop/cart"}`) == "4" && value(page, "fuel") == "12.5" &&
			value(page, "clicks_total") == "5" && value(page, `ok{tag="app"}`) == "1" &&
			strings.Contains(page, "\nnode_uname_info{") && strings.Contains(page, "\nfluentbit_uptime{")
	})
	readable(t, page)
	if one, two := value(page, `took_bucket{job="shop/cart",le="1"}`), value(page, `took_bucket{job="shop/cart",le="2"}`); atLeast(t, 5, 0) && (one != "2" || two != "9") {
		t.Errorf("the classic buckets of the exponential histogram count %q and %q", one, two)
	}
	theirs := prometheusExporter(t, "http://"+other+"/metrics", "node_memory_MemTotal_bytes")
	for _, name := range []string{"node_memory_MemTotal_bytes", "node_memory_SwapTotal_bytes", "node_filesystem_readonly"} {
		if got, want := numbers(t, page, name), numbers(t, theirs, name); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
			t.Errorf("%s is %v, and %v on the page of prometheus_exporter", name, got, want)
		}
	}
	onPrometheus(t, program, address)
	a.stop()
}

// onePageInputs are arguments for inputs of all kinds.
func onePageInputs(otlpAddress, statsdAddress string) []string {
	return append(dummy("app", `{"ok":true}`),
		"-i", "node_exporter_metrics", "-t", "node", "-p", "scrape_interval=1",
		"-i", "fluentbit_metrics", "-t", "agent", "-p", "scrape_interval=1",
		"-i", "opentelemetry", "-t", "otlp", "-p", "listen="+hostOf(otlpAddress), "-p", "port="+portOf(otlpAddress),
		"-i", "statsd", "-t", "statsd", "-p", "listen="+hostOf(statsdAddress), "-p", "port="+portOf(statsdAddress), "-p", "metrics=on")
}

// onePageRules returns the path of rules/statsd.yaml with the default rules and classic buckets for a histogram.
func onePageRules(t *testing.T) string {
	t.Helper()
	rules, err := os.ReadFile("../rules/statsd.yaml")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "rules.yaml")
	rules = fmt.Appendf(nil, "defaults: true\n%s\n- {metric: took, buckets: [1, 2]}\n", rules)
	if err := os.WriteFile(path, rules, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func hostOf(address string) string { host, _, _ := strings.Cut(address, ":"); return host }

func portOf(address string) string { _, port, _ := strings.Cut(address, ":"); return port }

func sendStatsd(t *testing.T, address, line string) {
	t.Helper()
	c, err := net.Dial("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprint(c, line); err != nil {
		t.Fatal(err)
	}
}

// numbers returns the values of all series of a family, without timestamps.
func numbers(t *testing.T, page, name string) (all []float64) {
	t.Helper()
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, name); ok && (rest[0] == '{' || rest[0] == ' ') {
			text, _, _ := strings.Cut(strings.TrimSpace(rest[strings.LastIndexByte(rest, '}')+1:]), " ")
			number, err := strconv.ParseFloat(text, 64)
			if err != nil {
				t.Error(err)
			}
			all = append(all, number)
		}
	}
	return all
}

// onPrometheus holds what Prometheus has of a page with the metrics of otlp, sent twice.
func onPrometheus(t *testing.T, program, page string) {
	t.Helper()
	target, err := url.Parse(page)
	if err != nil {
		t.Fatal(err)
	}
	api := startPrometheus(t, program, fmt.Sprintf("  honor_labels: true\n  static_configs: [{targets: ['%s']}]\n", target.Host))
	latency := "latency_seconds"
	want := map[string]string{
		`ok{tag="app"}`: "1", `fuel`: "12.5", `clicks_total`: "5", `up{job="promexporter"}`: "1",
		`count(node_uname_info)`: "1", `count(fluentbit_uptime)`: "1",
		`queue_length{job="shop/cart"}`: "-3.5", `jobs_total{job="shop/cart"}`: "4", `orders_total{job="shop/cart"}`: "42",
		`batch_size_count`: "12", `batch_size_bucket{le="1.0"} or batch_size_bucket{le="1"}`: "6",
		`payload{quantile="0.9"}`: "9", `payload_count`: "10", `payload_sum`: "55",
	}
	if atLeast(t, 5, 0) {
		want["histogram_count(took)"], want["histogram_sum(took)"] = "9", "20"
	} else {
		latency = "latency" // has no unit there, and exponential histograms are lost in the input
	}
	if !atLeast(t, 5, 1) {
		want["batch_size_count"] = "6" // does not say that a histogram is an increment
		delete(want, `batch_size_bucket{le="1.0"} or batch_size_bucket{le="1"}`)
	}
	want[latency+`_bucket{le="0.1"}`], want[latency+`_bucket{le="+Inf"}`], want[latency+"_sum"] = "1", "6", "12.5"
	for query, want := range want {
		until(t, query+" is not "+want, func() bool { return ask(t, api, query) == want })
	}
	if !atLeast(t, 5, 0) {
		return // the input leaves exemplars out
	}
	for _, series := range []string{latency + "_bucket", "batch_size_bucket", "orders_total"} {
		until(t, series+" has no exemplar", func() bool {
			all := exemplars(t, api, series)
			return len(all) > 0 && all[0].Labels["trace_id"] == traceID
		})
	}
}
