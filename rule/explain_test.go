package rule_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// eachEvent calls f for every event of the chunk, read for the plan.
func eachEvent(t testing.TB, chunk []byte, plan *rule.Plan, w *rule.Scratch, f func()) {
	t.Helper()
	var reader record.Reader
	reader.Reset(chunk, plan.Selector())
	for {
		err := reader.Next(&w.Event)
		var bad *record.Malformed
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.As(err, &bad):
		case err != nil:
			t.Fatal(err)
		default:
			f()
		}
	}
}

// describeVerdict writes a verdict in one line.
func describeVerdict(v *rule.Verdict) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", v.Rule.Rule, v.Outcome)
	if v.KeptBy != nil {
		fmt.Fprintf(&b, " by %s", v.KeptBy.Rule)
	}
	for _, c := range v.Checks {
		if c.Join != "" {
			fmt.Fprintf(&b, " (%d %s %t)", c.Depth, c.Join, c.Holds)
		} else {
			fmt.Fprintf(&b, " (%d %s %s %s: %t)", c.Depth, c.Compare.Field, c.Compare.Op, c.Got, c.Holds)
		}
	}
	for _, g := range v.Reasons {
		fmt.Fprintf(&b, " %s %s=%s", g.Reason, g.Field, g.Got)
	}
	for _, s := range v.Samples {
		fmt.Fprintf(&b, " %s%v %s %v", s.Name, s.Labels, s.Op, s.Value)
	}
	if len(v.Defaulted) > 0 {
		fmt.Fprintf(&b, " default %v", v.Defaulted)
	}
	return b.String()
}

func TestExplain(t *testing.T) {
	for name, test := range map[string]struct{ rules, record, want string }{
		"made":      {`- {name: a_total, type: counter, labels: {m: $m, n: $n}}`, `{"m":"GET"}`, `a_total made a_total[m GET] add 1`},
		"not held":  {`- {name: a, type: counter, condition: {field: $p, op: eq, value: /}}`, `{"p":"/x"}`, `a not_held (0 $p eq "/x": false)`},
		"gave up":   {`- {name: a, type: gauge, value: $took}`, `{"took":"soon"}`, `a gave_up not_a_number $took="soon"`},
		"no value":  {`- {name: a, type: gauge, value: $took}`, `{}`, `a gave_up no_value $took=missing`},
		"other tag": {`- {name: a, type: counter, match: db.*}`, `{}`, `a other_tag`},
		"all are judged": {
			`- {name: a, type: counter, condition: {rules: [{field: $m, op: in, value: [A]}, {op: or, rules: [{field: $s, op: gt, value: 2}, {field: $t, op: exists}]}]}}`,
			`{"m":"B","s":3}`,
			`a not_held (0 and false) (1 $m in "B": false) (1 or true) (2 $s gt 3: true) (2 $t exists missing: false)`},
		"dropped": {"- {rule: d, drop: true}\n- {name: a, type: counter}", `{}`, "d dropped\na kept by d"},
		"first":   {"- {name: a, type: counter, first: true}\n- {name: b, type: counter}", `{}`, "a made a[] add 1\nb kept by a"},
		"fields": {"- {name: '${field}', type: gauge, fields: '^a'}\n- {name: n_total, type: counter, fields: '^z'}", `{"a1":1,"a2":2,"b":3}`,
			"${field} made a1[] set 1 a2[] set 2\nn_total no_field"},
		"fields kept": {"- {drop: true, rule: d, fields: '^a'}\n- {name: '${field}', type: gauge, fields: '.'}", `{"a":1}`,
			"d dropped\n${field} kept by d"},
		"fields after a first": {"- {name: a_total, type: counter, first: true}\n- {name: '${field}', type: gauge, fields: '.'}", `{"a":1}`,
			"a_total made a_total[] add 1\n${field} kept by a_total"},
		"each": {"- {name: a, type: gauge, action: add, each: $l, value: \"$item['n']\"}", `{"l":[{"n":1},{"n":"x"}]}`,
			`a made not_a_number $item['n']="x" a[] add 1`},
		"each without":   {"- {name: a, type: counter, each: $l}", `{}`, `a no_field`},
		"each of none":   {"- {name: a, type: counter, each: $l}", `{"l":5}`, `a gave_up not_an_array $l=5`},
		"each not held":  {"- {name: a, type: counter, each: $l, condition: {field: \"$item['n']\", op: eq, value: 3}}", `{"l":[{"n":1}]}`, `a not_held (0 $item['n'] eq 1: false)`},
		"optional":       {"- {name: a, type: gauge, value: {from: $n, optional: true}}", `{}`, `a no_field`},
		"named":          {"- {name: 'a_${n}', type: gauge, value: 1}", `{"n":"B c"}`, `a_${n} made a_b_c[] set 1`},
		"without a name": {"- {name: 'a_${n}_${m}', type: gauge, value: 1}", `{"n":"b","m":"?"}`, `a_${n}_${m} gave_up bad_name $m="?"`},
		"ready":          {"- {name: a, type: histogram, bucket_counts: $b, buckets: [1], sum: $s}", `{"b":[1,2],"s":7}`, `a made a[] merge 7`},
		"not ready":      {"- {name: a, type: histogram, bucket_counts: $b, buckets: [1, 2], sum: $s}", `{"b":{"1":1},"s":7}`, `a gave_up other_bounds $b=a map`},
		"two levels":     {`- {name: a, type: counter, each: [$l, $item], value: $item, condition: {field: $item, op: gt, value: 1}}`, `{"l":[[1],[2]]}`, `a made (0 $item gt 2: true) a[] add 2`},
		"default": {"- {name: a, type: counter, labels: {m: {from: $m, map: {GET: get}, default: other}}}", `{"m":"BREW"}`,
			`a made a[m other] add 1 default [m]`},
	} {
		t.Run(name, func(t *testing.T) {
			set := rule.Compile([]*config.Rules{parse(t, "metrics:\n"+test.rules)}, rule.Options{FieldLimit: 100})
			plan := set.Plan("app")
			var w rule.Scratch
			eachEvent(t, chunktest.Events(test.record), &plan, &w, func() {
				var got []string
				for _, v := range rule.Explain(&plan, &w, 0) {
					got = append(got, describeVerdict(&v))
				}
				if text := strings.Join(got, "\n"); text != test.want {
					t.Errorf("got\n%s\nwant\n%s", text, test.want)
				}
			})
		})
	}
}

