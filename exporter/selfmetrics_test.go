package exporter_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/promexporter/promexporter/exporter"
)

func TestSelfMetrics(t *testing.T) {
	var b strings.Builder
	for _, d := range exporter.SelfMetrics() {
		fmt.Fprintf(&b, "%s %s {%s}\n  %s\n", d.Type, d.Name, strings.Join(d.Labels, ","), d.Help)
	}
	golden(t, "selfmetrics.txt", b.String())
}

func TestSelfMetricsAreWellNamed(t *testing.T) {
	page := ask(t, open(t, new(exporter.Servers), exporter.Options{}), "GET", "/metrics").Body.String()
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
	e := open(t, new(exporter.Servers), exporter.Options{})
	ask(t, e, "GET", "/metrics")
	w := ask(t, e, "GET", "/metrics?name[]=promexporter_scrape_duration_seconds", "Accept", acceptProtobuf)
	all := protobufFamilies(t, w.Body)
	if len(all) != 1 {
		t.Fatalf("got %v", all)
	}
	h := all[0].Metric[0].Histogram
	if h.Schema == nil || len(h.PositiveSpan) == 0 || len(h.Bucket) == 0 || h.GetSampleCount() != 1 {
		t.Errorf("got %v", h)
	}
}

func TestLabelValuesComeFromTheConfiguration(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{})
	before := strings.Count(ask(t, e, "GET", "/metrics").Body.String(), "\n")
	for i := range 100 {
		ask(t, e, "GET", fmt.Sprintf("/%d", i))
		ask(t, e, fmt.Sprintf("M%d", i), "/metrics")
	}
	if after := strings.Count(ask(t, e, "GET", "/metrics").Body.String(), "\n"); after != before {
		t.Errorf("%d lines, %d before", after, before)
	}
}
