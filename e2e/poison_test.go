package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

const poisonRules = `metrics:
- {name: bytes_total, type: counter, help: B., value: $n}
- {name: small_total, type: counter, help: S., value: $n, max_increment: 10}
- {name: run_total, type: counter, help: R., value: $n, temporality: cumulative}
- {name: size, type: histogram, help: S., value: $n, buckets: [1, 10], native: {factor: 1.1}}
- {name: took, type: summary, help: T., value: $n}
`

// TestPoison brings numbers beyond 2^53, beyond all reason, and none at all. Counters and sums go on from what they were,
// also after a restart, and each loss is counted.
func TestPoison(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	writeRules(t, rules, poisonRules)
	section := property.Of("listen_address", "127.0.0.1:0", "rules_file", rules, "state_file", filepath.Join(dir, "state"))
	dropped := func(reason string) string {
		return `promexporter_samples_dropped_total{output="promexporter.0",reason="` + reason + `"}`
	}
	want := map[string]string{
		"bytes_total": "9.007199254741992e+15", "small_total": "1000", "run_total": "9.007199254740992e+15",
		"size_sum": "9.007199254741992e+15", "size_count": "1001", "took_sum": "9.007199254741992e+15", "took_count": "1001",
	}
	r := startHost(t, host.V51, section)
	r.flush(0, "t", chunktest.Events(`{"n":9007199254740992}`), host.StatusOK)
	r.flush(0, "t", chunktest.Events(strings.Repeat(`{"n":1}`+"\n", 1000)), host.StatusOK)
	r.flush(0, "t", chunktest.Events(`{"n":1.7e308}
		{"n":18446744073709551615}
		{"n":-1.7e308}`), host.StatusOK)
	page := scrape(t, r.url(0))
	expect(t, page, want)
	// Of the first record one; of the last three: two for each counter, three for the histogram and the summary.
	expect(t, page, map[string]string{dropped("max_increment"): "13", dropped("negative_increment"): "3", dropped("rounded_away"): "0"})
	r.stop()
	if !strings.Contains(r.log.String(), "reason=max_increment") {
		t.Error("the loss is not logged")
	}

	r = startHost(t, host.V51, section)
	expect(t, scrape(t, r.url(0)), want)
	r.flush(0, "t", chunktest.Events(`{"n":1}`+"\n"+`{"n":1}`), host.StatusOK)
	expect(t, scrape(t, r.url(0)), map[string]string{
		"bytes_total": "9.007199254741994e+15", "size_sum": "9.007199254741994e+15", "took_sum": "9.007199254741994e+15",
	})
	r.stop()
}
