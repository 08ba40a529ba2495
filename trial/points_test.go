package trial_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/trial"
)

const rules = `received:
- {metric: '*_total', condition: {field: "$labels['name']", op: regex, value: 'lib|cpu'}, drop: true}
- {metric: 'node_cpu*', labels: {core: "$labels['cpu']", cpu: ''}, first: true}
- {metric_regex: '^fluentbit_(.*)$', name: 'agent_${1}', series_limit: 3}
- {metric_regex: '^(n).*(load).*$', name: '${1}_${2}'}
- {condition: {field: $type, op: in, value: [counter, gauge]}, temporality: delta}
- {match: other, drop: true}
- {labels: {le: x}, metric: '*duration*'}
- {max_lag: 1s, timestamps: true}
`

// TestVerdictsAreTrue: what verdicts say of a point is what the collector does with it, and what the rules count.
func TestVerdictsAreTrue(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "cmetrics", "testdata", "chunks", "v5*", "[^t]*.mp"))
	if err != nil || len(files) == 0 {
		t.Fatal("no captures", err)
	}
	parsed, err := config.ParseRules("rules.yaml", []byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			chunk, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			said, saidCounts, page := explained(t, parsed, chunk)
			done, doneCounts, want := received(t, parsed, chunk)
			if !maps.Equal(said, done) {
				t.Errorf("verdicts: %v\ncollector: %v", said, done)
			}
			if saidCounts != doneCounts {
				t.Errorf("verdicts: %s\nrules: %s", saidCounts, doneCounts)
			}
			if page != want {
				t.Errorf("page\n%s\nwant\n%s", page, want)
			}
		})
	}
}

// explained returns what verdicts say: how many points were dropped for each reason, and how many each rule applied to.
func explained(t *testing.T, parsed *config.Rules, chunk []byte) (reasons map[string]int, counts, page string) {
	t.Helper()
	tr, err := trial.New(trial.Options{Rules: []*config.Rules{parsed}, Now: time.Unix(1700000000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	matched := make([]int, len(parsed.Received))
	reasons = make(map[string]int)
	var shown []string
	r := sample.Reader{Options: sample.Options{Tag: "tag", Now: time.Unix(1700000000, 0)}}
	err = r.Read(t.Context(), "x", bytes.NewReader(chunk), func(c *sample.Chunk) error {
		return tr.ExplainPoints(c, func(p *trial.Point) error {
			for i, v := range p.Verdicts {
				if v.Outcome == rule.OutcomeApplied || v.Outcome == rule.OutcomeDropped {
					matched[i]++
				}
			}
			reasons[p.Drop]++
			if p.Drop == "" && !p.Changed.Ends {
				shown = append(shown, fmt.Sprintf("%s %q", p.Changed.Name, p.Changed.Labels))
			}
			return nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(shown)
	return reasons, fmt.Sprint(matched), strings.Join(slices.Compact(shown), "\n")
}

// received returns the same of what the plugin does, and the series that there are.
func received(t *testing.T, parsed *config.Rules, chunk []byte) (reasons map[string]int, counts, page string) {
	t.Helper()
	now := time.Unix(0, cmetrics.Newest(chunk))
	c := collector.New(collector.Options{SeriesLimit: 100_000, Now: func() time.Time { return now }})
	defer c.Close()
	set := rule.Compile([]*config.Rules{parsed}, rule.Options{})
	var batch collector.Batch
	batch.Now = now.UnixNano()
	w := receive.Scratch{Options: receive.Options{Rules: set}}
	w.Read(chunk, "tag", &batch, func(m *record.Malformed) { t.Error(m) })
	if err := c.Ingest(&batch, nil); err != nil {
		t.Fatal(err)
	}
	w.Finish(true)
	reasons = make(map[string]int)
	if n := c.Stats().PointsApplied(); n > 0 {
		reasons[""] = int(n)
	}
	for _, r := range collector.PointReasons() {
		if n := c.Stats().PointsDropped(r); n > 0 {
			reasons[r.String()] = int(n)
		}
	}
	var matched []int
	for _, s := range set.Stats() {
		matched = append(matched, int(s.Matched()))
	}
	families, done, err := c.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var shown []string
	for _, f := range families {
		for _, m := range f.Metric {
			labels := []string{}
			for _, l := range m.Label {
				labels = append(labels, l.GetName(), l.GetValue())
			}
			shown = append(shown, fmt.Sprintf("%s %q", f.GetName(), labels))
		}
	}
	slices.Sort(shown)
	return reasons, fmt.Sprint(matched), strings.Join(shown, "\n")
}
