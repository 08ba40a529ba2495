package rule_test

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// scenario is rules, records of one tag, and the exposition that they make.
type scenario struct {
	rules, records, want string
	tag                  string // "app.web.1" unless given
}

func (s scenario) run(t *testing.T) {
	t.Helper()
	r := newRig(t, rule.Options{}, parse(t, dedent(s.rules)))
	if s.tag == "" {
		s.tag = "app.web.1"
	}
	r.feed(s.tag, chunktest.Events(s.records))
	r.expect(dedent(s.want))
}

// dedent takes the indentation of the first line off all lines, and blank lines off both ends.
func dedent(text string) string {
	text = strings.TrimLeft(text, "\n")
	indent := text[:len(text)-len(strings.TrimLeft(text, "\t"))]
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.TrimPrefix(line, indent))
	}
	if body := strings.TrimRight(b.String(), "\n\t "); body != "" {
		return body + "\n"
	}
	return ""
}

func TestTypes(t *testing.T) {
	for name, s := range map[string]scenario{
		"a counter counts records": {
			rules: `
				metrics:
				- {name: requests_total, type: counter, help: Requests., labels: {status: $status}}`,
			records: `
				{"status":200}
				{"status":"200"}
				{"status":500}`,
			want: `
				# HELP requests_total Requests.
				# TYPE requests_total counter
				requests_total{status="200"} 2
				requests_total{status="500"} 1`,
		},
		"a counter adds a value": {
			rules: `
				metrics:
				- {name: bytes_total, type: counter, help: Bytes., value: $bytes}`,
			records: `
				{"bytes":10}
				{"bytes":"2.5"}
				{"bytes":-1}
				{"bytes":"x"}
				{"other":1}`,
			want: `
				# HELP bytes_total Bytes.
				# TYPE bytes_total counter
				bytes_total 12.5`,
		},
		"a gauge goes up and down": {
			rules: `
				metrics:
				- {name: open, type: gauge, help: Open., action: add, value: $n, condition: {op: and, rules: [{field: $e, op: eq, value: open}]}}
				- {name: open, type: gauge, help: Open., action: subtract, value: $n, condition: {op: and, rules: [{field: $e, op: eq, value: close}]}}
				- {name: busy, type: gauge, help: Busy., action: inc}
				- {name: idle, type: gauge, help: Idle., action: dec}`,
			records: `
				{"e":"open","n":5}
				{"e":"close","n":2}`,
			want: `
				# HELP busy Busy.
				# TYPE busy gauge
				busy 2
				# HELP idle Idle.
				# TYPE idle gauge
				idle -2
				# HELP open Open.
				# TYPE open gauge
				open 3`,
		},
		"a histogram counts into buckets": {
			rules: `
				metrics:
				- {name: latency_seconds, type: histogram, help: Latency., value: $latency, buckets: [0.1, 1]}`,
			records: `
				{"latency":0.1}
				{"latency":0.5}
				{"latency":3}`,
			want: `
				# HELP latency_seconds Latency.
				# TYPE latency_seconds histogram
				latency_seconds_bucket{le="0.1"} 1
				latency_seconds_bucket{le="1"} 2
				latency_seconds_bucket{le="+Inf"} 3
				latency_seconds_sum 3.6
				latency_seconds_count 3`,
		},
	} {
		t.Run(name, s.run)
	}
}

func TestValues(t *testing.T) {
	value := func(spec string) string {
		return `
				metrics:
				- {name: v, type: gauge, help: V., value: ` + spec + `}`
	}
	want := func(n string) string {
		return `
				# HELP v V.
				# TYPE v gauge
				v ` + n
	}
	for name, s := range map[string]scenario{
		"integer":        {rules: value(`$x`), records: `{"x":-7}`, want: want("-7")},
		"boolean":        {rules: value(`$x`), records: `{"x":true}`, want: want("1")},
		"numeric text":   {rules: value(`$x`), records: `{"x":"1.5"}`, want: want("1.5")},
		"nested":         {rules: value(`"$a['b']['c']"`), records: `{"a":{"b":{"c":3}}}`, want: want("3")},
		"array element":  {rules: value(`"$a[1]['c']"`), records: `{"a":[{"c":1},{"c":2}]}`, want: want("2")},
		"duration":       {rules: value(`{from: $x, parse: duration}`), records: `{"x":"1m30s"}`, want: want("90")},
		"bytes":          {rules: value(`{from: $x, parse: bytes}`), records: `{"x":"2KiB"}`, want: want("2048")},
		"percent":        {rules: value(`{from: $x, parse: percent}`), records: `{"x":"35%"}`, want: want("0.35")},
		"timestamp":      {rules: value(`{from: $x, parse: timestamp}`), records: `{"x":"2023-11-14T22:13:20Z"}`, want: want("1.7e+09")},
		"scale":          {rules: value(`{from: $x, scale: 0.001}`), records: `{"x":1500}`, want: want("1.5")},
		"parse, scale":   {rules: value(`{from: $x, parse: duration, scale: 1000}`), records: `{"x":"2s"}`, want: want("2000")},
		"at the bounds":  {rules: value(`{from: $x, min: 5, max: 5}`), records: `{"x":5}`, want: want("5")},
		"below min":      {rules: value(`{from: $x, min: 0}`), records: `{"x":-127}`, want: ""},
		"above max":      {rules: value(`{from: $x, max: 1e15}`), records: `{"x":18446744073709550000}`, want: ""},
		"scale, max":     {rules: value(`{from: $x, scale: 0.001, max: 2}`), records: `{"x":1500}`, want: want("1.5")},
		"words":          {rules: value(`{from: $x, map: {up: 1, down: 0}}`), records: `{"x":"up"}`, want: want("1")},
		"unknown word":   {rules: value(`{from: $x, map: {up: 1, down: 0}}`), records: `{"x":"sideways"}`, want: ""},
		"missing":        {rules: value(`$x`), records: `{"y":1}`, want: ""},
		"null":           {rules: value(`$x`), records: `{"x":null}`, want: ""},
		"a map":          {rules: value(`$x`), records: `{"x":{"y":1}}`, want: ""},
		"prefix of text": {rules: value(`$x`), records: `{"x":"20ms"}`, want: ""},
	} {
		t.Run(name, s.run)
	}
}

