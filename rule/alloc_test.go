package rule_test

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// allocations returns how often memory is allocated for a record that was seen before.
func allocations(t *testing.T, rules *config.Rules, event string) float64 {
	t.Helper()
	set := rule.Compile([]*config.Rules{rules}, rule.Options{FieldLimit: 100})
	chunk := chunktest.Events(strings.ReplaceAll(event, "\n", ""))
	plan := set.Plan("a")
	var reader record.Reader
	var scratch rule.Scratch
	batch := collector.Batch{Now: 1700000000e9}
	n := testing.AllocsPerRun(100, func() {
		batch.Reset()
		reader.Reset(chunk, plan.Selector())
		for reader.Next(&scratch.Event) == nil {
			plan.Apply(&scratch, &batch)
		}
		plan.Finish(&scratch, true)
	})
	if batch.Len() == 0 {
		t.Errorf("no samples of %s", event)
	}
	return n
}

// TestNoAllocationsOfValues holds that the steps of values take no memory.
func TestNoAllocationsOfValues(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	const event = `{"n":"x","took":"1.5s","log":"Sent 200 in 54.5ms","list":"0.5, -, 0.25","array":[1,"2",3],
		"clock":"1 day, 00:01:19.5","iso":"PT1H2M3.5S","at":"2023-11-14 22:13:20.25 +01:00","day":"Nov 14 22:13:20",
		"sent":"1.418,5","heap":"45M","id":"0xff","ms":"1700000000000","nothing":"-"}`
	for _, value := range []string{
		"$TIME", "$NOW", "{from: [$none, $took], parse: duration}",
		"{from: $log, regex: 'in ([0-9.]+ms)', parse: duration}", "{from: $log, regex: '[0-9.]+$', default: 1}",
		"{from: $list, split: ', ', pick: first}", "{from: $list, split: ', ', pick: last}",
		"{from: $list, split: [',', ':'], pick: sum}", "{from: $list, split: ', ', pick: each}",
		"{from: $array, pick: max}", "{from: $array, pick: each}", "{from: $array, length: bytes}", "{from: $n, length: runes}",
		"{from: $clock, parse: duration}", "{from: $iso, parse: duration}",
		"{from: $at, parse: timestamp, layout: '%Y-%m-%d %H:%M:%S.%L %z'}",
		"{from: $day, parse: timestamp, layout: '%b %d %H:%M:%S', timezone: Europe/Berlin}",
		"{from: $ms, parse: timestamp, unit: ms}", "{from: $sent, decimal: ',', thousands: '.'}",
		"{from: $heap, parse: bytes, base: 1024}", "{from: $id, parse: hex}",
		"{from: $ms, minus: {from: $TIME, scale: 1000}, times: 2, divide_by: $ms, plus: 1, invert: true, min: 0}",
	} {
		rules := "metrics:\n- {name: '${field}', rule: f, type: gauge, help: F., fields: '^', value: {parse: number, optional: true}, labels: {p: \"$parent['n']\"}}\n" +
			"- {name: a, type: gauge, help: A., value: " + value + ", labels: {n: $n}}\n" +
			"- {name: b, type: gauge, help: B., value: {from: $nothing, optional: true}}\n" +
			"- {name: c, type: gauge, help: C., value: $took, aggregate: distinct, window: 5m}\n" +
			"- {name: d, type: gauge, help: D., condition: {field: $n, op: eq, value: y}, aggregate: count}\n" +
			"- {name: e_total, type: counter, help: E., value: $ms, temporality: cumulative, reset: {field: $day}}\n"
		if n := allocations(t, parse(t, rules), event); n != 0 {
			t.Errorf("%s: %v allocations", value, n)
		}
	}
}
