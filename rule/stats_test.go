package rule_test

import (
	"testing"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// TestAppliedNeverGoesDown looks at the counts of a rule after the collector has dropped its samples and before the
// chunk is finished.
func TestAppliedNeverGoesDown(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, `metrics: [{name: a_total, type: counter, help: h, value: $n}]`))
	stats := r.set.Stats()[0]
	r.feed("tag", chunktest.Events("{\"n\":1}\n{\"n\":1}\n{\"n\":-1}"))
	if n := stats.Applied(); n != 2 {
		t.Fatalf("%d applied, want 2", n)
	}
	plan := r.set.Plan("tag")
	r.batch.Reset()
	read(t, r, plan, `{"n":-1}`)
	plan.Apply(&r.scratch, &r.batch)
	if err := r.collector.Ingest(&r.batch, nil); err != nil {
		t.Fatal(err)
	}
	if n := stats.Applied(); n != 2 {
		t.Errorf("%d applied while a chunk is, want 2", n)
	}
	plan.Finish(&r.scratch, true)
	if n := stats.Applied(); n != 2 {
		t.Errorf("%d applied, want 2", n)
	}
	if n := stats.Dropped(collector.NegativeIncrement); n != 2 {
		t.Errorf("%d dropped, want 2", n)
	}
}

// TestFullBatchCountsByRule holds that samples for which a batch has no room are no samples that reached a series, and
// forgotten with a chunk that comes again.
func TestFullBatchCountsByRule(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, `metrics: [{name: a_total, type: counter, help: h}]`))
	stats := r.set.Stats()[0]
	plan := r.set.Plan("tag")
	for _, taken := range []bool{false, true} {
		r.batch.Reset()
		read(t, r, plan, `{}`)
		for range collector.MaxBatchSamples + 3 {
			plan.Apply(&r.scratch, &r.batch)
		}
		plan.Finish(&r.scratch, taken)
	}
	if n := stats.Dropped(collector.BatchLimit); n != 3 {
		t.Errorf("%d dropped, want 3", n)
	}
	if n := stats.Applied(); n != collector.MaxBatchSamples {
		t.Errorf("%d applied, want %d", n, collector.MaxBatchSamples)
	}
}

// read reads an event into the scratch of r.
func read(t *testing.T, r *rig, plan rule.Plan, event string) {
	t.Helper()
	var reader record.Reader
	reader.Reset(chunktest.Event(nil, 1700000000, event), plan.Selector())
	if err := reader.Next(&r.scratch.Event); err != nil {
		t.Fatal(err)
	}
}
