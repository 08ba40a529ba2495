package e2e

import (
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

const formatRules = `
metrics:
- {name: queue.length, type: gauge, help: Waiting., value: $n, labels: {k8s.pod: $pod}}
`

// formats maps what a scraper accepts to the Content-Type of the answer without the escaping scheme.
var formats = map[string]string{
	"text/plain;version=0.0.4":                   "text/plain; version=0.0.4; charset=utf-8",
	"text/plain;version=1.0.0":                   "text/plain; version=1.0.0; charset=utf-8",
	"application/openmetrics-text;version=0.0.1": "application/openmetrics-text; version=0.0.1; charset=utf-8",
	"application/openmetrics-text;version=1.0.0": "application/openmetrics-text; version=1.0.0; charset=utf-8",
	acceptProtobuf:                               "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
}

const acceptProtobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

// escaped has the family of formatRules, its label, and its series in text, by escaping scheme.
var escaped = map[string]struct{ family, label, series string }{
	"allow-utf-8": {"queue.length", "k8s.pod", `{"queue.length","k8s.pod"="a"}`},
	"underscores": {"queue_length", "k8s_pod", `queue_length{k8s_pod="a"}`},
	"dots":        {"queue_dot_length", "k8s_dot_pod", `queue_dot_length{k8s_dot_pod="a"}`},
	"values":      {"U__queue_2e_length", "U__k8s_2e_pod", `U__queue_2e_length{U__k8s_2e_pod="a"}`},
}

// TestFormats requests every format with every escaping scheme, plain and compressed.
func TestFormats(t *testing.T) {
	t.Parallel()
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, rules, formatRules)
	a := start(t, "", withPlugin(append(dummy("t", `{"n":7,"pod":"a"}`), "-o", "promexporter", "-p", anyPort, "-p", "rules_file="+rules)...)...)
	url := a.url(0)
	a.page(url, "no record", func(page string) bool { return value(page, `queue_length{k8s_pod="a"}`) == "7" })
	for accept, contentType := range formats {
		for escaping, names := range escaped {
			for _, encoding := range []string{"identity", "gzip"} {
				t.Run(accept+" "+escaping+" "+encoding, func(t *testing.T) {
					page, got := encoded(t, url, accept+";escaping="+escaping, encoding)
					if want := contentType + "; escaping=" + escaping; got != want {
						t.Errorf("Content-Type %q, want %q", got, want)
					}
					if accept == acceptProtobuf {
						isFamily(t, page, got, names.family, names.label)
					} else if number(t, page, names.series) != 7 {
						t.Errorf("no %s in\n%s", names.series, foreign(page))
					}
					if open := strings.HasSuffix(page, "# EOF\n"); open != strings.Contains(accept, "openmetrics") {
						t.Errorf("the page ends as OpenMetrics does: %v", open)
					}
				})
			}
		}
	}
	a.stop()
}

// encoded scrapes in a format and an encoding, and returns the decoded page.
func encoded(t *testing.T, url, accept, encoding string) (page, contentType string) {
	t.Helper()
	response, page := do(t, http.DefaultClient, http.MethodGet, url, http.Header{"Accept": {accept}, "Accept-Encoding": {encoding}})
	compressed := response.Header.Get("Content-Encoding")
	if response.StatusCode != http.StatusOK || (compressed == "gzip") != (encoding == "gzip") {
		t.Errorf("%s, encoded as %q", response.Status, compressed)
	}
	if compressed == "gzip" {
		body, err := gzip.NewReader(strings.NewReader(page))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		page = string(text)
	}
	return page, response.Header.Get("Content-Type")
}

// isFamily checks that page, in protobuf, has a family of one series with the value 7 and a label of the value a, among
// others.
func isFamily(t *testing.T, page, contentType, name, label string) {
	t.Helper()
	families := map[string]*dto.MetricFamily{}
	for d := expfmt.NewDecoder(strings.NewReader(page), expfmt.Format(contentType)); ; {
		f := &dto.MetricFamily{}
		if err := d.Decode(f); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		families[f.GetName()] = f
	}
	f := families[name]
	if f == nil || len(f.Metric) != 1 || f.Metric[0].GetGauge().GetValue() != 7 {
		t.Fatalf("of %d families %s is %v", len(families), name, f)
	}
	if pairs := f.Metric[0].Label; len(pairs) != 1 || pairs[0].GetName() != label || pairs[0].GetValue() != "a" {
		t.Errorf("the labels are %v", pairs)
	}
	if len(families) < 10 {
		t.Errorf("%d families", len(families))
	}
}
