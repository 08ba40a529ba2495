package rule_test

import "testing"

// gauges returns rules of one gauge each, by the specifications of their values.
func gauges(values ...string) string {
	rules := "metrics:\n"
	for i, value := range values {
		rules += "- {name: " + string(rune('a'+i)) + ", type: gauge, help: A., value: " + value + ", labels: {n: $n}}\n"
	}
	return rules
}

// TestNumbersAsProgramsWriteThem has records as users have reported them.
func TestNumbersAsProgramsWriteThem(t *testing.T) {
	for name, s := range map[string]scenario{
		"several upstreams of nginx, of which the last one counts": {
			rules: `
				metrics:
				- name: nginx_upstream_duration_seconds
				  type: histogram
				  help: Time that the last upstream took.
				  unit: seconds
				  value: {from: $upstream_response_time, split: [',', ':'], pick: last, optional: true}
				  buckets: [0.01, 0.1, 1]
				  labels: {host: $host}`,
			records: `
				{"host":"shop.example","status":200,"upstream_response_time":"0.030"}
				{"host":"shop.example","status":200,"upstream_response_time":"0.004, 0.012"}
				{"host":"shop.example","status":502,"upstream_response_time":"0.001, -, 0.250"}
				{"host":"shop.example","status":200,"upstream_response_time":"0.002 : 0.300"}
				{"host":"shop.example","status":304,"upstream_response_time":"-"}
				{"host":"shop.example","status":499,"upstream_response_time":""}`,
			want: `
				# HELP nginx_upstream_duration_seconds Time that the last upstream took.
				# TYPE nginx_upstream_duration_seconds histogram
				nginx_upstream_duration_seconds_bucket{host="shop.example",le="0.01"} 0
				nginx_upstream_duration_seconds_bucket{host="shop.example",le="0.1"} 2
				nginx_upstream_duration_seconds_bucket{host="shop.example",le="1"} 4
				nginx_upstream_duration_seconds_bucket{host="shop.example",le="+Inf"} 4
				nginx_upstream_duration_seconds_sum{host="shop.example"} 0.592
				nginx_upstream_duration_seconds_count{host="shop.example"} 4`,
		},
		"nanoseconds, and separators of thousands": {
			rules: `
				metrics:
				- name: traefik_request_duration_seconds
				  type: summary
				  help: Time to serve a request.
				  value: {from: $Duration, thousands: ',', scale: 1e-9}
				- name: traefik_sent_bytes_total
				  type: counter
				  help: Bytes of the answers.
				  value: {from: $DownstreamContentSize, parse: bytes, thousands: ','}`,
			records: `
				{"DownstreamStatus":207,"Duration":8184335,"DownstreamContentSize":287}
				{"DownstreamStatus":200,"Duration":811143286,"DownstreamContentSize":0}
				{"DownstreamStatus":200,"Duration":"24,534,228","DownstreamContentSize":"418,399"}`,
			want: `
				# HELP traefik_request_duration_seconds Time to serve a request.
				# TYPE traefik_request_duration_seconds summary
				traefik_request_duration_seconds_sum 0.8438618490000002
				traefik_request_duration_seconds_count 3
				# HELP traefik_sent_bytes_total Bytes of the answers.
				# TYPE traefik_sent_bytes_total counter
				traefik_sent_bytes_total 418686`,
		},
		"durations": {
			rules: gauges(`{from: $took, parse: duration}`),
			records: `
				{"n":"timespan","took":"00:01:19.2291584"}
				{"n":"timespan_days","took":"1.02:03:04"}
				{"n":"mmss","took":"04:05"}
				{"n":"iso","took":"PT26.481S"}
				{"n":"iso_hm","took":"PT1H2M"}
				{"n":"prom","took":"1d22h"}
				{"n":"uptime","took":"3w0d"}
				{"n":"go","took":"1m30.5s"}
				{"n":"words","took":"1.25 seconds"}
				{"n":"msec","took":"350 msec"}
				{"n":"python","took":"1 day, 2:03:04"}
				{"n":"year","took":"1y2w"}`,
			want: `
				# HELP a A.
				# TYPE a gauge
				a{n="timespan"} 79.2291584
				a{n="timespan_days"} 93784
				a{n="mmss"} 245
				a{n="iso"} 26.481
				a{n="iso_hm"} 3720
				a{n="prom"} 165600
				a{n="uptime"} 1.8144e+06
				a{n="go"} 90.5
				a{n="words"} 1.25
				a{n="msec"} 0.35
				a{n="python"} 93784
				a{n="year"} 3.27456e+07`,
		},
		"the pauses and the heap of a JVM": {
			rules: `
				metrics:
				- name: jvm_gc_pause_seconds
				  type: summary
				  help: GC pauses.
				  condition: {field: $what, op: regex, value: '^Pause'}
				  value: {from: $took, parse: duration, thousands: ',', optional: true}
				  labels: {phase: $what}
				- name: jvm_heap_after_gc_bytes
				  type: gauge
				  help: Heap after a collection.
				  value: {from: $after, parse: bytes, base: 1024, optional: true}
				  labels: {gc: $id}`,
			records: `
				{"id":"374","what":"Pause Young","before":"200M","after":"45M","took":"3.456ms"}
				{"id":"375","what":"Pause Full","before":"33554432K","after":"147456K","took":"1,204.5ms"}
				{"id":"376","what":"Concurrent Mark","before":"","after":"","took":"12.001ms"}
				{"id":"377","what":"Pause Young","before":"","after":"","took":""}
				{"id":"377","what":"Pause Young","before":"1G","after":"512M","took":"28.99ms"}`,
			want: `
				# HELP jvm_gc_pause_seconds GC pauses.
				# TYPE jvm_gc_pause_seconds summary
				jvm_gc_pause_seconds_sum{phase="Pause Young"} 0.032445999999999996
				jvm_gc_pause_seconds_count{phase="Pause Young"} 2
				jvm_gc_pause_seconds_sum{phase="Pause Full"} 1.2045
				jvm_gc_pause_seconds_count{phase="Pause Full"} 1
				# HELP jvm_heap_after_gc_bytes Heap after a collection.
				# TYPE jvm_heap_after_gc_bytes gauge
				jvm_heap_after_gc_bytes{gc="374"} 4.718592e+07
				jvm_heap_after_gc_bytes{gc="375"} 1.50994944e+08
				jvm_heap_after_gc_bytes{gc="377"} 5.36870912e+08`,
		},
		"lines with their ends, as the input head reads them": {
			rules: gauges(`{from: $head, scale: 0.001, optional: true}`, `{from: $word, map: {up: 1}, optional: true}`,
				`{from: $took, parse: duration, optional: true}`),
			records: `
				{"head":"47234\n","word":" up\r\n","took":"\t15ms "}`,
			want: `
				# HELP a A.
				# TYPE a gauge
				a 47.234
				# HELP b A.
				# TYPE b gauge
				b 1
				# HELP c A.
				# TYPE c gauge
				c 0.015`,
		},
		"numbers in the middle of a line": {
			rules: gauges(`{from: $log, regex: 'in ([0-9.]+ms)', parse: duration}`, `{from: $log, regex: '(\d+)\.(\d+)ms', replacement: '$1$2'}`),
			records: `
				{"n":"a","log":"Sent 200 in 54.5ms"}
				{"n":"b","log":"Sent nothing"}`,
			want: `
				# HELP a A.
				# TYPE a gauge
				a{n="a"} 0.0545
				# HELP b A.
				# TYPE b gauge
				b{n="a"} 545`,
		},
	} {
		t.Run(name, s.run)
	}
}

