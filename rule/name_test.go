package rule_test

import (
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// TestNamesWithNamespace holds that a name stays as written if its only variable is the namespace.
func TestNamesWithNamespace(t *testing.T) {
	r := newRig(t, rule.Options{Namespace: "edge"}, parse(t, dedent(`
		metrics:
		- {name: '${namespace}build_info', type: gauge, help: B., value: 1}
		- {name: '${namespace}jobs', type: counter, help: J.}
		- {name: '${namespace}queue_count', type: gauge, help: Q., value: $n}`)))
	r.feed("app", chunktest.Events(`{"n":3}`))
	r.expect(dedent(`
		# HELP edge_build_info B.
		# TYPE edge_build_info gauge
		edge_build_info 1
		# HELP edge_jobs J.
		# TYPE edge_jobs counter
		edge_jobs 1
		# HELP edge_queue_count Q.
		# TYPE edge_queue_count gauge
		edge_queue_count 3`))
}

// TestFieldsGiveWayInOpenMetrics holds that a field makes no family that would have the name of another one in
// OpenMetrics, where a counter's has no _total.
func TestFieldsGiveWayInOpenMetrics(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: jobs_total, type: counter, help: J.}
		- {name: queue, type: gauge, help: Q., value: 1}
		- {name: '${what}_total', type: counter, help: C., fields: '^(?P<what>queue)$', first: true}
		- {name: '${field}', type: gauge, help: F., fields: '.'}`)
	r.at(1700000000, `{"jobs":7,"queue":5}`)
	if got, want := r.openMetrics(), dedent(`
		# HELP jobs J.
		# TYPE jobs counter
		jobs_total 1.0
		jobs_created 1.7e+09
		# HELP jobs_value F.
		# TYPE jobs_value gauge
		jobs_value 7.0
		# HELP queue Q.
		# TYPE queue gauge
		queue 1.0
		# HELP queue_value C.
		# TYPE queue_value counter
		queue_value_total 5.0
		queue_value_created 1.7e+09`); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestNamesWithDigits holds that no name of a field starts with a digit.
func TestNamesWithDigits(t *testing.T) {
	r := newRig(t, rule.Options{}, defaults(t))
	r.feed("t", chunktest.Events(`{"0a":1,"9a":2}`))
	r.expect(dedent(`
		# HELP _0a The value of the record field of this name.
		# TYPE _0a gauge
		_0a{tag="t"} 1
		# HELP _9a The value of the record field of this name.
		# TYPE _9a gauge
		_9a{tag="t"} 2`))
}

// TestMakes holds which families rules with fields may have made, and that they come with the settings of their rule.
func TestMakes(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: 'disk_${what}_bytes', type: gauge, help: D., fields: '^(?P<what>[a-z]+)$', ttl: 5m, series_limit: 7}
		- {name: fixed_bytes, type: gauge, help: D., value: 1}`)
	family := func(name, help string) *collector.Family {
		return &collector.Family{Name: name, Type: collector.Gauge, Help: help}
	}
	made := r.set.DerivedFamily(family("disk_read_bytes", "D."))
	if made == nil || made.Name != "disk_read_bytes" || made.TTL != 5*time.Minute || made.SeriesLimit != 7 {
		t.Errorf("made is %+v", made)
	}
	for _, f := range []*collector.Family{
		family("disk_read", "D."), family("fixed_bytes", "D."), family("disk_read_bytes", "Other."),
	} {
		if made := r.set.DerivedFamily(f); made != nil {
			t.Errorf("%s, %s is made as %+v", f.Name, f.Help, made)
		}
	}
}

// TestFirstElementOfNoArray holds that later rules get a record whose field is not an array.
func TestFirstElementOfNoArray(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- {name: elements_total, type: counter, help: E., each: $list, first: true}
		- {name: others_total, type: counter, help: O.}`)
	r.feed("t", chunktest.Events(`{"list":"text"}
{"list":[{}]}`))
	r.expect(dedent(`
		# HELP elements_total E.
		# TYPE elements_total counter
		elements_total 1
		# HELP others_total O.
		# TYPE others_total counter
		others_total 1`))
}
