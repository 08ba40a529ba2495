package rule_test

import (
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// TestNamesWithNamespace holds that a name stays as its author wrote it when only
// the namespace stands in it.
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

// TestFieldsGiveWayInOpenMetrics holds that a field makes no family that would
// have the name of another one in OpenMetrics, where a counter's has no _total.
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
