package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const pageRules = "metrics:\n- {name: seen_total, type: counter, help: Seen., labels: {l: $l}}\n"

// TestStatusPages reads the status of a section: its rules, its series and its failures. The pages contain nothing from
// a record, and no unescaped name.
func TestStatusPages(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, rules, pageRules)
	const content = "content-of-a-record"
	a := start(t, "", withPlugin(append(dummy(content, `{"l":"`+content+`"}`), "-o", "promexporter", "-p", anyPort,
		"-p", "alias=<b>edge", "-p", "rules_file="+rules, "-p", "reload=on")...)...)
	metrics := a.url(0)
	base := strings.TrimSuffix(metrics, "/metrics")
	a.page(metrics, "no record", func(page string) bool { return value(page, `seen_total{l="`+content+`"}`) != "" })

	writeRules(t, rules, "metrics:\n- {name: seen_total, type: count, help: '<i>'}\n")
	response, err := http.Post(base+"/-/reload", "", nil)
	if err != nil || response.StatusCode != 500 {
		t.Fatalf("reload of bad rules: %v %v", response, err)
	}
	response.Body.Close()

	const mistake = "metrics[0].type: unknown word"
	page := a.page(base+"/", "no record or no error", func(page string) bool {
		return strings.Contains(page, "1 family, 1 series") && strings.Contains(page, mistake)
	})
	for _, want := range []string{`<a href="/metrics">`, "<h2>&lt;b&gt;edge</h2>", "<td>seen_total</td>", "Uptime", base} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in\n%s", want, page)
		}
	}
	text := scrape(t, base+"/-/rules")
	var shown struct {
		Instances []struct {
			Instance  string
			Series    int
			Rules     []struct{ Rule string }
			LastError struct{ Text string } `json:"last_error"`
		}
	}
	if err := json.Unmarshal([]byte(text), &shown); err != nil || len(shown.Instances) != 1 {
		t.Fatalf("%v in\n%s", err, text)
	}
	if i := shown.Instances[0]; i.Instance != "<b>edge" || i.Series != 1 || len(i.Rules) != 1 || i.Rules[0].Rule != "seen_total" ||
		!strings.Contains(i.LastError.Text, mistake) {
		t.Errorf("got %+v", i)
	}
	for _, no := range []string{content, "<b>", "<i>", "<script"} {
		if strings.Contains(page+text, no) {
			t.Errorf("%s is on a page", no)
		}
	}
	a.stop()
}

// TestConflictingSections has two sections of one page that define a family differently.
func TestConflictingSections(t *testing.T) {
	dir, address := t.TempDir(), freePort(t)
	args := dummy("t", `{"l":"x"}`)
	for name, labels := range map[string]string{"one": "l: $l", "two": "m: $l"} {
		writeRules(t, filepath.Join(dir, name), strings.Replace(pageRules, "l: $l", labels, 1))
	}
	for _, name := range []string{"one", "two"} {
		args = append(args, "-o", "promexporter", "-m", "*", "-p", "listen_address="+address, "-p", "rules_file="+filepath.Join(dir, name))
	}
	a := start(t, "", withPlugin(args...)...)
	a.failed()
	lines := ownError.FindAllString(a.log.String(), -1)
	const want = "promexporter.0 and promexporter.1 share the page /metrics, and seen_total has the labels l in the first and m in the second; "
	if len(lines) != 1 || !strings.Contains(lines[0], want) {
		t.Errorf("the log has %q, want one line of %q", lines, want)
	}
}

// TestBadFamily has two sections of one page whose records make conflicting families: the second one is left out and
// counted, and the rest of the page is complete.
func TestBadFamily(t *testing.T) {
	if !atLeast(t, 2, 1) {
		t.Skip("Fluent Bit before 2.0.7 crashes at exit with several outputs of a Go plugin")
	}
	rules, address := filepath.Join(t.TempDir(), "rules.yaml"), "listen_address="+freePort(t)
	writeRules(t, rules, "metrics:\n- {name: a, type: histogram, help: A., value: $a, buckets: [1]}\n- {name: b, type: gauge, help: B., value: $a}\n")
	a := start(t, "", withPlugin(append(dummy("t", `{"a":1}`), "-o", "promexporter", "-m", "*", "-p", address,
		"-o", "promexporter", "-m", "*", "-p", address, "-p", "rules_file="+rules)...)...)
	const left = `promexporter_scrape_families_dropped_total{path="/metrics",reason="type"}`
	page := a.page(a.url(1), "no family was left out", func(page string) bool {
		return value(page, "b") == "1" && value(page, `a{tag="t"}`) == "1" && value(page, left) != "0"
	})
	if strings.Contains(page, "a_bucket") {
		t.Error("both families are on the page")
	}
	lint(t, page)
	a.logged("metrics left out: another instance of the page has the family with another type")
	a.stop()
}

// TestTenThousandFamiliesOfRecords has records that make ten thousand families: the status pages stay small, none takes
// longer than a Prometheus waits by default, and the metrics have them all.
func TestTenThousandFamiliesOfRecords(t *testing.T) {
	const inputs, fields, soon = 4, 2500, 10 * time.Second
	var args []string
	for input := range inputs {
		var record strings.Builder
		for field := range fields {
			fmt.Fprintf(&record, `,"f%d_%d":%d`, input, field, field)
		}
		args = append(args, dummy("t", "{"+record.String()[1:]+"}")...)
	}
	a := start(t, "", withPlugin(append(args, "-o", "promexporter", "-m", "*", "-p", anyPort)...)...)
	metrics := a.url(0)
	a.page(metrics+"?name[]=promexporter_families", "not all families came", func(page string) bool {
		return value(page, `promexporter_families{output="promexporter.0"}`) == fmt.Sprint(inputs*fields)
	})
	quick := func(url string) string {
		begin := time.Now()
		text := scrape(t, url)
		if took := time.Since(begin); took > soon {
			t.Errorf("%s took %s", url, took)
		}
		return text
	}
	base := strings.TrimSuffix(metrics, "/metrics")
	until(t, "the status page does not show all", func() bool {
		page := quick(base + "/")
		if len(page) > 100_000 {
			t.Fatalf("the status page has %d bytes", len(page))
		}
		return strings.Contains(page, "10,000 families, 10,000 series")
	})
	var shown struct {
		Instances []struct{ Families, Series int }
	}
	text := quick(base + "/-/rules")
	if err := json.Unmarshal([]byte(text), &shown); err != nil || len(shown.Instances) != 1 || shown.Instances[0].Families != inputs*fields {
		t.Errorf("%v in\n%.2000s", err, text)
	}
	page := quick(metrics)
	if n := strings.Count(foreign(page), "# TYPE f"); n != inputs*fields {
		t.Errorf("%d families on the page", n)
	}
	expect(t, page, map[string]string{`f0_0{tag="t"}`: "0", `f3_2499{tag="t"}`: "2499"})
	a.stop()
}