func TestPick(t *testing.T) {
	scenario{
		rules: gauges(`{from: $load, split: ' ', pick: first}`, `{from: $load, split: ' ', pick: last}`,
			`{from: $load, split: ' ', pick: min}`, `{from: $load, split: ' ', pick: max}`, `{from: $load, split: ' ', pick: sum}`,
			`{from: $load, pick: max}`) + `
- {name: y_total, type: counter, help: Y., value: {from: $load, split: ' ', pick: each, scale: 2}, labels: {n: $n}}
- {name: z, type: histogram, help: Z., buckets: [1], value: {from: $load, split: ' ', pick: each, default: 9}, labels: {n: $n}}`,
		records: `
			{"n":"text","load":"3 0.5  1.25"}
			{"n":"array","load":[3,"0.5",null,"-",1.25]}
			{"n":"one","load":7}
			{"n":"word","load":"1 x 2"}
			{"n":"empty","load":[]}
			{"n":"blank","load":"-"}`,
		want: `
			# HELP a A.
			# TYPE a gauge
			a{n="text"} 3
			a{n="array"} 3
			a{n="one"} 7
			a{n="word"} 1
			# HELP b A.
			# TYPE b gauge
			b{n="text"} 1.25
			b{n="array"} 1.25
			b{n="one"} 7
			b{n="word"} 2
			# HELP c A.
			# TYPE c gauge
			c{n="text"} 0.5
			c{n="array"} 0.5
			c{n="one"} 7
			# HELP d A.
			# TYPE d gauge
			d{n="text"} 3
			d{n="array"} 3
			d{n="one"} 7
			# HELP e A.
			# TYPE e gauge
			e{n="text"} 4.75
			e{n="array"} 4.75
			e{n="one"} 7
			# HELP f A.
			# TYPE f gauge
			f{n="array"} 3
			f{n="one"} 7
			# HELP y_total Y.
			# TYPE y_total counter
			y_total{n="text"} 9.5
			y_total{n="array"} 9.5
			y_total{n="one"} 14
			y_total{n="word"} 6
			# HELP z Z.
			# TYPE z histogram
			z_bucket{n="text",le="1"} 1
			z_bucket{n="text",le="+Inf"} 3
			z_sum{n="text"} 4.75
			z_count{n="text"} 3
			z_bucket{n="array",le="1"} 1
			z_bucket{n="array",le="+Inf"} 3
			z_sum{n="array"} 4.75
			z_count{n="array"} 3
			z_bucket{n="one",le="1"} 0
			z_bucket{n="one",le="+Inf"} 1
			z_sum{n="one"} 7
			z_count{n="one"} 1
			z_bucket{n="word",le="1"} 1
			z_bucket{n="word",le="+Inf"} 2
			z_sum{n="word"} 3
			z_count{n="word"} 2
			z_bucket{n="empty",le="1"} 0
			z_bucket{n="empty",le="+Inf"} 1
			z_sum{n="empty"} 9
			z_count{n="empty"} 1
			z_bucket{n="blank",le="1"} 0
			z_bucket{n="blank",le="+Inf"} 1
			z_sum{n="blank"} 9
			z_count{n="blank"} 1`,
	}.run(t)
}

