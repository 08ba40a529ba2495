package rule_test

import "testing"

func TestArithmetic(t *testing.T) {
	for name, s := range map[string]scenario{
		"operands": {
			rules: gauges(`{from: $a, minus: $b, plus: 0.5}`, `{from: $a, times: {from: $b, plus: 1}, divide_by: $c}`, `{from: $a, invert: true}`,
				`{from: $took, parse: duration, minus: {from: $waited, parse: duration, default: 0}}`),
			records: `
				{"n":"x","a":4,"b":"3","c":2,"took":"1.5s","waited":"500ms"}
				{"n":"y","a":0,"b":3,"c":0,"took":"1.5s"}
				{"n":"z","a":1}`,
			want: `
				# HELP a A.
				# TYPE a gauge
				a{n="x"} 1.5
				a{n="y"} -2.5
				# HELP b A.
				# TYPE b gauge
				b{n="x"} 8
				# HELP c A.
				# TYPE c gauge
				c{n="x"} 0.25
				c{n="z"} 1
				# HELP d A.
				# TYPE d gauge
				d{n="x"} 1
				d{n="y"} 1.5`,
		},
		"sampled timers and counters": {
			rules: `
				metrics:
				- {name: t, type: histogram, help: T., buckets: [1], value: $ms, count: {from: $sample_rate, invert: true, default: 1}}
				- {name: n_total, type: counter, help: N., value: {from: $n, default: 1, divide_by: {from: $sample_rate, default: 1}}}`,
			records: `
				{"ms":0.5,"sample_rate":0.1}
				{"ms":2,"sample_rate":0.3}
				{"ms":2}`,
			want: `
				# HELP n_total N.
				# TYPE n_total counter
				n_total 14.333333333333334
				# HELP t T.
				# TYPE t histogram
				t_bucket{le="1"} 10
				t_bucket{le="+Inf"} 14
				t_sum 13
				t_count 14`,
		},
		"lengths": {
			rules: gauges(`{from: $v, length: bytes}`, `{from: $v, length: runes}`),
			records: `
				{"n":"text","v":"größe"}
				{"n":"array","v":[1,[2,3],4]}
				{"n":"map","v":{"a":1,"b":2}}
				{"n":"empty","v":""}
				{"n":"number","v":7}
				{"n":"null","v":null}`,
			want: `
				# HELP a A.
				# TYPE a gauge
				a{n="text"} 7
				a{n="array"} 3
				a{n="map"} 2
				a{n="empty"} 0
				# HELP b A.
				# TYPE b gauge
				b{n="text"} 5
				b{n="array"} 3
				b{n="map"} 2
				b{n="empty"} 0`,
		},
		"times": {
			rules: gauges(`$TIME`, `{from: $NOW, minus: $TIME}`, `{from: $TIME, minus: {from: $started, parse: timestamp}, min: 0}`) + `
- {name: late_total, type: counter, help: L., condition: {field: $TIME, op: gt, value: 1699999999}}`,
			records: `{"n":"x","started":"2023-11-14T22:13:00Z"}`,
			want: `
				# HELP a A.
				# TYPE a gauge
				a{n="x"} 1.7e+09
				# HELP b A.
				# TYPE b gauge
				b{n="x"} 0
				# HELP c A.
				# TYPE c gauge
				c{n="x"} 20
				# HELP late_total L.
				# TYPE late_total counter
				late_total 1`,
		},
		"alternatives": {
			rules: `
				metrics:
				- name: log_lines_total
				  type: counter
				  help: Lines.
				  condition: {field: [$stdout, $log], op: exists}
				  value: {from: [$n, $count], default: 1}
				  labels:
				    app: {from: ["$kubernetes['labels']['app.kubernetes.io/name']", "$kubernetes['labels']['app']", "$kubernetes['container_name']"]}`,
			records: `
				{"log":"x","kubernetes":{"container_name":"web","labels":{"app.kubernetes.io/name":"shop","app":"old-shop"}}}
				{"log":"y","n":null,"count":3,"kubernetes":{"container_name":"api","labels":{"app.kubernetes.io/name":null,"app":"cart"}}}
				{"log":"z","n":2,"count":5,"kubernetes":{"container_name":"job"}}
				{"message":"z","kubernetes":{"container_name":"job"}}`,
			want: `
				# HELP log_lines_total Lines.
				# TYPE log_lines_total counter
				log_lines_total{app="shop"} 1
				log_lines_total{app="cart"} 3
				log_lines_total{app="job"} 2`,
		},
	} {
		t.Run(name, s.run)
	}
}
