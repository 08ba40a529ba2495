package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPush runs the agent of docs/how-to.md that scrapes its own page and pushes it to a Prometheus.
func TestPush(t *testing.T) {
	config := example(t, "how-to.md", "## Push the page from an agent that cannot be scraped")
	inputs(t, "tail", "prometheus_scrape", "prometheus_remote_write", "node_exporter_metrics")
	if !atLeast(t, 3, 2) {
		t.Skip("this version pushes no histograms")
	}
	api := startPrometheus(t, required(t, "prometheus"), "", "--web.enable-remote-write-receiver")
	folder := t.TempDir()
	page, to := freePort(t), strings.TrimPrefix(api, "http://")
	for from, to := range map[string]string{
		"/var/log/app.log\n":           filepath.Join(folder, "app.log") + "\n    Read_from_Head on\n",
		"/etc/fluent-bit/parsers.conf": filepath.Join(folder, "parsers.conf"),
		"/etc/fluent-bit/rules.yaml":   filepath.Join(folder, "rules.yaml"),
		"127.0.0.1:8989":               page,
		"Host            127.0.0.1":    "Host            " + hostOf(page),
		"Port            8989":         "Port            " + portOf(page),
		"Scrape_Interval 15s":          "Scrape_Interval 1s",
		"prometheus.example.org":       hostOf(to),
		"Port      9090":               "Port      " + portOf(to),
	} {
		if !strings.Contains(config, from) {
			t.Fatalf("the example has no %q", from)
		}
		config = strings.ReplaceAll(config, from, to)
	}
	writeFile(t, filepath.Join(folder, "app.log"), strings.Repeat(`{"took":0.5,"code":"200"}`+"\n", 3))
	writeFile(t, filepath.Join(folder, "parsers.conf"), "[PARSER]\n    Name json\n    Format json\n")
	writeFile(t, filepath.Join(folder, "rules.yaml"), "metrics:\n"+
		"- {name: took_seconds, type: histogram, help: Durations., value: $took, buckets: [0.25, 1], labels: {code: $code}}\n"+
		"- {name: lines_total, type: counter, help: Lines., labels: {code: $code}}\n")
	file := filepath.Join(folder, "fluent-bit.conf")
	writeFile(t, file, config)
	a := start(t, "", withPlugin("-c", file)...)
	want := map[string]string{
		`lines_total{code="200",agent="edge-7"}`:                                             "3",
		`took_seconds_count{code="200"}`:                                                     "3",
		`took_seconds_sum{code="200"}`:                                                       "1.5",
		`took_seconds_bucket{code="200",le="0.25"}`:                                          "0",
		`took_seconds_bucket{code="200",le="1"} or took_seconds_bucket{code="200",le="1.0"}`: "3",
		`promexporter_points_dropped_total{reason="own_page"}`:                               "0",
	}
	if takesMetrics(t) {
		want[`count(node_uname_info{agent="edge-7"})`] = "1"
	}
	for query, want := range want {
		until(t, query+" is not "+want, func() bool { return ask(t, api, query) == want })
	}
	a.stop()
}

// example returns the first block of code after a heading of a document.
func example(t *testing.T, name, heading string) string {
	t.Helper()
	document, err := os.ReadFile(filepath.Join("..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(document), heading+"\n")
	_, block, opened := strings.Cut(section, "\n```\n")
	block, _, closed := strings.Cut(block, "\n```\n")
	if !found || !opened || !closed {
		t.Fatalf("%s has no example below %q", name, heading)
	}
	return block + "\n"
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
