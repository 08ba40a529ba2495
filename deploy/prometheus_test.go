package deploy

import (
	"maps"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// ruleFile is what is used of a rule file of Prometheus, which promtool checks.
type ruleFile struct {
	Groups []struct {
		Rules []struct {
			Record, Alert, Expr string
			Annotations, Labels map[string]string
		}
	}
}

func readRules(t *testing.T) (f ruleFile) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(read(t, "prometheus/rules.yaml")), &f); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestPrometheusRules(t *testing.T) {
	promtool := required(t, "promtool")
	for _, args := range [][]string{{"check", "rules", "rules.yaml"}, {"test", "rules", "rules_test.yaml"}} {
		cmd := exec.Command(promtool, args...)
		cmd.Dir = "prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %q: %v\n%s", args, err, out)
		}
	}
}

// TestEveryAlertIsTested checks that each alert fires in a test, has a severity and a summary, and uses metrics that are
// documented.
func TestEveryAlertIsTested(t *testing.T) {
	tests := read(t, "prometheus/rules_test.yaml")
	known := documented(t)
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			checkExpression(t, known, r.Alert+r.Record, r.Expr)
			if r.Alert == "" {
				continue
			}
			if !strings.Contains(tests, "  - alertname: "+r.Alert+"\n") {
				t.Errorf("no test of %s", r.Alert)
			}
			if r.Labels["severity"] == "" || r.Annotations["summary"] == "" {
				t.Errorf("%s has no severity or no summary", r.Alert)
			}
		}
	}
}

// documented returns the names of all metrics that a page may have: those of docs/metrics.md, those that the ready rules
// make, and those that recording rules make of them.
func documented(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	row := regexp.MustCompile("(?m)^\\| `((?:promexporter|go)_[a-z_]+)` \\| (\\w+) \\|")
	for _, m := range row.FindAllStringSubmatch(read(t, "../docs/metrics.md"), -1) {
		addMetric(known, m[1], m[2])
	}
	for _, name := range []string{"nginx", "kubernetes", "procfs"} {
		var file struct {
			Metrics []struct{ Name, Type string }
		}
		if err := yaml.Unmarshal([]byte(read(t, "../rules/"+name+".yaml")), &file); err != nil {
			t.Fatal(err)
		}
		for _, m := range file.Metrics {
			addMetric(known, m.Name, m.Type)
		}
	}
	for _, g := range readRules(t).Groups {
		for _, r := range g.Rules {
			known[r.Record] = true
		}
	}
	return known
}

func addMetric(known map[string]bool, name, kind string) {
	if kind != "histogram" {
		known[name] = true
		return
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		known[name+suffix] = true
	}
}

func TestDocumented(t *testing.T) {
	known := slices.Collect(maps.Keys(documented(t)))
	for _, name := range []string{
		"promexporter_series", "promexporter_flush_duration_seconds_bucket", "go_memstats_sys_bytes", "nginx_http_requests_total",
		"kubernetes_log_lines_total", "processes_alive", "instance:nginx_http_requests:rate5m",
	} {
		if !slices.Contains(known, name) {
			t.Errorf("%s is not documented", name)
		}
	}
}
