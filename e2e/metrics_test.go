package e2e

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/host"
)

// TestRefusedSignals: traces, and metrics in the layout of Fluent Bit 1.9, are refused with a line each.
func TestRefusedSignals(t *testing.T) {
	r := startHost(t, host.V51, somewhere)
	for name, reason := range map[string]string{
		"v5.1.1/traces_otlp.mp": "traces_chunk", "v1.9.10/encoder_counter_gauge_histogram.mp": "old_metrics",
	} {
		chunk, err := os.ReadFile(filepath.Join("..", "cmetrics", "testdata", "chunks", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		r.flush(0, "t", chunk, host.StatusError)
		expect(t, scrape(t, r.url(0)), map[string]string{
			fmt.Sprintf(`promexporter_records_failed_total{output="promexporter.0",reason=%q}`, reason): "1",
			fmt.Sprintf(`promexporter_bytes_failed_total{output="promexporter.0",reason=%q}`, reason):   fmt.Sprint(len(chunk)),
		})
	}
	r.stop()
}

// inputs skips the test unless the agent is a Fluent Bit that hands metrics to Go plugins and has these plugins.
func inputs(t *testing.T, plugins ...string) {
	t.Helper()
	path, real := program()
	if !real {
		t.Skip("the development host has no metrics inputs")
	}
	out, err := exec.Command(path, "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range plugins {
		if !strings.Contains(string(out), "\n  "+name+" ") && !strings.Contains(string(out), "\n  "+name+"\t") {
			t.Skipf("this Fluent Bit has no %s", name)
		}
	}
}

// takesMetrics reports whether the agent hands metrics to Go plugins: 4.2.3 and later.
func takesMetrics(t *testing.T) bool {
	t.Helper()
	path, _ := program()
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	patch := 0
	if fields := strings.Split(strings.TrimSpace(strings.SplitN(string(out), "\n", 2)[0]), "."); len(fields) > 2 {
		patch, _ = strconv.Atoi(fields[2])
	}
	return atLeast(t, 4, 3) || atLeast(t, 4, 2) && patch >= 3
}

// TestMetricsInputs has what a log says and what inputs measure on one page, equal to what the output
// prometheus_exporter serves.
func TestMetricsInputs(t *testing.T) {
	inputs(t, "node_exporter_metrics", "fluentbit_metrics", "prometheus_exporter")
	address := freePort(t)
	host, port, _ := strings.Cut(address, ":")
	args := append(dummy("app", `{"ok":true}`), "-i", "node_exporter_metrics", "-t", "node", "-p", "scrape_interval=1",
		"-i", "fluentbit_metrics", "-t", "agent", "-p", "scrape_interval=1",
		"-o", "promexporter", "-m", "*", "-p", anyPort,
		"-o", "prometheus_exporter", "-m", "node", "-p", "host="+host, "-p", "port="+port)
	a := start(t, "", withPlugin(args...)...)
	url := a.url(0)
	if !takesMetrics(t) {
		page := a.page(url, "no record arrived", func(page string) bool { return value(page, `ok{tag="app"}`) == "1" })
		if strings.Contains(page, "node_") {
			t.Error("this version is not known to hand metrics over")
		}
		a.stop()
		return
	}
	page := a.page(url, "not all arrived", func(page string) bool {
		return value(page, `ok{tag="app"}`) == "1" && strings.Contains(page, "\nnode_uname_info{") && strings.Contains(page, "\nfluentbit_uptime{")
	})
	readable(t, page)
	want := prometheusExporter(t, "http://"+address+"/metrics", "node_memory_MemTotal_bytes")
	const memory = "node_memory_MemTotal_bytes"
	other, _, _ := strings.Cut(value(want, memory), " ") // it has a timestamp
	same, err := strconv.ParseFloat(other, 64)
	if got, wrong := strconv.ParseFloat(value(page, memory), 64); err != nil || wrong != nil || got != same {
		t.Errorf("%s is %v, %v on the page of prometheus_exporter (%v, %v)", memory, got, same, wrong, err)
	}
	a.stop()
}

// readable holds that promtool reads a page. It exits with 3 where it has advice on the names, which are the inputs'.
func readable(t *testing.T, page string) {
	t.Helper()
	check := exec.Command(required(t, "promtool"), "check", "metrics")
	check.Stdin = strings.NewReader(page)
	if out, err := check.CombinedOutput(); err != nil && check.ProcessState.ExitCode() != 3 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// prometheusExporter waits for a page of the output prometheus_exporter that has a family.
func prometheusExporter(t *testing.T, url, family string) (page string) {
	t.Helper()
	until(t, "prometheus_exporter serves no "+family, func() bool {
		response, err := http.Get(url)
		if err != nil {
			return false
		}
		response.Body.Close()
		_, page, _ = get(t, url)
		return strings.Contains(page, family)
	})
	return page
}

// TestOTLPMetrics sends OpenTelemetry's metrics: histograms have right buckets, which prometheus_exporter gets wrong, and
// increments add up. A trace does no harm.
func TestOTLPMetrics(t *testing.T) {
	inputs(t, "opentelemetry")
	if !takesMetrics(t) {
		t.Skip("this version hands no metrics to Go plugins")
	}
	address := freePort(t)
	host, port, _ := strings.Cut(address, ":")
	a := start(t, "", withPlugin("-i", "opentelemetry", "-t", "otlp", "-p", "listen="+host, "-p", "port="+port,
		"-o", "promexporter", "-m", "*", "-p", anyPort)...)
	url := a.url(0)
	postOTLP(t, address, otlp(time.Now()))
	latency := "latency_seconds"
	if !atLeast(t, 5, 0) {
		latency = "latency" // which has no unit there
	}
	want := map[string]string{
		latency + `_bucket{job="shop/cart",le="0.1"}`: "1", latency + `_bucket{job="shop/cart",le="1"}`: "3",
		latency + `_bucket{job="shop/cart",le="+Inf"}`: "6", latency + `_count{job="shop/cart"}`: "6",
		latency + `_sum{job="shop/cart"}`: "12.5", `jobs_total{job="shop/cart"}`: "2",
	}
	page := a.page(url, "the metrics did not arrive", func(page string) bool { return value(page, `jobs_total{job="shop/cart"}`) != "" })
	expect(t, page, want)
	postOTLP(t, address, otlp(time.Now()))
	a.page(url, "increments do not add up", func(page string) bool { return value(page, `jobs_total{job="shop/cart"}`) == "4" })
	a.stop()
}
