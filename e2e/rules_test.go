package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

const accessRules = `
metrics:
- name: http_requests_total
  type: counter
  help: Requests served.
  match: 'access.*'
  labels:
    status: $status
    route: {from: $path, regex: '^/(\w+)', replacement: '/$1'}
- name: http_response_bytes
  type: histogram
  help: Size of responses.
  unit: bytes
  match: 'access.*'
  value: {from: $size, parse: bytes}
  buckets: [100, 10000]
`

func writeRules(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestRulesFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, file, accessRules)
	a := start(t, "", withPlugin(append(dummy("access.web", `{"status":200,"path":"/api/7","size":"2kB"}`),
		"-o", "promexporter", "-p", anyPort, "-p", "rules_file="+file)...)...)
	url := a.url(0)
	page := a.page(url, "not every rule has counted", func(page string) bool {
		for _, series := range []string{
			`http_requests_total{route="/api",status="200"}`,
			`http_response_bytes_bucket{le="10000"}`,
			`promexporter_rule_samples_total{output="promexporter.0",rule="http_requests_total"}`,
		} {
			if number(t, page, series) == 0 {
				return false
			}
		}
		return true
	})
	lint(t, page)

	// An invalid file changes only the plugin's own metrics.
	const successful = `promexporter_rules_last_reload_successful{output="promexporter.0"}`
	writeRules(t, file, strings.Replace(accessRules, "histogram", "histogramm", 1))
	a.page(url, "the broken edit was not noticed", func(page string) bool { return value(page, successful) == "0" })
	a.logged("rules.yaml:11:9: metrics[1].type: ")
	before := value(scrape(t, url), `http_response_bytes_count`)
	a.page(url, "counting ended", func(page string) bool { return value(page, `http_response_bytes_count`) != before })

	// A valid file adds its metrics.
	writeRules(t, file, accessRules+"- {name: seen_total, type: counter, help: Records.}\n")
	a.page(url, "the good edit was not noticed", func(page string) bool {
		return value(page, `seen_total`) != "" && value(page, successful) == "1"
	})
	a.stop()
}

func TestBadRulesEndTheStart(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, file, "metrics:\n- {name: a_total, type: counter, help: A., lables: {}}\n- {name: b, type: gauge, help: B., value: $v, buckets: [1]}\n")
	a := start(t, "", withPlugin(append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "-p", "rules_file="+file)...)...)
	a.failed()
	for _, mistake := range []string{
		`rules.yaml:2:44: metrics[0]: unknown key "lables"; did you mean labels?`,
		`rules.yaml:3:47: metrics[1].buckets: `,
	} {
		lines := 0
		for line := range strings.Lines(a.log.String()) {
			if strings.Contains(line, "[error] [output:promexporter:promexporter.0] ") && strings.Contains(line, mistake) {
				lines++
			}
		}
		if lines != 1 {
			t.Errorf("%d lines of %s", lines, mistake)
		}
	}
	if strings.Contains(a.log.String(), "serving") {
		t.Error("a port was opened")
	}
}
