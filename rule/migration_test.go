package rule_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// The tests of this file compare rules with Fluent Bit's filter log_to_metrics. For each pair in docs/migration.md the
// folder testdata/migration has a configuration of the filter, records, and the page that it made of them in Fluent Bit
// 5.1.1: what in_tail reads with the parser json goes through the filter, in one chunk, to out_prometheus_exporter.

const migrationFolder = "testdata/migration"

// migrationFences returns the blocks of docs/migration.md by language and name.
func migrationFences(t *testing.T) map[string]fence {
	t.Helper()
	all := make(map[string]fence)
	for _, f := range fences(readText(t, filepath.Join("..", "docs", "migration.md"))) {
		all[f.Language+" "+f.Note] = f
	}
	return all
}

func TestMigration(t *testing.T) {
	blocks := migrationFences(t)
	confs, err := filepath.Glob(filepath.Join(migrationFolder, "*.conf"))
	if err != nil || len(confs) == 0 {
		t.Fatal("no configurations", err)
	}
	for _, conf := range confs {
		at := strings.TrimSuffix(conf, ".conf")
		name := filepath.Base(at)
		t.Run(name, func(t *testing.T) {
			if got, want := blocks["ini "+name].Body, readText(t, conf); got != want {
				t.Errorf("docs/migration.md has another filter:\n%s\nthan\n%s", got, want)
			}
			r := newRig(t, rule.Options{}, parse(t, blocks["yaml "+name].Body))
			r.feed("app.log", chunktest.Events(readText(t, at+".json")))
			filter := seriesOf(t, parsePage(t, readText(t, at+".txt")))
			ours := seriesOf(t, r.gather())
			if name == "different" {
				differs(t, blocks, r)
				return
			}
			if len(filter) == 0 || !maps.Equal(filter, ours) {
				t.Errorf("the filter made\n%v\nthe rules\n%v", filter, ours)
			}
		})
	}
}

// differs checks the pair that shows where the two differ.
func differs(t *testing.T, blocks map[string]fence, r *rig) {
	t.Helper()
	at := filepath.Join(migrationFolder, "different")
	for language, extension := range map[string]string{"json": ".json", "text": ".txt"} {
		if got, want := blocks[language+" different"].Body, readText(t, at+extension); got != want {
			t.Errorf("docs/migration.md has\n%s\nright is\n%s", got, want)
		}
	}
	r.expect(blocks["text ours"].Body)
}

func parsePage(t *testing.T, page string) []*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(maps.Values(families))
}

// seriesOf returns the values of all series by name and labels, as Prometheus would store them. An empty label is
// omitted.
func seriesOf(t *testing.T, families []*dto.MetricFamily) map[string]float64 {
	t.Helper()
	samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, families...)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, s := range samples {
		maps.DeleteFunc(s.Metric, func(_ model.LabelName, v model.LabelValue) bool { return v == "" })
		if _, twice := all[s.Metric.String()]; twice {
			t.Errorf("%s is there twice", s.Metric)
		}
		all[s.Metric.String()] = float64(s.Value)
	}
	return all
}
