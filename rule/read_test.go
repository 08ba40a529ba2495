package rule_test

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// TestPickedElementsKeepTheirText holds that elements of an extracted list do not change when another value extracts.
func TestPickedElementsKeepTheirText(t *testing.T) {
	scenario{
		rules: `
			metrics:
			- name: took_seconds
			  type: histogram
			  help: H.
			  buckets: [10]
			  value:
			    from: $list
			    regex: 'x(\d+)y(\d+)z(\d+)'
			    replacement: '$1,$2,$3'
			    split: ','
			    pick: each
			    plus: {from: $other, regex: '(\d)(\d)', replacement: '$2$1$2$1$2'}
			  count: {from: $n, regex: '(\d)(\d)', replacement: '$2$1'}`,
		records: `{"list":"x1y2z3","other":"90","n":"20"}`,
		want: `
			# HELP took_seconds H.
			# TYPE took_seconds histogram
			took_seconds_bucket{le="10"} 0
			took_seconds_bucket{le="+Inf"} 6
			took_seconds_sum 54552
			took_seconds_count 6`,
	}.run(t)
}

// TestSplitIsLinear holds that a separator which is nowhere in a long text is not searched again for each element.
func TestSplitIsLinear(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, `metrics: [{name: a, type: gauge, help: h, value: {from: $l, split: [',', '; '], pick: sum}}]`))
	const n = 1 << 20
	r.feed("tag", chunktest.Events(`{"l":"`+strings.Repeat("1; ", n)+`"}`))
	r.expect("# HELP a h\n# TYPE a gauge\na 1.048576e+06\n")
}
