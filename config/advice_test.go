package config

import (
	"slices"
	"testing"
)

func TestAdvice(t *testing.T) {
	const rule = "metrics: [{name: a_total, type: counter, help: h, "
	for name, test := range map[string]struct {
		text string
		want []Code
	}{
		"nothing":             {rule + "labels: {status: $status}}]", nil},
		"a path":              {rule + "labels: {path: $path}}]", []Code{UnboundedLabel}},
		"a nested path":       {rule + "labels: {path: \"$request['path']\"}}]", []Code{UnboundedLabel}},
		"a path that is cut":  {rule + "labels: {path: {from: $path, regex: '^/[a-z]*'}}}]", nil},
		"a path with a bound": {rule + "series_limit: 100, labels: {path: $path}}]", nil},
		"a path in a name":    {"metrics: [{name: 'a_${path}_${kind}', type: gauge, help: h, value: $v}]", []Code{UnboundedName}},
		"a pod":               {rule + "labels: {pod: \"$kubernetes['pod_name']\"}}]", []Code{NoTTL}},
		"a pod with a ttl":    {rule + "ttl: 1h, labels: {pod: \"$kubernetes['pod_name']\"}}]", nil},
		"the same rule twice": {"metrics:\n- &a {name: a_total, type: counter, help: h}\n- *a\n", []Code{Duplicate}},
		"two conditions":      {rule + "condition: {field: $a, op: exists}}, {name: a_total, type: counter, condition: {field: $b, op: exists}}]", nil},
		"after a first":       {rule + "first: true}, {name: b_total, type: counter, help: h}]", []Code{Unreachable}},
		"after another first": {rule + "first: true, match: a.*}, {name: b_total, type: counter, help: h}]", nil},
		"an unguarded value": {
			rule + "value: $size}, {name: b_total, type: counter, help: h, condition: {field: $log, op: exists}}]", []Code{UnguardedValue}},
		"a guarded value": {
			rule + "value: $size, condition: {field: $size, op: exists}}, {name: b_total, type: counter, help: h, condition: {field: $log, op: exists}}]",
			nil},
		"mistakes and warnings": {"metrics: [{name: a, type: counter, help: h, lables: {}}]", []Code{CounterTotal, UnknownKey}},
	} {
		t.Run(name, func(t *testing.T) {
			r := Check("rules.yaml", []byte(test.text))
			var got []Code
			for _, m := range append(r.Warnings, r.Mistakes...) {
				got = append(got, m.Code)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("%q, want %q: %v %v", got, test.want, r.Warnings, r.Mistakes)
			}
		})
	}
}
