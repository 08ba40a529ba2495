package rule_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

func TestNamesOfRecords(t *testing.T) {
	for name, s := range map[string]scenario{
		"all types": {
			rules: `
				metrics:
				- {name: 'app_${name}', rule: gauges, type: gauge, help: G., value: $v, condition: {field: $type, op: eq, value: gauge}}
				- {name: 'app_${name}', rule: counters, type: counter, help: C., value: $v, condition: {field: $type, op: eq, value: counter}}
				- {name: 'app_${name}', rule: timers, type: histogram, help: H., value: $v, buckets: [1], condition: {field: $type, op: eq, value: timer}}
				- {name: 'app_${name}', rule: sizes, type: summary, help: S., value: $v, condition: {field: $type, op: eq, value: size}}`,
			records: `
				{"type":"gauge","name":"queue length","v":3}
				{"type":"counter","name":"jobs","v":2}
				{"type":"counter","name":"Jobs","v":1}
				{"type":"timer","name":"request.seconds","v":0.5}
				{"type":"size","name":"body_bytes","v":10}
				{"type":"gauge","name":"温度","v":21.5}`,
			want: `
				# HELP app_body_bytes S.
				# TYPE app_body_bytes summary
				app_body_bytes_sum 10
				app_body_bytes_count 1
				# HELP app_jobs_total C.
				# TYPE app_jobs_total counter
				app_jobs_total 3
				# HELP app_queue_length G.
				# TYPE app_queue_length gauge
				app_queue_length 3
				# HELP app_request_seconds H.
				# TYPE app_request_seconds histogram
				app_request_seconds_bucket{le="1"} 1
				app_request_seconds_bucket{le="+Inf"} 1
				app_request_seconds_sum 0.5
				app_request_seconds_count 1
				# HELP app___ G.
				# TYPE app___ gauge
				app___ 21.5`,
		},
		"several fields, with labels": {
			rules: `
				metrics:
				- name: '${namespace}${kind}_${$meta[''the unit'']}'
				  type: gauge
				  help: G.
				  value: $v
				  labels: {host: $host}`,
			records: `
				{"kind":"disk","meta":{"the unit":"bytes"},"v":1,"host":"a"}
				{"kind":"disk","meta":{"the unit":"bytes"},"v":2,"host":"b"}
				{"kind":"dis","meta":{"the unit":"kbytes"},"v":3,"host":"b"}`,
			want: `
				# HELP dis_kbytes G.
				# TYPE dis_kbytes gauge
				dis_kbytes{host="b"} 3
				# HELP disk_bytes G.
				# TYPE disk_bytes gauge
				disk_bytes{host="a"} 1
				disk_bytes{host="b"} 2`,
		},
		"elements of an array, and the tag": {
			rules: `
				metrics:
				- {name: '${TAG[1]}_${$item[''n'']}', type: gauge, help: G., each: $list, value: "$item['v']", aggregate: sum}`,
			records: `
				{"list":[{"n":"a","v":1},{"n":"b","v":2},{"n":"a","v":3}]}`,
			want: `
				# HELP web_a G.
				# TYPE web_a gauge
				web_a 4
				# HELP web_b G.
				# TYPE web_b gauge
				web_b 2`,
		},
		"names that belong to others give way": {
			rules: `
				metrics:
				- {name: took, type: histogram, help: H., value: $none, buckets: [1]}
				- {name: took_count_2, type: gauge, help: F., value: $none}
				- {name: '${name}', rule: g, type: gauge, help: G., value: $v}
				- {name: '${other}', rule: h, type: histogram, help: O., value: $v, buckets: [1]}`,
			records: `
				{"name":"took","v":1}
				{"name":"took_count","v":2}
				{"name":"x_bucket","v":3}
				{"name":"x_total","v":4}
				{"name":"7up","v":5}`,
			want: `
				# HELP _7up G.
				# TYPE _7up gauge
				_7up 5
				# HELP took_count_value G.
				# TYPE took_count_value gauge
				took_count_value 2
				# HELP took_value G.
				# TYPE took_value gauge
				took_value 1
				# HELP x_bucket_value G.
				# TYPE x_bucket_value gauge
				x_bucket_value 3
				# HELP x_total_value G.
				# TYPE x_total_value gauge
				x_total_value 4`,
		},
	} {
		t.Run(name, s.run)
	}
}

