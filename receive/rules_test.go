package receive_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// compile compiles a rules file with these rules on metrics events.
func compile(t testing.TB, received string, counters *rule.Counters) *rule.Set {
	t.Helper()
	rules, err := config.ParseRules("rules.yaml", []byte(received))
	if err != nil {
		t.Fatal(err)
	}
	return rule.Compile([]*config.Rules{rules}, rule.Options{Namespace: "edge", Counters: counters})
}

// point is a family of one scalar point with the label l.
func point(kind int, name, value, label string) string {
	return scalar(kind, name, "", fmt.Sprintf(`{"ts":$T,"value":%s,"labels":[%q]}`, value, label))
}

// TestRules applies rules to chunks, and compares the page, what was dropped, and what the rules count.
func TestRules(t *testing.T) {
	const otlp = `{"meta":{"cmetrics":{"producer":"opentelemetry"},"external":{"resource":{"attributes":{"team":"core","n":7}},` +
		`"scope":{"metadata":{"name":"lib"}}},"processing":{}},"metrics":[` +
		`{"meta":{"type":1,"opts":{"name":"q"},"labels":[]},"values":[{"ts":$T,"value":1}]}]}`
	two := point(1, "g", "1", "a") + "," + point(1, "g", "2", "b")
	for name, row := range map[string]struct {
		rules string
		steps []step
		drops string
		page  string
		count string // by rule: matched, applied
	}{
		"drop by name": {
			"[{metric: 'node_*', drop: true}]",
			[]step{{0, "t", false, point(1, "node_x", "1", "a") + "," + point(1, "g", "1", "a")}},
			"dropped_by_rule 1", "# TYPE g gauge\ng{l=\"a\"} 1\n", "received[0] 1 0",
		},
		"drop by tag": {
			"[{match: 'a.*', drop: true}]",
			[]step{{0, "a.b", false, point(1, "g", "1", "a")}, {0, "b", false, point(1, "h", "1", "a")}},
			"dropped_by_rule 1", "# TYPE h gauge\nh{l=\"a\"} 1\n", "received[0] 1 0",
		},
		"drop by label": {
			"[{condition: {field: \"$labels['l']\", op: regex, value: ^b}, drop: true}]",
			[]step{{0, "t", false, two}},
			"dropped_by_rule 1", "# TYPE g gauge\ng{l=\"a\"} 1\n", "received[0] 1 0",
		},
		"a list of what is taken": {
			"[{metric: g, first: true}, {drop: true}]",
			[]step{{0, "t", false, point(1, "g", "1", "a") + "," + point(1, "h", "1", "a")}},
			"dropped_by_rule 1", "# TYPE g gauge\ng{l=\"a\"} 1\n", "received[0] 1 1,received[1] 1 0",
		},
		"rename": {
			"[{metric_regex: '^flb_(?P<rest>.*)$', name: 'agent_${rest}_${namespace}x_${1}', help: Why., rule: agent}]",
			[]step{{0, "t", false, point(1, "flb_g", "1", "a")}},
			"", "# HELP agent_g_edge_x_g Why.\n# TYPE agent_g_edge_x_g gauge\nagent_g_edge_x_g{l=\"a\"} 1\n", "agent 1 1",
		},
		"labels": {
			`[{labels: {a: x, m: "$labels['l']", l: '', t: "$TAG[1]", n: $name, z: {from: "$labels['l']", case: upper}, none: "$labels['q']"}}]`,
			[]step{{0, "t.u", false, point(1, "g", "1", "v")}},
			"", "# TYPE g gauge\ng{a=\"x\",m=\"v\",n=\"g\",t=\"u\",z=\"V\"} 1\n", "received[0] 1 1",
		},
		"a label of the file, and a later rule": {
			"[{labels: {l: one}}, {labels: {l: two}}]\nlabels: {site: eu}",
			[]step{{0, "t", false, point(1, "g", "1", "v")}},
			"", "# TYPE g gauge\ng{l=\"two\",site=\"eu\"} 1\n", "received[0] 1 1,received[1] 1 1",
		},
		"attributes": {
			`[{labels: {team: "$group_attributes['resource']['attributes']['team']", n: "$group_attributes['resource']['attributes']['n']", lib: "$group_attributes['scope']['name']"}}]`,
			[]step{{0, "t", false, otlp}},
			"", "# TYPE q gauge\nq{lib=\"lib\",n=\"7\",team=\"core\"} 1\n", "received[0] 1 1",
		},
		"type": {
			"[{type: gauge}]",
			[]step{{0, "t", false, point(0, "c", "-1", "a") + "," + point(4, "u", "1", "a")}},
			"", "# TYPE c gauge\nc{l=\"a\"} -1\n# TYPE u gauge\nu{l=\"a\"} 1\n", "received[0] 2 2",
		},
		"delta": {
			"[{match: s, temporality: delta}]",
			[]step{
				{0, "s", false, point(0, "c", "2", "a") + "," + point(1, "g", "10", "a")},
				{1, "s", false, point(0, "c", "3", "a") + `,{"meta":{"type":1,"opts":{"name":"g"},"labels":["incremental","l"]},"values":[{"ts":$T,"value":-4,"labels":["true","a"]}]}`},
			},
			"", "# TYPE c counter\nc{l=\"a\"} 5\n# TYPE g gauge\ng{l=\"a\"} 6\n", "received[0] 4 4",
		},
		"ttl": {
			"[{metric: g, ttl: 1m}]",
			[]step{{0, "t", false, point(1, "g", "1", "a") + "," + point(1, "h", "1", "a")}, {61, "t", false, point(1, "i", "1", "a")}},
			"", "# TYPE h gauge\nh{l=\"a\"} 1\n# TYPE i gauge\ni{l=\"a\"} 1\n", "received[0] 1 1",
		},
		"series_limit": {
			"[{series_limit: 1}]",
			[]step{{0, "t", false, two}},
			"series_limit 1", "# TYPE g gauge\ng{l=\"a\"} 1\n", "received[0] 2 1 series_limit",
		},
		"a name of the plugin": {
			"[{metric_regex: '^a(.*)$', name: '${1}_x'}]",
			[]step{{0, "t", false, point(1, "ago", "1", "a")}},
			"reserved_name 1", "", "received[0] 1 0 reserved_name",
		},
		"two names become one": {
			"[{metric: '?', drop: true}, {metric: g, name: x}, {metric: h, name: x}, {metric: i, name: x, type: counter}]",
			[]step{{0, "t", false, point(1, "g", "1", "a") + "," + point(1, "h", "1", "b") + "," + point(1, "i", "1", "c")}},
			"family_conflict 1", "# TYPE x gauge\nx{l=\"a\"} 1\nx{l=\"b\"} 1\n",
			"received[0] 0 0,received[1] 1 1,received[2] 1 1,received[3] 1 0 family_conflict",
		},
		"a label that the type has": {
			"[{labels: {le: x}}]",
			[]step{{0, "t", false, `{"meta":{"type":2,"opts":{"name":"h"},"labels":[],"buckets":[1]},"values":[{"ts":$T,"histogram":{"buckets":[1,1],"sum":1,"count":1}}]}`}},
			"bad_label 1", "", "received[0] 1 0 bad_label",
		},
		"scalars only": {
			"[{type: counter}, {temporality: delta}]",
			[]step{{0, "t", false, `{"meta":{"type":3,"opts":{"name":"s"},"labels":[]},"values":[{"ts":$T,"summary":{"quantiles_set":0,"quantiles":[],"sum":0,"count":1}}]}`}},
			"", "# TYPE s summary\ns_sum 0\ns_count 1\n", "received[0] 0 0,received[1] 0 0",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			set := compile(t, "received: "+row.rules, nil)
			r.scratch.Rules = set
			for _, s := range row.steps {
				chunk := s.chunk()
				if strings.HasPrefix(s.text, `{"meta":{"cmetrics"`) {
					chunk = chunktest.JSON(nil, strings.ReplaceAll(s.text, "$T", fmt.Sprint(base)))
				}
				r.read(chunk, s.tag, base+s.after*int64(time.Second))
				r.scratch.Finish(true)
			}
			if got := r.page(text); got != row.page && withoutHelp(got) != row.page {
				t.Errorf("got\n%swant\n%s", got, row.page)
			}
			if got := r.losses(); got != row.drops {
				t.Errorf("dropped %q, want %q", got, row.drops)
			}
			if got := counted(set); got != row.count {
				t.Errorf("counted %q, want %q", got, row.count)
			}
		})
	}
}