func TestLabels(t *testing.T) {
	label := func(spec string) string {
		return `
				metrics:
				- {name: c_total, type: counter, help: C., labels: {l: ` + spec + `}}`
	}
	want := func(series ...string) string {
		text := "\t\t\t\t# HELP c_total C.\n\t\t\t\t# TYPE c_total counter\n"
		for _, s := range series {
			text += "\t\t\t\tc_total" + s + "\n"
		}
		return text
	}
	for name, s := range map[string]scenario{
		"constant":     {rules: label(`fra`), records: `{}`, want: want(`{l="fra"} 1`)},
		"field":        {rules: label(`$a`), records: `{"a":"x"}`, want: want(`{l="x"} 1`)},
		"integer":      {rules: label(`$a`), records: `{"a":-3}`, want: want(`{l="-3"} 1`)},
		"float":        {rules: label(`$a`), records: `{"a":200.0}`, want: want(`{l="200"} 1`)},
		"boolean":      {rules: label(`$a`), records: `{"a":true}`, want: want(`{l="true"} 1`)},
		"missing":      {rules: label(`$a`), records: `{}`, want: want(` 1`)},
		"null":         {rules: label(`$a`), records: `{"a":null}`, want: want(` 1`)},
		"a map":        {rules: label(`$a`), records: `{"a":{}}`, want: want(` 1`)},
		"tag":          {rules: label(`$TAG`), records: `{}`, want: want(`{l="app.web.1"} 1`)},
		"tag part":     {rules: label(`'$TAG[1]'`), records: `{}`, want: want(`{l="web"} 1`)},
		"no such part": {rules: label(`'$TAG[7]'`), records: `{}`, want: want(` 1`)},
		"default":      {rules: label(`{from: $a, default: none}`), records: `{}`, want: want(`{l="none"} 1`)},
		"max_length":   {rules: label(`{from: $a, max_length: 3}`), records: `{"a":"äöüß"}`, want: want(`{l="äöü"} 1`)},
		"regex": {
			rules:   label(`{from: $a, regex: '^/(\w+)', replacement: '/$1'}`),
			records: "{\"a\":\"/api/7\"}\n{\"a\":\"/api/8\"}\n{\"a\":\"none\"}",
			want:    want(`{l="/api"} 2`, ` 1`),
		},
		"regex with default": {
			rules:   label(`{from: $a, regex: '^/(\w+)', replacement: '/$1', default: other}`),
			records: `{"a":"none"}`, want: want(`{l="other"} 1`),
		},
		"map": {
			rules:   label(`{from: $a, map: {'^2': ok, '^5': error}, default: other}`),
			records: "{\"a\":200}\n{\"a\":204}\n{\"a\":503}\n{\"a\":302}",
			want:    want(`{l="ok"} 2`, `{l="error"} 1`, `{l="other"} 1`),
		},
		"escapes": {rules: label(`$a`), records: `{"a":"a\"b\\c\nd"}`, want: want(`{l="a\"b\\c\nd"} 1`)},
		"labels of the file": {
			rules: `
				labels: {cluster: eu-1}
				metrics:
				- {name: c_total, type: counter, help: C., labels: {l: $a}}`,
			records: `{"a":"x"}`, want: want(`{cluster="eu-1",l="x"} 1`),
		},
	} {
		t.Run(name, s.run)
	}
}