// compareExplain holds that Explain makes the samples of Apply, and gives up what it gives up.
func compareExplain(t testing.TB, rules []*config.Rules, tag string, chunk []byte) {
	t.Helper()
	set := rule.Compile(rules, rule.Options{FieldLimit: 20})
	plan := set.Plan(tag)
	var applied, explained rule.Scratch
	var batch collector.Batch
	var made, madeToo []string
	eachEvent(t, chunk, &plan, &applied, func() { plan.Apply(&applied, &batch) })
	plan.Finish(&applied, true)
	batch.Each(func(s *collector.Sample, values []string) {
		var labels []string
		for i, name := range s.Family.Labels {
			if values[i] != "" {
				labels = append(labels, name, values[i])
			}
		}
		count := s.Count
		if s.Op == collector.Total || s.Op == collector.Distinct {
			count = 0 // it is a digest
		}
		made = append(made, fmt.Sprint(s.Family.Name, labels, s.Op, s.Value, count))
	})
	given := make(map[string]uint64)
	eachEvent(t, chunk, &plan, &explained, func() {
		for _, v := range rule.Explain(&plan, &explained, 0) {
			for _, s := range v.Samples {
				madeToo = append(madeToo, fmt.Sprint(s.Name, s.Labels, s.Op, s.Value, s.Count))
			}
			for _, g := range v.Reasons {
				given[v.Rule.Rule+" "+g.Reason.String()]++
			}
		}
	})
	slices.Sort(made)
	slices.Sort(madeToo)
	if !slices.Equal(made, madeToo) {
		t.Errorf("Apply makes\n%s\nExplain\n%s", strings.Join(made, "\n"), strings.Join(madeToo, "\n"))
	}
	for _, s := range set.Stats() {
		for _, r := range rule.Reasons() {
			if got := given[s.Rule+" "+r.String()]; got != s.Skipped(r) {
				t.Errorf("%s: %s: Apply gives up %d, Explain %d", s.Rule, r, s.Skipped(r), got)
			}
		}
	}
}

// eachExample calls f for each example of the documents: rules, the tag of events, and the events as lines of JSON.
func eachExample(t testing.TB, f func(rules []byte, tag, events string)) {
	t.Helper()
	for _, name := range []string{"configuration.md", "how-to.md"} {
		rules := ""
		for _, block := range fences(readText(t, filepath.Join("..", "docs", name))) {
			switch {
			case block.Language == "yaml" && block.Note != "wrong":
				if rules = block.Body; strings.HasPrefix(rules, "- ") {
					rules = "metrics:\n" + rules
				}
			case block.Language == "json" && rules != "":
				tag, _, _ := strings.Cut(block.Note, " ")
				f([]byte(rules), tag, block.Body)
			}
		}
	}
}

// TestExplainEqualsApply runs over the examples of the documents.
func TestExplainEqualsApply(t *testing.T) {
	eachExample(t, func(rules []byte, tag, events string) {
		r, err := config.ParseRules("rules.yaml", rules)
		if err != nil {
			t.Fatal(err)
		}
		for _, tag := range []string{tag, "app.web.1"} {
			compareExplain(t, []*config.Rules{r, defaults(t)}, tag, chunktest.Events(events))
		}
	})
}

func FuzzExplain(f *testing.F) {
	language, err := os.ReadFile("../config/testdata/valid/language.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(language, "app.web", chunktest.Events(`{"a":1,"b":{"c":"2"},"items":[{"n":1}]}`))
	f.Add([]byte("metrics:\n- {name: '${field}', type: gauge, fields: ., first: true}\n- {drop: true, fields: a}"), "t", chunktest.Events(`{"a":1,"b":2}`))
	f.Add([]byte("metrics:\n- {name: d, type: gauge, help: H., value: $v, aggregate: max, round: 1m}\n- {name: s, type: summary, help: H., value: $v, quantiles: {0.5: 0.1}}"),
		"t", chunktest.Events("{\"v\":1e308}\n{\"v\":-0.0}\n{\"v\":\"1e309\"}\n{\"v\":[1,\"2\",null,{}]}"))
	eachExample(f, func(rules []byte, tag, events string) { f.Add(rules, tag, chunktest.Events(events)) })
	f.Fuzz(func(t *testing.T, text []byte, tag string, chunk []byte) {
		rules, err := config.ParseRules("rules.yaml", text)
		if err != nil {
			t.Skip()
		}
		compareExplain(t, []*config.Rules{rules}, tag, chunk)
	})
}