// TestBadNamesOfRecords holds that records of which no name can be made are counted, and described with the text.
func TestBadNamesOfRecords(t *testing.T) {
	rules := parse(t, "metrics:\n- {name: '${a}${b}', type: gauge, help: G., value: $v}\n")
	long := strings.Repeat("x", 300)
	for _, test := range []struct {
		record string
		reason rule.Reason
		want   string // field and value
	}{
		{`{"b":"x","v":1}`, rule.BadName, "$a missing"},
		{`{"a":"x","b":null,"v":1}`, rule.BadName, "$b nil"},
		{`{"a":"x","b":"","v":1}`, rule.BadName, "$b "},
		{`{"a":"x","b":"-.-","v":1}`, rule.BadName, "$b -.-"},
		{`{"a":{"x":1},"b":"y","v":1}`, rule.BadName, "$a map"},
		{`{"a":"x","b":"` + long + `","v":1}`, rule.BadName, "$b " + long[:64]},
		{`{"a":"` + long[:200] + `","b":"` + long[:100] + `","v":1}`, rule.BadName, "$a " + long[:64]},
		{`{"a":"GO","b":"_x","v":1}`, rule.ReservedName, "$a GO"},
		{`{"a":"promexporter","b":".x","v":1}`, rule.ReservedName, "$a promexporter"},
	} {
		r := newRig(t, rule.Options{}, rules)
		r.feed("t", chunktest.Events(test.record))
		refusals := r.scratch.Refusals()
		if n := r.dropped(test.reason); n != 1 || len(refusals) != 1 {
			t.Errorf("%.40s: %d refused, %d described", test.record, n, len(refusals))
			continue
		}
		if f := refusals[0]; f.Field+" "+f.Value != test.want || f.Expected == "" {
			t.Errorf("%.40s: got %s %q, %s", test.record, f.Field, f.Value, f.Expected)
		}
		r.expect("")
	}
}

// TestFamilyLimit holds that a rule makes at most as many families of records as it may, also over a reload, and that
// what it remembers of others is bounded.
func TestFamilyLimit(t *testing.T) {
	const text = "metrics:\n- {name: 'app_${name}', rule: apps, type: counter, help: G., family_limit: 2}\n"
	rules := parse(t, text)
	r := newRig(t, rule.Options{}, rules)
	for i := range 5000 {
		r.feed("t", chunktest.Events(fmt.Sprintf(`{"name":"n%d"}`, i)))
	}
	r.feed("t", chunktest.Events(`{"name":"N1"}`))
	const want = "# HELP app_n0_total G.\n# TYPE app_n0_total counter\napp_n0_total %d\n" +
		"# HELP app_n1_total G.\n# TYPE app_n1_total counter\napp_n1_total 2\n"
	r.expect(fmt.Sprintf(want, 1))
	if n := r.dropped(rule.FamilyLimit); n != 4998 {
		t.Errorf("%d refused", n)
	}
	if names := r.set.Stats()[0].Families; len(names) != 2 {
		t.Errorf("families: %q", names)
	}

	r.set = rule.Compile([]*config.Rules{parse(t, text)}, rule.Options{})
	if err := r.collector.Retain(r.set.Families(), r.set.DerivedFamily); err != nil {
		t.Fatal(err)
	}
	r.feed("t", chunktest.Events("{\"name\":\"n7\"}\n{\"name\":\"n0\"}"))
	r.expect(fmt.Sprintf(want, 2))
}

// TestNamesOfRecordsExpire holds that such families have the ttl of the rule and continue.
func TestNamesOfRecordsExpire(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, "metrics:\n- {name: '${name}', type: counter, help: G., ttl: 60}\n"))
	r.feed("t", chunktest.Events(`{"name":"a"}`))
	r.now = r.now.Add(2 * 60e9)
	r.feed("t", chunktest.Events(`{"name":"b"}`))
	r.expect("# HELP b_total G.\n# TYPE b_total counter\nb_total 1\n")
	r.feed("t", chunktest.Events(`{"name":"a"}`))
	r.expect("# HELP a_total G.\n# TYPE a_total counter\na_total 2\n# HELP b_total G.\n# TYPE b_total counter\nb_total 1\n")
}

// TestReloadForgetsNames holds that a metric without series does not count toward the limit after a reload.
func TestReloadForgetsNames(t *testing.T) {
	const text = "metrics:\n- {name: '${name}', type: gauge, help: G., value: 1, ttl: 60, family_limit: 1}\n"
	r := newRig(t, rule.Options{}, parse(t, text))
	r.feed("t", chunktest.Events(`{"name":"a"}`))
	r.now = r.now.Add(2 * 60e9)
	r.feed("t", chunktest.Events(`{"name":"b"}`))
	r.expect("")
	r.set = rule.Compile([]*config.Rules{parse(t, text)}, rule.Options{})
	if err := r.collector.Retain(r.set.Families(), r.set.DerivedFamily); err != nil {
		t.Fatal(err)
	}
	r.feed("t", chunktest.Events(`{"name":"b"}`))
	r.expect("# HELP b G.\n# TYPE b gauge\nb 1\n")
}

func TestNamesOfRecordsDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	rules := parse(t, "metrics:\n- {name: 'a_${a}_${$b[''c'']}', rule: r, type: counter, help: G., exemplar: {id: $a}}\n"+
		"- {name: '${$item}', type: gauge, help: G., each: $list, value: $index, labels: {a: $a}}\n"+
		"- {name: 'b_${$item}', rule: o, type: gauge, help: G., each: $list, value: 1, family_limit: 1}\n")
	if n := allocations(t, rules, `{"a":"x","b":{"c":7},"list":["p","Q","-"]}`); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