// counted returns what rules matched and applied, and the reasons for which points were dropped.
func counted(set *rule.Set) string {
	var all []string
	for _, s := range set.Stats() {
		text := fmt.Sprintf("%s %d %d", s.Rule, s.Matched(), s.Applied())
		for _, r := range collector.AllReasons() {
			if s.Dropped(r) > 0 {
				text += " " + r.String()
			}
		}
		all = append(all, text)
	}
	return strings.Join(all, ",")
}

// TestRulesAreRetried: what is not taken is not counted.
func TestRulesAreRetried(t *testing.T) {
	r := newRig(t)
	set := compile(t, "received: [{metric: g, labels: {a: b}}, {metric: h, labels: {le: x}}]", nil)
	r.scratch.Rules = set
	s := step{0, "t", false, point(1, "g", "1", "a")}
	for _, taken := range []bool{false, true} {
		r.batch.Reset()
		r.scratch.Read(s.chunk(), "t", &r.batch, func(m *record.Malformed) { t.Error(m) })
		r.scratch.Finish(taken)
	}
	if got := counted(set); got != "received[0] 1 1,received[1] 0 0" {
		t.Error(got)
	}
}

// TestRetain: when rules change, the series that they made leave the page, and others stay.
func TestRetain(t *testing.T) {
	delta := scalar(0, "c", `,"aggregation_type":1`, `{"ts":$T,"value":2,"labels":["a"]}`)
	for name, row := range map[string]struct{ before, after, page string }{
		"nothing changes": {
			"[{metric: g, name: x}]", "[{metric: g, name: x, ttl: 1h, help: h, series_limit: 7}]",
			"# TYPE c counter\nc{l=\"a\"} 2\n# TYPE h gauge\nh{l=\"a\"} 1\n# TYPE x gauge\nx{l=\"a\"} 1\n",
		},
		"rules come":      {"", "[{metric: g, drop: true}]", "# TYPE c counter\nc{l=\"a\"} 2\n# TYPE h gauge\nh{l=\"a\"} 1\n"},
		"rules go":        {"[{metric: g, name: x}]", "", "# TYPE c counter\nc{l=\"a\"} 2\n# TYPE h gauge\nh{l=\"a\"} 1\n"},
		"a drop comes":    {"[{metric: g, name: x}]", "[{metric: g, name: x}, {metric: '*', drop: true}]", ""},
		"a label changes": {"[{metric: g, labels: {a: b}}]", "[{metric: g, labels: {a: c}}]", "# TYPE c counter\nc{l=\"a\"} 2\n# TYPE h gauge\nh{l=\"a\"} 1\n"},
		"the tag is of others": {
			"[{match: u, name: x}]", "[{match: u, name: y}]",
			"# TYPE c counter\nc{l=\"a\"} 2\n# TYPE g gauge\ng{l=\"a\"} 1\n# TYPE h gauge\nh{l=\"a\"} 1\n",
		},
		"the order": {"[{metric: g, labels: {a: b}}, {labels: {a: c}}]", "[{labels: {a: c}}, {metric: g, labels: {a: b}}]",
			"# TYPE c counter\nc{a=\"c\",l=\"a\"} 2\n# TYPE h gauge\nh{a=\"c\",l=\"a\"} 1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			parse := func(text string) *rule.Set {
				if text == "" {
					text = "metrics: [{name: x_total, type: counter}]"
				} else {
					text = "received: " + text
				}
				return compile(t, text, nil)
			}
			r.scratch.Rules = parse(row.before)
			s := step{0, "t", false, point(1, "g", "1", "a") + "," + point(1, "h", "1", "a") + "," + delta}
			r.read(s.chunk(), "t", base)
			r.scratch.Finish(true)
			if err := r.collector.RetainReceived(parse(row.after).Fingerprint); err != nil {
				t.Fatal(err)
			}
			if got := withoutHelp(r.page(text)); got != row.page {
				t.Errorf("got\n%swant\n%s", got, row.page)
			}
		})
	}
}