func TestLongLabelsAreCut(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, `metrics: [{name: c_total, type: counter, help: C., labels: {l: $a}}]`))
	plan := r.set.Plan("t")
	r.feed("t", chunktest.Events(`{"a":"`+strings.Repeat("ä", 600)+`"}`))
	if got, want := r.text(), `c_total{l="`+strings.Repeat("ä", 512)+`"} 1`; !strings.Contains(got, want) {
		t.Errorf("the label is not cut to 1024 bytes: %s", got)
	}
	if n := plan.Finish(&r.scratch, true); n != 0 {
		t.Errorf("%d label values cut since the last Finish, want 0", n)
	}
}

func TestConditions(t *testing.T) {
	for _, test := range []struct {
		condition, record string
		want              bool
	}{
		{`{field: $a, op: eq, value: 5}`, `{"a":5}`, true},
		{`{field: $a, op: eq, value: 5}`, `{"a":"5"}`, true},
		{`{field: $a, op: eq, value: 5}`, `{"a":5.5}`, false},
		{`{field: $a, op: eq, value: "5"}`, `{"a":5}`, true},
		{`{field: $a, op: eq, value: x}`, `{"a":"x"}`, true},
		{`{field: $a, op: eq, value: x}`, `{}`, false},
		{`{field: $a, op: neq, value: x}`, `{"a":"y"}`, true},
		{`{field: $a, op: neq, value: x}`, `{}`, true},
		{`{field: $a, op: gt, value: 5}`, `{"a":6}`, true},
		{`{field: $a, op: gt, value: 5}`, `{"a":5}`, false},
		{`{field: $a, op: gte, value: 5}`, `{"a":5}`, true},
		{`{field: $a, op: lt, value: 5}`, `{"a":-1}`, true},
		{`{field: $a, op: lte, value: 5}`, `{"a":"5.0"}`, true},
		{`{field: $a, op: gte, value: 5}`, `{"a":4}`, false},
		{`{field: $a, op: lt, value: 5}`, `{"a":5}`, false},
		{`{field: $a, op: lte, value: 5}`, `{"a":6}`, false},
		{`{field: $a, op: lt, value: 5}`, `{"a":"word"}`, false},
		{`{field: $a, op: lt, value: 5}`, `{}`, false},
		{`{field: $a, op: in, value: [x, 5]}`, `{"a":5}`, true},
		{`{field: $a, op: in, value: [x, 5]}`, `{"a":"x"}`, true},
		{`{field: $a, op: in, value: [x, 5]}`, `{"a":"z"}`, false},
		{`{field: $a, op: not_in, value: [x, 5]}`, `{"a":"z"}`, true},
		{`{field: $a, op: not_in, value: [x, 5]}`, `{"a":"x"}`, false},
		{`{field: $a, op: regex, value: '^GET'}`, `{"a":"GET /"}`, true},
		{`{field: $a, op: regex, value: '^5..$'}`, `{"a":503}`, true},
		{`{field: $a, op: regex, value: '^GET'}`, `{}`, false},
		{`{field: $a, op: not_regex, value: '^GET'}`, `{"a":"POST"}`, true},
		{`{field: $a, op: exists}`, `{"a":null}`, true},
		{`{field: $a, op: exists}`, `{}`, false},
		{`{field: $a, op: not_exists}`, `{}`, true},
		{`{field: '$TAG[0]', op: eq, value: app}`, `{}`, true},
	} {
		s := scenario{
			rules:   `metrics: [{name: c_total, type: counter, help: C., condition: {op: and, rules: [` + test.condition + `]}}]`,
			records: test.record,
		}
		if test.want {
			s.want = "# HELP c_total C.\n# TYPE c_total counter\nc_total 1\n"
		}
		t.Run(test.condition+" "+test.record, s.run)
	}
}

func TestNestedConditions(t *testing.T) {
	scenario{
		rules: `
			metrics:
			- name: c_total
			  type: counter
			  help: C.
			  labels: {n: $n}
			  condition:
			    op: or
			    rules:
			    - {field: $a, op: eq, value: 1}
			    - op: and
			      rules:
			      - {field: $b, op: eq, value: 2}
			      - {field: $c, op: eq, value: 3}`,
		records: `
			{"n":"first","a":1}
			{"n":"half","b":2}
			{"n":"second","b":2,"c":3}`,
		want: `
			# HELP c_total C.
			# TYPE c_total counter
			c_total{n="first"} 1
			c_total{n="second"} 1`,
	}.run(t)
}

