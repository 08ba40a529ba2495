package textparse

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// TestReceived: what inputs of real Fluent Bits send makes pages that Prometheus reads, in every format, and no series
// twice.
func TestReceived(t *testing.T) {
	files, err := filepath.Glob("../../cmetrics/testdata/chunks/v[45]*/[^t]*.mp")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".mp")
		t.Run(filepath.Base(filepath.Dir(file))+"/"+name, func(t *testing.T) {
			chunk, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			c := collector.New(collector.Options{SeriesLimit: 100_000})
			t.Cleanup(c.Close)
			var w receive.Scratch
			b := collector.Batch{Now: cmetrics.Newest(chunk) + int64(time.Second)}
			w.Read(chunk, "tag", &b, func(m *record.Malformed) { t.Error(m) })
			if err := c.Ingest(&b, nil); err != nil {
				t.Fatal(err)
			}
			pages(t, open(t, c), func(t *testing.T, f format, _ model.EscapingScheme, page *parsed) {
				if c.Stats().Series() > 0 && len(page.series) == 0 {
					t.Error("no series on the page")
				}
				if strings.HasPrefix(f.name, "proto") && name == "otlp_all_kinds" && strings.Contains(file, "v5") && page.native != 3 {
					t.Errorf("%d native histograms, want 2 and the server's own", page.native)
				}
			})
		})
	}
}
