package rule_test

import (
	"strings"
	"testing"
)

func TestLabelsAreRewritten(t *testing.T) {
	scenario{
		rules: `
			metrics:
			- name: requests_total
			  type: counter
			  help: R.
			  labels:
			    route: {from: $path, regex: '^[^?]*', mask: [number, uuid, date, hex, ip, email], default: other}
			- name: words_total
			  type: counter
			  help: W.
			  labels:
			    word: {from: $word, replace: [{regex: '(\w+)=\w+', with: '$1'}, {regex: '\s+', with: ' '}], case: upper, default: none}
			    n: {from: [$word, $list], length: runes}`,
		records: `
			{"path":"/api/orders/1234/lines/9?x=1","word":"a=1  b=2"}
			{"path":"/api/orders/77/lines/10","word":"ä"}
			{"path":"/files/6f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/2024-05-06/9","list":[1,2]}
			{"path":"/v2/about"}
			{"path":"/by/ann@example.com/10.0.0.1/fe80::1/deadbeef01/2024-05-06T07:08:09Z"}
			{"path":"?"}`,
		want: `
			# HELP requests_total R.
			# TYPE requests_total counter
			requests_total{route="/api/orders/:id/lines/:id"} 2
			requests_total{route="/files/:uuid/:date/:id"} 1
			requests_total{route="/v2/about"} 1
			requests_total{route="/by/:email/:ip/:ip/:hex/:date"} 1
			requests_total{route="other"} 1
			# HELP words_total W.
			# TYPE words_total counter
			words_total{n="8",word="A B"} 1
			words_total{n="1",word="Ä"} 1
			words_total{n="2",word="none"} 1
			words_total{word="none"} 3`,
	}.run(t)
}

// TestReplacementsThatGrow: a list of replacements, each of which doubles the text, ends with a value that is cut.
func TestReplacementsThatGrow(t *testing.T) {
	double := strings.TrimSuffix(strings.Repeat("{regex: '.', with: '$0$0'}, ", 32), ", ")
	scenario{
		rules: `
			metrics:
			- {name: fits_total, type: counter, help: F., labels: {l: {from: $text, replace: [{regex: 'c', with: ccc}]}}}
			- {name: grown_total, type: counter, help: G., labels: {l: {from: $text, replace: [` + double + `], max_length: 8}}}`,
		records: `{"text":"abc"}`,
		want: `
			# HELP fits_total F.
			# TYPE fits_total counter
			fits_total{l="abccc"} 1
			# HELP grown_total G.
			# TYPE grown_total counter
			grown_total{l="aaaaaaaa"} 1`,
	}.run(t)
}
