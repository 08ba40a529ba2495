package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

const sharedRules = `
metrics:
- {name: first_total, type: counter, help: h, labels: {a: $a, b: $b, c: $n}, condition: {op: and, rules: [{field: $a, op: neq, value: x}]}}
- {name: prefix_total, type: counter, help: h, labels: {a: $a, b: $b}}
- {name: same_total, type: counter, help: h, labels: {a: $a, b: $b, c: $n}}
- {name: order_total, type: counter, help: h, labels: {a: $b, b: $a}}
- {name: twice_total, type: counter, help: h, labels: {a: $a, b: $a, c: $b, d: $b}}
- {name: between_total, type: counter, help: h, labels: {a: $a, b: "-", c: $b}}
- {name: mapped_total, type: counter, help: h, labels: {a: $a, b: {from: $b, default: none}}}
- {name: each_total, type: counter, help: h, each: $list, labels: {a: $a, b: "$item['a']", c: $b}}
- {name: "field_${field}_total", type: counter, help: h, fields: '^(?P<name>n)$', labels: {a: $a, f: {capture: name}}, value: 1}
`

// TestSharedLabels holds that rules with labels in common show of each event its own values, in the right places.
func TestSharedLabels(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, sharedRules))
	var chunk []byte
	for _, e := range []string{
		`{"a":"x","b":"y","n":404,"list":[{"a":"i"},{"a":"j"}]}`,
		`{"a":"longer","b":"","n":-1}`,
		`{"b":"y","n":1000}`,
		`{"a":"x","b":"y","n":404}`,
	} {
		chunk = chunktest.Event(chunk, 1700000000, e)
	}
	r.feed("tag", chunk)
	want := `
between_total{a="longer",b="-"} 1
between_total{a="x",b="-",c="y"} 2
between_total{b="-",c="y"} 1
each_total{a="x",b="i",c="y"} 1
each_total{a="x",b="j",c="y"} 1
field_n_total{a="longer",f="n"} 1
field_n_total{a="x",f="n"} 2
field_n_total{f="n"} 1
first_total{a="longer",c="-1"} 1
first_total{b="y",c="1000"} 1
mapped_total{a="longer",b="none"} 1
mapped_total{a="x",b="y"} 2
mapped_total{b="y"} 1
order_total{a="y",b="x"} 2
order_total{a="y"} 1
order_total{b="longer"} 1
prefix_total{a="longer"} 1
prefix_total{a="x",b="y"} 2
prefix_total{b="y"} 1
same_total{a="longer",c="-1"} 1
same_total{a="x",b="y",c="404"} 2
same_total{b="y",c="1000"} 1
twice_total{a="longer",b="longer"} 1
twice_total{a="x",b="x",c="y",d="y"} 2
twice_total{c="y",d="y"} 1
`
	var lines []string
	for line := range strings.Lines(r.text()) {
		if !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	if got := "\n" + strings.Join(lines, ""); got != want {
		t.Errorf("got%swant%s", got, want)
	}
}

// TestSharedLabelsOfAFullBatch holds that a sample which a full batch refuses takes no label values from the next rule.
func TestSharedLabelsOfAFullBatch(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, `
metrics:
- {name: long_total, type: counter, help: h, labels: {a: $a, b: $long}}
- {name: other_total, type: counter, help: h, labels: {a: other text}}
- {name: short_total, type: counter, help: h, labels: {a: $a}}
`))
	plan := r.set.Plan("tag")
	long := strings.Repeat("l", 900)
	room := func() int { return collector.MaxBatchBytes - r.batch.LabelBytes() }
	read := func(text string) {
		var reader record.Reader
		reader.Reset(chunktest.Event(nil, 1700000000, text), plan.Selector())
		if err := reader.Next(&r.scratch.Event); err != nil {
			t.Fatal(err)
		}
	}
	read(fmt.Sprintf(`{"a":"before","long":%q}`, long))
	for room() > 500 {
		plan.Apply(&r.scratch, &r.batch)
	}
	refused := r.batch.Len()
	read(fmt.Sprintf(`{"a":"behind","long":%q}`, long))
	plan.Apply(&r.scratch, &r.batch)
	if n := r.batch.Len() - refused; n != 2 {
		t.Fatalf("%d samples were taken, want those of the short rules", n)
	}
	if err := r.collector.Ingest(&r.batch, nil); err != nil {
		t.Fatal(err)
	}
	if text := r.text(); !strings.Contains(text, "short_total{a=\"behind\"} 1\n") {
		t.Errorf("no sample of the shortest rule in\n%s", text)
	}
}
