package receive_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// TestIngestDoesNotAllocate: a chunk with known series costs no allocation from its bytes to the series, and neither
// does one with points that are refused.
func TestIngestDoesNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	families := func(text string) []byte {
		return chunktest.JSON(nil, `{"meta":{"cmetrics":{},"external":{},"processing":{}},"metrics":[`+
			strings.ReplaceAll(text, "$T", "1700000000000000000")+`]}`)
	}
	gauge := func(name, labels, values string) string {
		return `{"meta":{"type":1,"opts":{"name":"` + name + `"},"labels":[` + labels + `]},"values":[{"ts":$T,"value":1,"labels":[` + values + `]}]}`
	}
	histogram := `{"meta":{"type":2,"opts":{"name":"a_rather_long_name_of_a_histogram"},"labels":[],"buckets":[1]},` +
		`"values":[{"ts":$T,"histogram":{"buckets":[1,2],"sum":1.5,"count":2}}]}`
	chunks := map[string][]byte{
		"a reserved name":    families(gauge("promexporter_a_rather_long_name_of_a_family", ``, ``)),
		"a bad name":         families(gauge(`a_rather_long_name_of_a_family\u0000_with_a_nul`, ``, ``)),
		"a family in a way":  families(histogram + "," + gauge("a_rather_long_name_of_a_histogram_count", ``, ``)),
		"a family of a rule": families(gauge("a_rather_long_name_of_a_rule_total", ``, ``)),
		"another type":       families(histogram + "," + gauge("a_rather_long_name_of_a_histogram", ``, ``)),
		"labels that clash":  families(gauge("g", `"a_rather_long_name_of_a.label","a_rather_long_name_of_a_label"`, `"x","y"`)),
	}
	files, err := filepath.Glob(filepath.Join("..", "cmetrics", "testdata", "chunks", "v[45]*", "[^t]*.mp"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if chunks[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	for name, chunk := range chunks {
		t.Run(name, func(t *testing.T) {
			c := collector.New(collector.Options{SeriesLimit: 100_000})
			t.Cleanup(c.Close)
			rule := &collector.Family{Name: "a_rather_long_name_of_a_rule_total", Type: collector.Counter}
			if err := c.Retain([]*collector.Family{rule}, nil); err != nil {
				t.Fatal(err)
			}
			batch, scratch, now := &collector.Batch{}, &receive.Scratch{}, cmetrics.Newest(chunk)+int64(time.Second)
			failed := func(m *record.Malformed) { t.Error(m) }
			n := testing.AllocsPerRun(20, func() {
				batch.Reset()
				batch.Now = now
				scratch.Read(chunk, "tag", batch, failed)
				if err := c.Ingest(batch, nil); err != nil {
					t.Error(err)
				}
				scratch.Release()
			})
			if n != 0 {
				t.Errorf("%v allocations per chunk", n)
			}
		})
	}
}
