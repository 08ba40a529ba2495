package collector_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

// with appends a sample of the time at with the labels of its exemplar, names and values in turn.
func with(s collector.Sample, exemplar []string, labels ...string) func(*collector.Batch) {
	return func(b *collector.Batch) {
		for i := 0; i < len(exemplar); i += 2 {
			b.Exemplar(exemplar[i], []byte(exemplar[i+1]))
		}
		of(s, labels...)(b)
	}
}

func trace(id string) []string { return []string{"trace_id", id} }

func TestExemplars(t *testing.T) {
	c := open(t, collector.Options{})
	r, l := requests(), latency()
	native := &collector.Family{Name: "native_seconds", Help: "Native.", Type: collector.Histogram, Labels: []string{"path"},
		Native: collector.Native{Factor: 2}}
	both := &collector.Family{Name: "both_seconds", Help: "Both.", Type: collector.Histogram, Labels: []string{"path"},
		Buckets: []float64{1, 2}, Native: collector.Native{Factor: 2}}
	at := func(f *collector.Family, op collector.Op, v float64, seconds int64) collector.Sample {
		return collector.Sample{Family: f, Op: op, Value: v, Time: noon + seconds*1e9 + 5e8}
	}
	ingest(t, c,
		with(at(r, collector.Add, 1, 1), trace("first"), "GET", "200"),
		with(at(r, collector.Add, 3, 2), []string{"trace_id", "last", "empty", "", "span_id", `"\`}, "GET", "200"),
		add(r, 1, "GET", "200"), // keeps the exemplar
		add(r, 1, "GET", "404"),
		with(at(l, collector.Observe, 0.05, 3), trace("b0"), "/"),
		with(at(l, collector.Observe, 0.07, 4), trace("b0 again"), "/"),
		with(at(l, collector.Observe, 2.5, 5), trace("b2"), "/"),
		with(at(l, collector.Observe, 99, 6), trace("inf"), "/"),
		observe(l, 99, "/none"),
	)
	for _, f := range []*collector.Family{native, both} {
		ingest(t, c,
			with(at(f, collector.Observe, 0.002, 7), trace("fast"), "/"),
			with(at(f, collector.Observe, 1.1, 8), trace("one"), "/"),
			with(at(f, collector.Observe, 1.2, 9), trace("another"), "/"),
			with(at(f, collector.Observe, 77, 10), trace("slow"), "/"),
			with(at(f, collector.Observe, 0, 11), trace("zero"), "/"),
			with(at(f, collector.Observe, -4, 12), trace("below"), "/"),
		)
	}
	golden(t, c, "exemplars")
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		var ids []string
		for _, e := range f.Metric[0].Histogram.GetExemplars() {
			ids = append(ids, fmt.Sprint(e.Label[0].GetValue(), "=", e.GetValue(), "@", e.Timestamp.AsTime().Unix()-noon/1e9))
		}
		want := ""
		if strings.Contains(f.GetName(), "both") || strings.Contains(f.GetName(), "native") {
			want = "zero=0@11 another=1.2@9 below=-4@12 slow=77@10 fast=0.002@7"
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s has the native exemplars %q, want %q", f.GetName(), got, want)
		}
	}
}

func TestExemplarBounds(t *testing.T) {
	r := requests()
	gauge := &collector.Family{Name: "g", Type: collector.Gauge}
	summary := &collector.Family{Name: "s", Type: collector.Summary}
	one := collector.Sample{Family: r, Value: 1}
	labels := []string{"GET", "200"}
	tests := map[string]struct {
		sample  collector.Sample
		pairs   []string
		labels  []string
		dropped bool
	}{
		"128 runes":           {one, trace(strings.Repeat("x", 120)), labels, false},
		"129 runes":           {one, trace(strings.Repeat("x", 121)), labels, true},
		"128 runes, 3 bytes":  {one, trace(strings.Repeat("€", 120)), labels, false},
		"129 runes, 3 bytes":  {one, trace(strings.Repeat("€", 121)), labels, true},
		"two of 64 and 65":    {one, []string{"a", strings.Repeat("x", 63), "b", strings.Repeat("x", 64)}, labels, true},
		"a long one first":    {one, []string{"a", strings.Repeat("x", 200), "b", "y"}, labels, true},
		"empty value":         {one, []string{strings.Repeat("x", 200), ""}, labels, false},
		"no UTF-8":            {one, trace("\xff"), labels, true},
		"a NUL byte":          {one, trace("a\x00"), labels, true},
		"a name, not UTF-8":   {one, []string{"\xff", "x"}, labels, true},
		"a NUL in a name":     {one, []string{"a\x00", "x"}, labels, true},
		"no name":             {one, []string{"", "x"}, labels, true},
		"for a gauge":         {collector.Sample{Family: gauge, Op: collector.Set}, trace("x"), nil, true},
		"for a summary":       {collector.Sample{Family: summary, Op: collector.Observe}, trace("x"), nil, true},
		"of a refused sample": {collector.Sample{Family: r, Value: -1}, trace("x"), labels, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, collector.Options{})
			f := *test.sample.Family
			s := test.sample
			s.Family = &f
			ingest(t, c, with(s, test.pairs, test.labels...), of(s, test.labels...))
			want := uint64(0)
			if test.dropped {
				want = 1
			}
			if n := c.Stats().ExemplarsDropped(); n != want {
				t.Errorf("dropped %d, want %d", n, want)
			}
			if s.Value >= 0 && c.Stats().Applied() != 2 {
				t.Errorf("%d samples applied, want 2", c.Stats().Applied())
			}
			shown := strings.Contains(scrape(t, c, openFormat), " # {")
			if should := !test.dropped && len(test.pairs) > 0 && test.pairs[1] != "" && s.Value >= 0; shown != should {
				t.Errorf("exemplar shown: %v, want %v", shown, should)
			}
		})
	}
}

// TestExemplarsAfterDrop holds that a sample that was given up takes its exemplar with it.
func TestExemplarsAfterDrop(t *testing.T) {
	c := open(t, collector.Options{})
	r := requests()
	ingest(t, c, func(b *collector.Batch) {
		b.Exemplar("trace_id", []byte(strings.Repeat("x", 500)))
		b.Label([]byte("gone"))
		b.Discard()
	}, with(collector.Sample{Family: r, Value: 1}, trace("mine"), "GET", "200"), add(r, 1, "POST", "200"))
	got := scrape(t, c, openFormat)
	if strings.Count(got, " # {") != 1 || !strings.Contains(got, `{method="GET",status="200"} 1.0 # {trace_id="mine"} 1.0`) {
		t.Errorf("exposition is\n%s", got)
	}
	if n := c.Stats().ExemplarsDropped(); n != 0 {
		t.Errorf("%d exemplars dropped", n)
	}
}

// TestExemplarSnapshot holds that a snapshot's exemplars do not change, and that its memory shows others when it is
// used again.
func TestExemplarSnapshot(t *testing.T) {
	c := open(t, collector.Options{})
	r, l := requests(), latency()
	round := func(id string) {
		ingest(t, c, with(collector.Sample{Family: r, Value: 1}, trace(id), "GET", "200"),
			with(collector.Sample{Family: l, Op: collector.Observe, Value: 9}, trace(id), "/"))
	}
	round("one")
	families, done, err := c.Gather(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	before := encode(t, families, openFormat)
	round("two, which is longer")
	if got := scrape(t, c, openFormat); strings.Count(got, `"two, which is longer"`) != 2 {
		t.Errorf("exposition is\n%s", got)
	}
	if encode(t, families, openFormat) != before || strings.Count(before, `"one"`) != 2 {
		t.Error("the snapshot changed")
	}
	done()
	round("3")
	if got := scrape(t, c, openFormat); strings.Count(got, `"3"`) != 2 {
		t.Errorf("exposition is\n%s", got)
	}
}
