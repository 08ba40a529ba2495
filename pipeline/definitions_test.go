package pipeline

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/flb"
)

// TestConflictingSections checks that two instances of one page cannot define a family differently, at the start and
// when rules are reloaded.
func TestConflictingSections(t *testing.T) {
	of := newProcess(t)
	first := of.open("promexporter.0", map[string]string{"rules_file": writeRules(t, asCounter)})
	keys := map[string]string{"rules_file": writeRules(t, asGauge), "listen_address": first.endpoint.Addrs()[0].String()}
	_, err := Open(of.options("promexporter.1", keys))
	want := "promexporter.0 and promexporter.1 share the page /metrics, and shared_total has the type counter in the first and gauge in " +
		"the second; define it the same in both, or give one of them another metrics_path"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	rewrite(t, keys["rules_file"], asCounter)
	second := of.open("promexporter.1", keys)
	rewrite(t, keys["rules_file"], asGauge)
	if err := second.reload(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	flush(t, second, "t", `{"n":1}`, flb.OK)
	expect(t, second, "shared_total 1\npromexporter_rules_last_reload_successful{output=\"promexporter.1\"} 0")
}

// TestConflictingDefinitions checks in which definitions two instances of one page must agree.
func TestConflictingDefinitions(t *testing.T) {
	rule := func(of string) string {
		return "metrics:\n- {name: shared_seconds, type: histogram, help: W., value: $n, " + of + "}\n"
	}
	of := newProcess(t)
	first := of.open("promexporter.0", map[string]string{"rules_file": writeRules(t, rule("unit: seconds, labels: {a: $a}, buckets: [1, 2]"))})
	for other, want := range map[string]string{
		"labels: {a: $a}, buckets: [1, 2]":                           "the unit seconds in the first and none in the second",
		"unit: seconds, labels: {a: $a, b: $b}, buckets: [1, 2]":     "the labels a in the first and a, b in the second",
		"unit: seconds, labels: {a: $a}, buckets: [1]":               "the buckets [1 2] in the first and the buckets [1] in the second",
		"unit: seconds, labels: {a: $a}, native: {factor: 1.1}":      "the buckets [1 2] in the first and the buckets [0.005",
		"unit: seconds, labels: {a: $b}, buckets: [1, 2], ttl: 1h":   "",
		"unit: seconds, labels: {a: $b}, buckets: [1, 2], match: x*": "",
	} {
		keys := map[string]string{"rules_file": writeRules(t, rule(other)), "listen_address": first.endpoint.Addrs()[0].String()}
		second, err := Open(of.options("promexporter.1", keys))
		if err == nil {
			second.Close()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), "shared_seconds has "+want)) {
			t.Errorf("%s: %v, want %s", other, err, want)
		}
	}
}

// TestSharedRulesFileChanges checks that two instances of one page with the same file reload it.
func TestSharedRulesFileChanges(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, asCounter)}
	first := of.open("promexporter.0", keys)
	keys["listen_address"] = first.endpoint.Addrs()[0].String()
	second := of.open("promexporter.1", keys)
	rewrite(t, keys["rules_file"], asGauge)
	for _, p := range []*Pipeline{first, second} {
		if err := p.reload(); err != nil {
			t.Error(err)
		}
	}
	flush(t, second, "t", `{"n":3}`, flb.OK)
	expect(t, first, "shared_total 3")
}

// TestHotReloadOfConflictingSections checks that a definition can change in two instances at once, and that an instance
// that changes it alone keeps its last valid rules.
func TestHotReloadOfConflictingSections(t *testing.T) {
	of := newProcess(t)
	both := map[string]string{"rules_file": writeRules(t, asCounter)}
	first := of.open("promexporter.0", both)
	both["listen_address"] = first.endpoint.Addrs()[0].String()
	own := map[string]string{"rules_file": writeRules(t, asCounter), "listen_address": both["listen_address"]}
	second := of.open("promexporter.1", own)
	reload := func() {
		t.Helper()
		first.CloseForReload()
		second.CloseForReload()
		first, second = of.open("promexporter.0", both), of.open("promexporter.1", own)
		flush(t, first, "t", `{"n":7}`, flb.OK)
	}
	rewrite(t, both["rules_file"], asGauge)
	rewrite(t, own["rules_file"], asGauge)
	reload()
	expect(t, first, `
		shared_total 7
		promexporter_rules_last_reload_successful{output="promexporter.0"} 1
		promexporter_rules_last_reload_successful{output="promexporter.1"} 1`)
	rewrite(t, own["rules_file"], asCounter)
	reload()
	expect(t, first, `
		shared_total 7
		promexporter_rules_last_reload_successful{output="promexporter.0"} 1
		promexporter_rules_last_reload_successful{output="promexporter.1"} 0
		promexporter_config_last_reload_successful{output="promexporter.1"} 1`)
}