// TestRulesAllocate: rules allocate nothing for what they have met.
func TestRulesAllocate(t *testing.T) {
	const rules = `received:
- {metric: 'node_scrape_*', drop: true}
- {metric_regex: '^fluentbit_(.*)$', name: 'agent_${1}', condition: {field: "$labels['name']", op: neq, value: dump.0}, labels: {cluster: eu, plugin: "$labels['name']", name: ''}}
- {match: t*, labels: {tag: $TAG, team: "$group_attributes['resource']['attributes']['service.name']"}, ttl: 1h}
- {metric: 'node_cpu*', labels: {cpu: {from: "$labels['cpu']", regex: '^(.)', replacement: 'n$1'}}}
`
	for _, name := range []string{"node_exporter_metrics", "fluentbit_metrics", "otlp_all_kinds", "prometheus_scrape"} {
		chunk := capture(t, "v5.1.1/"+name)
		r := newRig(t)
		r.scratch.Rules = compile(t, rules, nil)
		now := cmetrics.Newest(chunk)
		failed := func(*record.Malformed) {}
		n := testing.AllocsPerRun(20, func() {
			r.batch.Reset()
			r.batch.Now = now
			r.scratch.Read(chunk, "tag", &r.batch, failed)
			if err := r.collector.Ingest(&r.batch, nil); err != nil {
				t.Fatal(err)
			}
			r.scratch.Finish(true)
			r.scratch.Release()
		})
		if n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func capture(t testing.TB, name string) []byte {
	t.Helper()
	chunk, err := os.ReadFile(filepath.Join("..", "cmetrics", "testdata", "chunks", filepath.FromSlash(name)+".mp"))
	if err != nil {
		t.Fatal(err)
	}
	return chunk
}

// randomRules writes a few rules.
func randomRules(rnd *rand.Rand) string {
	pick := func(words ...string) string { return words[rnd.IntN(len(words))] }
	var b strings.Builder
	b.WriteString("received:\n")
	for range 1 + rnd.IntN(5) {
		b.WriteString(pick("- {match: '*'", "- {match: 'ta*'", "- {match: other", "- {match_regex: 'g$'"))
		b.WriteString(pick("", "", ", metric: '*_total'", ", metric: 'node_*'", ", metric: '*e*s*'", ", metric_regex: '^(.)(.*)$'", ", metric_regex: 'o'"))
		b.WriteString(pick("", "", ", condition: {field: \"$labels['name']\", op: exists}", ", condition: {field: $name, op: regex, value: a}",
			", condition: {op: or, rules: [{field: \"$labels['cpu']\", op: gt, value: 0}, {field: [\"$labels['device']\", $TAG], op: not_in, value: [lo, 1]}]}"))
		if rnd.IntN(4) == 0 {
			b.WriteString(", drop: true}\n")
			continue
		}
		b.WriteString(pick("", "", ", first: true") + pick("", "", ", name: x", ", name: 'y_${namespace}'", ", name: h_count") +
			pick("", "", ", type: gauge", ", type: counter", ", type: untyped") + pick("", "", ", temporality: delta", ", temporality: cumulative", ", snapshot: true") +
			pick("", "", ", ttl: 1h", ", ttl: 0") + pick("", "", ", series_limit: 2", ", help: Why.") + pick("", "", ", max_lag: 1s") + pick("", "", ", timestamps: true") +
			pick("", "", ", labels: {a: b, name: ''}", ", labels: {l: \"$labels['name']\", t: \"$TAG[0]\", le: x}",
				", labels: {quantile: {from: $name, length: bytes}, x: {from: [\"$group_attributes['scope']['name']\", $name], mask: [number]}}"))
		b.WriteString("}\n")
	}
	return b.String()
}

// TestRandomRules applies random rules to the captures. Every point that was received is applied or dropped for a
// reason, and the page is one that a scraper reads.
func TestRandomRules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "cmetrics", "testdata", "chunks", "v[45]*", "[^t]*.mp"))
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for seed := range uint64(60) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		rules := randomRules(rnd)
		r := newRig(t)
		r.scratch.Rules = compile(t, rules, nil)
		received := uint64(0)
		for range 6 {
			chunk := capture(t, strings.TrimSuffix(filepath.ToSlash(strings.SplitN(files[rnd.IntN(len(files))], "chunks"+string(filepath.Separator), 2)[1]), ".mp"))
			r.read(chunk, []string{"tag", "other", "x.g"}[rnd.IntN(3)], cmetrics.Newest(chunk))
			received += uint64(r.scratch.Points)
			r.scratch.Finish(true)
			if err := r.collector.RetainReceived(compile(t, randomRules(rnd), nil).Fingerprint); err != nil {
				t.Fatal(err)
			}
		}
		s := r.collector.Stats()
		got := s.PointsApplied()
		for _, reason := range collector.PointReasons() {
			got += s.PointsDropped(reason)
		}
		if got != received || s.PointsDropped(collector.Panicked) > 0 {
			t.Errorf("seed %d: %d points came, %d are counted, with\n%s", seed, received, got, rules)
		}
		if page := r.page(text); seed%10 == 0 {
			promtool(t, page)
		}
	}
}

