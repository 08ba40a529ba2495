package exporter

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

func TestSelfMetrics(t *testing.T) {
	var b strings.Builder
	for _, d := range SelfMetrics() {
		fmt.Fprintf(&b, "%s %s {%s}\n  %s\n", d.Type, d.Name, strings.Join(d.Labels, ","), d.Help)
	}
	golden(t, "selfmetrics.txt", b.String())
}

func TestSelfMetricsAreWellNamed(t *testing.T) {
	s, _ := offline(Options{})
	page := ask(s, http.MethodGet, "/metrics").Body.String()
	var own strings.Builder
	for line := range strings.Lines(page) {
		if strings.Contains(line, "promexporter_") {
			own.WriteString(line)
		}
	}
	problems, err := promlint.New(strings.NewReader(own.String())).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", err, problems)
	}
	if !strings.Contains(page, "\ngo_goroutines ") {
		t.Error("no metrics of the Go runtime")
	}
}

func TestScrapeDurationIsANativeHistogram(t *testing.T) {
	s, _ := offline(Options{})
	ask(s, http.MethodGet, "/metrics")
	page := ask(s, http.MethodGet, "/metrics", "Accept", acceptProtobuf).Body.String()
	for _, f := range protobufFamilies(t, page) {
		if f.GetName() == "promexporter_scrape_duration_seconds" {
			h := f.Metric[0].Histogram
			if h.Schema == nil || len(h.PositiveSpan) == 0 || len(h.Bucket) == 0 || h.GetSampleCount() != 1 {
				t.Errorf("got %v", h)
			}
			return
		}
	}
	t.Error("no promexporter_scrape_duration_seconds")
}

func TestLabelValuesComeFromTheConfiguration(t *testing.T) {
	s, _ := offline(Options{})
	before := strings.Count(ask(s, http.MethodGet, "/metrics").Body.String(), "\n")
	for i := range 100 {
		ask(s, http.MethodGet, fmt.Sprintf("/%d", i))
		ask(s, fmt.Sprintf("M%d", i), "/metrics")
	}
	if after := strings.Count(ask(s, http.MethodGet, "/metrics").Body.String(), "\n"); after != before {
		t.Errorf("%d lines, %d before", after, before)
	}
}
