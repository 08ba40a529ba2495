package receive_test

import (
	"testing"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// FuzzRules applies any rules to any chunk. Every point that was received is applied or dropped for a reason.
func FuzzRules(f *testing.F) {
	for _, name := range []string{"statsd_kinds", "otlp_all_kinds", "scrape_hist", "labels_processor_duplicates"} {
		f.Add([]byte(pageRules), capture(f, "v5.1.1/"+name), "tag")
		f.Add([]byte("received: [{metric_regex: '(.)', name: '${1}', temporality: delta, labels: {a: $name, l: ''}}]"), capture(f, "v5.1.1/"+name), "")
		f.Add([]byte("received: [{snapshot: true, max_lag: 1s}, {metric: '*_bytes', unit: bytes, timestamps: true}]"), capture(f, "v5.1.1/"+name), "")
	}
	f.Add([]byte("received: [{}]"), []byte("0"), "no context")
	f.Fuzz(func(t *testing.T, text, chunk []byte, tag string) {
		rules, err := config.ParseRules("rules.yaml", text)
		if err != nil {
			return
		}
		c := collector.New(collector.Options{SeriesLimit: 1000})
		defer c.Close()
		var batch collector.Batch
		w := receive.Scratch{Options: receive.Options{Rules: rule.Compile([]*config.Rules{rules}, rule.Options{})}}
		received := uint64(0)
		for range 2 {
			batch.Reset()
			w.Read(chunk, tag, &batch, func(*record.Malformed) {})
			received += uint64(w.Points)
			if err := c.Ingest(&batch, nil); err != nil {
				t.Fatal(err)
			}
			w.Finish(true)
			w.Release()
		}
		got := c.Stats().PointsApplied()
		for _, r := range collector.PointReasons() {
			got += c.Stats().PointsDropped(r)
		}
		if got != received || c.Stats().PointsDropped(collector.Panicked) > 0 {
			t.Errorf("%d points came, %d are counted", received, got)
		}
	})
}