// BenchmarkRules receives a capture without rules, and with rules that look at names or at labels.
func BenchmarkRules(b *testing.B) {
	for _, row := range []struct{ name, rules string }{
		{"none", "metrics: [{name: x_total, type: counter}]"},
		{"names", "received: [{metric: 'node_scrape_*', drop: true}, {metric_regex: '^node_(.*)$', name: 'host_${1}'}]"},
		{"labels", "received: [{condition: {field: \"$labels['device']\", op: regex, value: '^(loop|ram)'}, drop: true}, {labels: {site: eu, dev: \"$labels['device']\", device: ''}}]"},
	} {
		b.Run(row.name, func(b *testing.B) {
			chunk := capture(b, "v5.1.1/node_exporter_metrics")
			r := rig{collector: collector.New(collector.Options{SeriesLimit: 100_000})}
			defer r.collector.Close()
			r.scratch.Rules = compile(b, row.rules, nil)
			now, points := cmetrics.Newest(chunk), 0
			b.ReportAllocs()
			for b.Loop() {
				r.batch.Reset()
				r.batch.Now = now
				r.scratch.Read(chunk, "tag", &r.batch, func(*record.Malformed) {})
				if err := r.collector.Ingest(&r.batch, nil); err != nil {
					b.Fatal(err)
				}
				r.scratch.Finish(true)
				points += r.scratch.Points
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(points), "ns/point")
		})
	}
}
