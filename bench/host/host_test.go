package main

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/bench/workload"
)

func TestNoFluentBit(t *testing.T) {
	t.Setenv("FLUENT_BIT", "")
	if err := measure(); !errors.Is(err, errNoHost) {
		t.Errorf("without FLUENT_BIT: %v", err)
	}
}

// A round that is slow as a whole does not change the differences.
func TestTable(t *testing.T) {
	ms := func(all ...time.Duration) []time.Duration {
		for i := range all {
			all[i] *= time.Millisecond
		}
		return all
	}
	var b strings.Builder
	err := table(&b, 100_000, [kinds][]time.Duration{ms(500, 700, 510), ms(550, 750, 570), ms(700, 900, 700)})
	if err != nil {
		t.Fatal(err)
	}
	want := "| out_null + promexporter | 0.570 s | 0.550, 0.750 s | 0.050 s | 0.50 µs | 0.25 |\n"
	if !strings.Contains(b.String(), want) {
		t.Errorf("got\n%swant the line\n%s", b.String(), want)
	}
}

func TestFilters(t *testing.T) {
	l := workload.Access()
	h := host{dir: "/dir", load: l}
	got := h.configuration(logToMetrics, ports{1, 2})
	for _, want := range []string{
		"metric_name: http_requests_total\n",
		"- namespace $kubernetes['namespace_name']\n        - status $status\n",
		"value_field: $latency\n      bucket:\n        - '0.005'\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(h.configuration(ours, ports{1, 2}), "log_to_metrics") {
		t.Error("the filter runs in front of the plugin as well")
	}
}

// A run counts only if both metrics of its page saw every line.
func TestCounted(t *testing.T) {
	page := `# TYPE log_metric_counter_http_requests_total counter
log_metric_counter_http_requests_total{status="200"} 2
log_metric_counter_http_requests_total{status="500"} 1
# TYPE log_metric_histogram_http_request_duration_seconds histogram
log_metric_histogram_http_request_duration_seconds_bucket{le="1"} 1
log_metric_histogram_http_request_duration_seconds_bucket{le="+Inf"} %[1]d
log_metric_histogram_http_request_duration_seconds_sum 4
log_metric_histogram_http_request_duration_seconds_count %[1]d
`
	for n, want := range map[int]bool{2: false, 3: true, 4: false} {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, page, n) }))
		defer s.Close()
		var p ports
		if _, err := fmt.Sscanf(s.URL, "http://127.0.0.1:%d", &p.page); err != nil {
			t.Fatal(err)
		}
		h := host{load: workload.Access(), lines: 3}
		if err := h.counted(p); (err == nil) != want {
			t.Errorf("a page with 3 and %d lines: %v", n, err)
		}
	}
}