func TestSelection(t *testing.T) {
	for name, s := range map[string]scenario{
		"match": {
			rules: `
				metrics:
				- {name: a_total, type: counter, help: A., match: 'app.*'}
				- {name: b_total, type: counter, help: B., match: 'db.*'}
				- {name: c_total, type: counter, help: C., match_regex: '^app\.(web|api)'}`,
			records: `{}`,
			want: `
				# HELP a_total A.
				# TYPE a_total counter
				a_total 1
				# HELP c_total C.
				# TYPE c_total counter
				c_total 1`,
		},
		"first": {
			rules: `
				metrics:
				- {name: a_total, type: counter, help: A., first: true, condition: {op: and, rules: [{field: $a, op: exists}]}}
				- {name: b_total, type: counter, help: B.}`,
			records: `
				{"a":1}
				{"b":1}`,
			want: `
				# HELP a_total A.
				# TYPE a_total counter
				a_total 1
				# HELP b_total B.
				# TYPE b_total counter
				b_total 1`,
		},
		"drop": {
			rules: `
				metrics:
				- {drop: true, condition: {op: and, rules: [{field: $path, op: eq, value: /healthz}]}}
				- {name: b_total, type: counter, help: B.}`,
			records: `
				{"path":"/healthz"}
				{"path":"/"}`,
			want: `
				# HELP b_total B.
				# TYPE b_total counter
				b_total 1`,
		},
		"drop fields": {
			rules: `
				metrics:
				- {drop: true, fields: '^secret'}
				- {name: '${field}', type: gauge, help: F., fields: '^'}`,
			records: `{"secret_a":1,"b":2}`,
			want: `
				# HELP b F.
				# TYPE b gauge
				b 2`,
		},
		"a record that is dropped has no fields": {
			rules: `
				metrics:
				- {drop: true, condition: {op: and, rules: [{field: $b, op: eq, value: 2}]}}
				- {name: '${field}', type: gauge, help: F., fields: '^'}`,
			records: `{"b":2}`,
			want:    ``,
		},
		"captures": {
			rules: `
				metrics:
				- name: disk_${what}_total
				  type: counter
				  help: Disk.
				  fields: '^disk\.(?P<dev>[a-z]+)(?P<part>[0-9])?\.(?P<what>\w+)$'
				  labels:
				    dev: {capture: dev}
				    part: {capture: part, default: none}
				    host: $host`,
			records: `{"host":"h1","disk.sda.Reads":5,"disk.sdb1.Writes":7,"cpu":1}`,
			want: `
				# HELP disk_reads_total Disk.
				# TYPE disk_reads_total counter
				disk_reads_total{dev="sda",host="h1",part="none"} 5
				# HELP disk_writes_total Disk.
				# TYPE disk_writes_total counter
				disk_writes_total{dev="sdb",host="h1",part="1"} 7`,
		},
		"each": {
			rules: `
				metrics:
				- name: bought_total
				  type: counter
				  help: Bought.
				  each: $cart['lines']
				  value: $item['count']
				  condition: {op: and, rules: [{field: "$item['count']", op: gt, value: 0}]}
				  labels: {sku: "$item['sku']", shop: $shop}`,
			records: `{"shop":"s","cart":{"lines":[{"sku":"a","count":2},{"sku":"b","count":1},7,{"sku":"a","count":3},{"sku":"c","count":0}]}}`,
			want: `
				# HELP bought_total Bought.
				# TYPE bought_total counter
				bought_total{shop="s",sku="a"} 5
				bought_total{shop="s",sku="b"} 1`,
		},
		"two rules of one family": {
			rules: `
				metrics:
				- {name: c_total, type: counter, help: C., labels: {l: a}}
				- {name: c_total, type: counter, help: C., labels: {l: b}}`,
			records: `{}`,
			want: `
				# HELP c_total C.
				# TYPE c_total counter
				c_total{l="a"} 1
				c_total{l="b"} 1`,
		},
	} {
		t.Run(name, s.run)
	}
}

func TestMetadataAndGroups(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, dedent(`
		metrics:
		- name: logs_total
		  type: counter
		  help: Logs.
		  labels:
		    severity: $metadata['otlp']['severity_text']
		    service: $group_attributes['resource']['attributes']['service.name']
		    schema: $group_metadata['schema']`)))
	chunk := []byte{0x92, 0x92, 0xd7, 0x00, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}
	chunk = chunktest.JSON(chunk, `{"schema":"otlp"}`)
	chunk = chunktest.JSON(chunk, `{"resource":{"attributes":{"service.name":"svc"}}}`)
	chunk = chunktest.EventWithMetadata(chunk, 1700000000, `{"otlp":{"severity_text":"INFO"}}`, `{"log":"hello"}`)
	chunk = append(chunk, 0x92, 0x92, 0xd7, 0x00, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0x80, 0x80)
	chunk = chunktest.Event(chunk, 1700000000, `{"log":"outside"}`)
	r.feed("otel", chunk)
	r.expect(dedent(`
		# HELP logs_total Logs.
		# TYPE logs_total counter
		logs_total{schema="otlp",service="svc",severity="INFO"} 1
		logs_total 1`))
}
