package rule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// roundsStep is a record, which comes a second after the one before, and the samples on the page after it.
type roundsStep struct{ tag, record, want string }

func runRounds(t *testing.T, rules string, steps []roundsStep) {
	t.Helper()
	r := newRig(t, rule.Options{}, parse(t, "metrics:\n"+rules))
	for _, step := range steps {
		r.now = r.now.Add(time.Second)
		r.feed(step.tag, chunktest.Event(nil, uint32(r.now.Unix()), step.record))
		if got := samplesOf(r.text()); got != step.want {
			t.Errorf("after %s of %s:\n%s\nwant\n%s", step.record, step.tag, got, step.want)
		}
	}
}

// TestRounds holds which records end the series of an aggregate.
func TestRounds(t *testing.T) {
	for name, test := range map[string]struct {
		rules string
		steps []roundsStep
	}{
		"a condition that does not hold": {
			rules: "- {name: n, type: gauge, help: N., condition: {field: $a, op: eq, value: 1}, aggregate: count, labels: {b: $b}}",
			steps: []roundsStep{
				{"x", `{"a":1,"b":"c"}`, `n{b="c"} 1`}, {"y", `{"a":2}`, `n{b="c"} 1`}, {"x", `{"a":2}`, ``},
			},
		},
		"no value": {
			rules: "- {name: n, type: gauge, help: N., value: {from: $a, optional: true}, aggregate: sum}",
			steps: []roundsStep{{"x", `{"a":1}`, `n 1`}, {"x", `{}`, ``}, {"x", `{"a":3}`, `n 3`}},
		},
		"an earlier rule keeps the record": {
			rules: "- {drop: true, condition: {field: $log, op: exists}}\n- {name: n, type: gauge, help: N., value: $a, aggregate: max}",
			steps: []roundsStep{{"x", `{"a":1}`, `n 1`}, {"x", `{"log":"text"}`, `n 1`}, {"x", `{"a":2}`, `n 2`}},
		},
		"each tag": {
			rules: "- {name: n, type: gauge, help: N., value: $a, aggregate: min, labels: {t: $TAG}}",
			steps: []roundsStep{
				{"x", `{"a":1}`, `n{t="x"} 1`}, {"y", `{"a":2}`, `n{t="x"} 1 n{t="y"} 2`}, {"x", `{"b":1}`, `n{t="y"} 2`},
			},
		},
		"other tags than those of the rule": {
			rules: "- {name: n, type: gauge, help: N., match: x, value: $a, aggregate: min}",
			steps: []roundsStep{{"x", `{"a":1}`, `n 1`}, {"y", `{"a":2}`, `n 1`}},
		},
		"fields": {
			rules: "- {name: n, type: gauge, help: N., fields: '^(?P<f>.)', aggregate: sum, labels: {f: {capture: f}}}",
			steps: []roundsStep{
				{"x", `{"a":1,"b":2}`, `n{f="a"} 1 n{f="b"} 2`}, {"x", `{"b":3}`, `n{f="b"} 3`}, {"x", `{}`, ``},
			},
		},
		"families of fields": {
			rules: "- {name: 'n_${field}', type: gauge, help: N., fields: '^.$', aggregate: sum}",
			steps: []roundsStep{
				{"x", `{"a":1,"b":2}`, `n_a 1 n_b 2`}, {"x", `{"b":3}`, `n_b 3`}, {"y", `{"b":4}`, `n_b 4`}, {"y", `{}`, ``},
			},
		},
		"elements": {
			rules: "- {name: n, type: gauge, help: N., each: $l, value: $item, aggregate: sum, labels: {i: $item}}",
			steps: []roundsStep{{"x", `{"l":[1,1,2]}`, `n{i="1"} 2 n{i="2"} 2`}, {"x", `{"l":[2]}`, `n{i="2"} 2`}, {"x", `{}`, ``}},
		},
		"two rules of a family": {
			rules: "- {name: n, rule: a, type: gauge, help: N., value: $a, aggregate: sum, labels: {l: a}}\n" +
				"- {name: n, rule: b, type: gauge, help: N., value: $b, labels: {l: b}}",
			steps: []roundsStep{{"x", `{"a":1,"b":2}`, `n{l="a"} 1 n{l="b"} 2`}, {"x", `{"c":1}`, `n{l="b"} 2`}},
		},
	} {
		t.Run(name, func(t *testing.T) { runRounds(t, test.rules, test.steps) })
	}
}

// TestDistinct holds what distinct counts take for a value.
func TestDistinct(t *testing.T) {
	for name, test := range map[string]struct {
		rules string
		steps []roundsStep
	}{
		"texts and numbers": {
			rules: "- {name: n, type: gauge, help: N., value: $a, aggregate: distinct, window: 1m}",
			steps: []roundsStep{
				{"x", `{"a":200}`, `n 1`}, {"x", `{"a":"200"}`, `n 1`}, {"x", `{"a":200.0}`, `n 1`}, {"x", `{"a":true}`, `n 2`},
				{"x", `{"a":""}`, `n 2`}, {"x", `{"a":null}`, `n 2`}, {"x", `{"a":{}}`, `n 2`}, {"x", `{"a":[1]}`, `n 2`},
				{"y", `{"a":"true"}`, `n 2`}, {"y", `{"a":-1}`, `n 3`},
			},
		},
		"fields": {
			rules: "- {name: n, type: gauge, help: N., fields: '^(?P<f>.)$', aggregate: distinct, window: 1m, labels: {f: {capture: f}}}",
			steps: []roundsStep{
				{"x", `{"a":"x","b":1}`, `n{f="a"} 1 n{f="b"} 1`}, {"x", `{"a":"y","b":1}`, `n{f="a"} 2 n{f="b"} 1`},
			},
		},
		"elements": {
			rules: "- {name: n, type: gauge, help: N., each: $l, value: \"$item['u']\", aggregate: distinct, window: 1m}",
			steps: []roundsStep{{"x", `{"l":[{"u":1},{"u":1},{"u":2},{}]}`, `n 2`}},
		},
	} {
		t.Run(name, func(t *testing.T) { runRounds(t, test.rules, test.steps) })
	}
}

// TestDistinctAfterReload holds that rules which are compiled again know the values that were counted before.
func TestDistinctAfterReload(t *testing.T) {
	const rules = "metrics: [{name: n, type: gauge, help: N., value: $a, aggregate: distinct, window: 1m}]"
	var counters rule.Counters
	r := newRig(t, rule.Options{Counters: &counters}, parse(t, rules))
	r.feed("x", chunktest.Events(`{"a":1}`))
	r.set = newRig(t, rule.Options{Counters: &counters}, parse(t, rules)).set
	if err := r.collector.Retain(r.set.Families(), nil); err != nil {
		t.Fatal(err)
	}
	r.feed("x", chunktest.Events(`{"a":1}`))
	if got := samplesOf(r.text()); got != "n 1" {
		t.Errorf("%s, want n 1", got)
	}
}

// samplesOf returns the samples of a page in one line.
func samplesOf(page string) string {
	var all []string
	for line := range strings.Lines(page) {
		if !strings.HasPrefix(line, "#") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return strings.Join(all, " ")
}
