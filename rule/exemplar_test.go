package rule_test

import (
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
)

// TestExemplarTexts holds that no record makes an exemplar that Prometheus does not read, and loses it by that.
func TestExemplarTexts(t *testing.T) {
	r := rigOf(t, `
		metrics:
		- name: r_total
		  type: counter
		  help: R.
		  labels: {text: $t}
		  exemplar: {text: $t, tag: $TAG, matched: {from: $t, regex: '(?s)(.*)', replacement: '$1'}}
		- name: f_total
		  type: counter
		  help: F.
		  fields: '(?s)^f_(?P<what>.*)$'
		  labels: {what: {capture: what}}
		  exemplar: {what: {capture: what}}`)
	r.feed("t\x00", chunktest.Events(`{"t":"a\u0000b","f_\u0000c":1}`))
	page := r.openMetrics()
	for _, want := range []string{
		"r_total{text=\"a\x00b\"} 1.0 # {text=\"a\uFFFDb\",tag=\"t\uFFFD\",matched=\"a\uFFFDb\"} 1.0 1.7e+09\n",
		"f_total{what=\"\x00c\"} 1.0 # {what=\"\uFFFDc\"} 1.0 1.7e+09\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q:\n%q", want, page)
		}
	}
	if n := r.collector.Stats().ExemplarsDropped(); n != 0 {
		t.Errorf("%d exemplars were dropped", n)
	}
}
