package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// TestRefusalIsOfTheValueAtFault holds that a refusal describes the value that is at fault, which may be an operand or
// a weight.
func TestRefusalIsOfTheValueAtFault(t *testing.T) {
	const event = `{"n":1,"zero":0,"low":-1,"word":"ab","list":"1,-2"}`
	for value, want := range map[string]string{
		"{from: $n, plus: {from: $low, min: 0}}":                "out_of_range $low -1 (a number from 0 to +Inf)",
		"{from: $n, plus: {from: $word, regex: '[0-9]+'}}":      "no_match $word ab (a match of [0-9]+)",
		"{from: $n, plus: {from: $word, parse: duration}}":      "not_a_number $word ab (a duration, such as 1m30s or 00:01:30)",
		"{from: $n, plus: {from: $n, minus: $none}}":            "no_value $none missing (a value)",
		"{from: $n, divide_by: $zero}":                          "division_by_zero $zero 0 (a divisor that is not 0)",
		"{from: $none, default: 1, plus: $gone}":                "no_value $gone missing (a value)",
		"{from: $n, plus: {from: $n, length: bytes}}":           "no_length $n 1 (a string, an array or a map)",
		"{from: $n, plus: $low, min: 1}":                        "out_of_range $n 1 (a number from 1 to +Inf)",
		"{from: $zero, plus: $zero, invert: true}":              "division_by_zero $zero 0 (a divisor that is not 0)",
		"{from: $word, plus: {from: $low, min: 0}}":             "not_a_number $word ab (a number)",
		"{from: $list, split: ',', pick: each, min: 0}":         "out_of_range $list -2 (a number from 0 to +Inf)",
		"{from: $list, split: ',', pick: each, plus: $word}":    "not_a_number $word ab (a number)",
		"$n, temporality: cumulative, reset: {field: $start}":   "no_value $start missing (a value)",
		"$word, temporality: cumulative, reset: {field: $n}":    "not_a_number $word ab (a number)",
		"$none, temporality: cumulative, reset: {field: $gone}": "no_value $none missing (a value)",
		"$none, aggregate: distinct, window: 5m":                "no_value $none missing (a value)",
		"$n}, count: {from: $low, min: 0}, buckets: [1]":        "out_of_range $low -1 (a number from 0 to +Inf)",
		"$n}, count: {from: $n, plus: $none}, buckets: [1]":     "no_value $none missing (a value)",
		"$n}, count: {from: $word, regex: x}, buckets: [1]":     "no_match $word ab (a match of x)",
		"$n}, count: {from: $n, scale: 0.1}, buckets: [1]":      "not_a_count $n 1 (a whole number from 1 to 2^32)",
	} {
		text := "metrics: [{name: a, type: gauge, help: h, value: " + value + "}]"
		if strings.Contains(value, "temporality:") {
			text = strings.Replace(text, "gauge", "counter", 1)
		}
		if strings.Contains(value, "count:") {
			text = "metrics: [{name: a, type: histogram, help: h, value: {from: " + value + "}]"
		}
		t.Run(value, func(t *testing.T) {
			r := newRig(t, rule.Options{}, parse(t, text))
			r.feed("tag", chunktest.Events(event))
			refusals := r.scratch.Refusals()
			if len(refusals) != 1 {
				t.Fatalf("%d refusals, want 1", len(refusals))
			}
			f := refusals[0]
			if got := fmt.Sprintf("%s %s %s (%s)", f.Reason, f.Field, f.Value, f.Expected); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
			plan := r.set.Plan("tag")
			read(t, r, plan, event)
			g := rule.Explain(&plan, &r.scratch, 0)[0].Reasons[0]
			if g.Reason != f.Reason || g.Field != f.Field || g.Expected != f.Expected {
				t.Errorf("explained as %s %s (%s), want %s", g.Reason, g.Field, g.Expected, want)
			}
		})
	}
}
