package pipeline

import (
	"encoding/json"
	"testing"

	"github.com/promexporter/promexporter/flb"
)

const receivedRules = `
metrics: [{name: lines_total, type: counter, help: Lines.}]
received:
- {metric: node_*, name: load1, labels: {host: $TAG}}
- {metric: hits, rule: hits, name: hits_total}
`

// TestReceivedRules: rules on metrics events are read again like others, and series to which the same rules apply stay.
func TestReceivedRules(t *testing.T) {
	rules := writeRules(t, receivedRules)
	p, _ := openOne(t, map[string]string{"rules_file": rules, "reload": "on"})
	for range 2 {
		if status := p.Flush(metricsNow(), "node"); status != flb.OK {
			t.Fatalf("status %d", status)
		}
	}
	expect(t, p, `
		load1{host="node"} 0.5
		hits_total{a="x"} 4
		promexporter_rule_records_matched_total{output="promexporter.0",rule="received[0]"} 2
		promexporter_rule_samples_total{output="promexporter.0",rule="hits"} 2
		promexporter_rule_series{output="promexporter.0",rule="hits"} 1
		promexporter_rule_series{output="promexporter.0",rule="lines_total"} 0
		promexporter_points_applied_total{output="promexporter.0"} 4`)
	rewrite(t, rules, `
metrics: [{name: lines_total, type: counter, help: Lines.}]
received:
- {metric: node_*, drop: true}
- {metric: hits, rule: hits, name: hits_total, ttl: 1h}
`)
	if err := p.reload(); err != nil {
		t.Fatal(err)
	}
	expect(t, p, `
		hits_total{a="x"} 4
		promexporter_series{output="promexporter.0"} 1`)
	p.Flush(metricsNow(), "node")
	expect(t, p, `
		hits_total{a="x"} 6
		promexporter_points_dropped_total{output="promexporter.0",reason="dropped_by_rule"} 1
		promexporter_series{output="promexporter.0"} 1`)
}

// TestReceivedRulesOverHotReload: a hot reload of Fluent Bit does the same.
func TestReceivedRulesOverHotReload(t *testing.T) {
	process := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, receivedRules)}
	p := process.open("promexporter.0", keys)
	p.Flush(metricsNow(), "node")
	p = process.reload(p, keys)
	expect(t, p, `
		load1{host="node"} 0.5
		hits_total{a="x"} 2`)
	p = process.reload(p, map[string]string{"rules_file": writeRules(t, "received: [{metric: hits, drop: true}]")})
	expect(t, p, `promexporter_series{output="promexporter.0"} 0`)
	p.Flush(metricsNow(), "node")
	expect(t, p, `
		node_load1 0.5
		promexporter_series{output="promexporter.0"} 1`)
}

// TestReceivedRulesYield: a metric of records wins over a received one that a rule renames.
func TestReceivedRulesYield(t *testing.T) {
	rules := writeRules(t, "metrics: [{name: lines_total, type: counter, help: Lines.}]\n"+
		"received: [{metric_regex: '^h(.*)$', name: 'lines_total'}, {metric_regex: '^node_(.*)$', name: 'go_${1}'}]")
	keys := map[string]string{"rules_file": rules}
	if _, err := Open(newProcess(t).options("promexporter.0", keys)); err == nil {
		t.Error("two metrics have one name, and a third one the plugin's")
	}
	rewrite(t, rules, "metrics: [{name: lines_total, type: counter, help: Lines.}]\n"+
		"received: [{metric_regex: '^(h).*$', name: 'lines_tot${namespace}al'}, {metric_regex: '^node_(.*)1$', name: '${1}'}]")
	p, _ := openOne(t, keys)
	p.Flush(metricsNow(), "node")
	flush(t, p, "app", `{"a": 1}`, flb.OK)
	expect(t, p, `
		lines_total 1
		load 0.5
		promexporter_points_dropped_total{output="promexporter.0",reason="family_conflict"} 1
		promexporter_rule_errors_total{output="promexporter.0",reason="family_conflict",rule="received[0]"} 1`)
}

// TestReceivedRulesOnThePages: the rules are listed with those on records.
func TestReceivedRulesOnThePages(t *testing.T) {
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, receivedRules)})
	p.Flush(metricsNow(), "node")
	_, text := get(t, p, "/-/rules")
	var status struct {
		Instances []struct {
			Rules []struct {
				Rule, Type               string
				Matched, Samples, Series int
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &status); err != nil {
		t.Fatal(err, text)
	}
	rules := status.Instances[0].Rules
	if n := len(rules); n != 3 {
		t.Fatalf("%d rules\n%s", n, text)
	}
	if r := rules[2]; r.Rule != "hits" || r.Type != "received" || r.Matched != 1 || r.Samples != 1 || r.Series != 1 {
		t.Errorf("got %+v", r)
	}
}