func TestLayouts(t *testing.T) {
	scenario{
		rules: gauges(`{from: $t, parse: timestamp, layout: ['%d/%b/%Y:%H:%M:%S %z', '%Y-%m-%d %H:%M:%S.%L', '%b %e %H:%M:%S', '%d.%m.%y %H:%M,%L'], timezone: Europe/Berlin}`,
			`{from: $ms, parse: timestamp, unit: ms, optional: true}`, `{from: $us, parse: timestamp, unit: us, optional: true}`,
			`{from: $ns, parse: timestamp, unit: ns, optional: true}`, `{from: $s, parse: timestamp, unit: s, optional: true}`,
			`{from: $hex, parse: hex, optional: true}`),
		records: `
			{"n":"clf","t":"14/Nov/2023:22:13:20 +0000"}
			{"n":"colon","t":"14/Nov/2023:23:13:20 +01:00"}
			{"n":"local","t":"2023-11-14 23:13:20.123456789"}
			{"n":"syslog","t":"Nov 14 23:13:20"}
			{"n":"last year","t":"Dec 24 23:13:20"}
			{"n":"leap day","t":"Feb 28 00:00:00"}
			{"n":"dots","t":"14.11.23 23:13,5"}
			{"n":"no fraction","t":"14.11.23 23:13"}
			{"n":"numbers","ms":1700000000123,"us":"1700000000123456","ns":"1700000000123456789","s":" 1700000000 ","hex":"0xFF"}
			{"n":"hex","hex":"7fffffffffffffff"}
			{"n":"not hex","hex":"0x"}`,
		want: `
			# HELP a A.
			# TYPE a gauge
			a{n="clf"} 1.7e+09
			a{n="colon"} 1.7e+09
			a{n="local"} 1.7000000001234567e+09
			a{n="syslog"} 1.7e+09
			a{n="last year"} 1.703456e+09
			a{n="leap day"} 1.6775388e+09
			a{n="dots"} 1.6999999805e+09
			# HELP b A.
			# TYPE b gauge
			b{n="numbers"} 1.700000000123e+09
			# HELP c A.
			# TYPE c gauge
			c{n="numbers"} 1.700000000123456e+09
			# HELP d A.
			# TYPE d gauge
			d{n="numbers"} 1.7000000001234567e+09
			# HELP e A.
			# TYPE e gauge
			e{n="numbers"} 1.7e+09
			# HELP f A.
			# TYPE f gauge
			f{n="numbers"} 255
			f{n="hex"} 9.223372036854776e+18`,
	}.run(t)
}
