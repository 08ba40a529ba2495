package rule_test

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

func TestTextFields(t *testing.T) {
	for name, s := range map[string]scenario{
		"checks with a state and a duration": {
			rules: `
				metrics:
				- name: healthcheck_duration_seconds
				  type: gauge
				  help: How long a check took.
				  fields: '^results\.(?P<check>.+)\.duration$'
				  value: {parse: number}
				  labels: {app: $app, check: {capture: check}, state: "$parent['status']"}
				- name: healthcheck_up
				  type: gauge
				  help: Whether a check passed.
				  fields: '^results\.(?P<check>.+)\.status$'
				  value: {map: {success: 1, failure: 0}}
				  condition: {field: "$parent['duration']", op: exists}
				  labels: {app: $app, check: {capture: check}}`,
			records: `{"app":"shop","results":{"cron-is-running":{"status":"success","duration":0.25,"tags":["basic"]},"queue works":{"status":"failure","duration":0.5,"tags":[]},"db.main/replica":{"status":" success ","duration":"0.75"},"new":{"status":"success"}}}`,
			want: `
				# HELP healthcheck_duration_seconds How long a check took.
				# TYPE healthcheck_duration_seconds gauge
				healthcheck_duration_seconds{app="shop",check="cron-is-running",state="success"} 0.25
				healthcheck_duration_seconds{app="shop",check="queue works",state="failure"} 0.5
				healthcheck_duration_seconds{app="shop",check="db.main/replica",state=" success "} 0.75
				# HELP healthcheck_up Whether a check passed.
				# TYPE healthcheck_up gauge
				healthcheck_up{app="shop",check="cron-is-running"} 1
				healthcheck_up{app="shop",check="queue works"} 0
				healthcheck_up{app="shop",check="db.main/replica"} 1`,
		},
		"numbers only, unless the value says how a text is read": {
			rules: `
				metrics:
				- {name: n, type: gauge, help: N., fields: '^(?P<f>.*)$', labels: {f: {capture: f}}}
				- {name: dropped, rule: d, type: gauge, help: D., fields: '^', value: {parse: number}, labels: {f: "$parent['a']"}, condition: {field: $none, op: exists}}`,
			records: `{"a":"1","b":2,"c":{"a":"x","d":3}}`,
			want: `
				# HELP n N.
				# TYPE n gauge
				n{f="b"} 2
				n{f="c.d"} 3`,
		},
	} {
		t.Run(name, s.run)
	}
}

// TestDefaultRulesReadTexts has records all of whose fields are texts, as nginx and journald write them.
func TestDefaultRulesReadTexts(t *testing.T) {
	r := newRig(t, rule.Options{}, defaults(t))
	r.feed("nginx", chunktest.Events(`{"remote_ip":"192.0.2.1","method":"GET","code":"200","size_bytes":"512\n","request_time":"0.003","x":""}`))
	r.expect(dedent(`
		# HELP code The value of the record field of this name.
		# TYPE code gauge
		code{tag="nginx"} 200
		# HELP request_time The value of the record field of this name.
		# TYPE request_time gauge
		request_time{tag="nginx"} 0.003
		# HELP size_bytes The value of the record field of this name.
		# TYPE size_bytes gauge
		size_bytes{tag="nginx"} 512`))
	if n := r.dropped(rule.NotANumber) + r.dropped(rule.NoValue); n > 0 {
		t.Errorf("%d errors", n)
	}
}

// TestNamesOfAllScripts holds that names stay apart, also to scrapers that do not ask for UTF-8 names.
func TestNamesOfAllScripts(t *testing.T) {
	r := newRig(t, rule.Options{}, defaults(t))
	r.feed("s", chunktest.Events(`{"Температура ГП":65.2,"Температура ЦП":48.5,"温度":30,"湿度":40,"λ":1,"μ":2,"Temp (°C)":21}`))
	var names []string
	for _, f := range r.gather() {
		names = append(names, f.GetName())
	}
	want := []string{"temp___c_", "λ", "μ", "температура_гп", "температура_цп", "温度", "湿度"}
	if len(names) != len(want) {
		t.Fatalf("names %q, want %q", names, want)
	}
	for i := range want {
		if !strings.HasPrefix(names[i], want[i]) {
			t.Errorf("name %q, want %q", names[i], want[i])
		}
	}
}
