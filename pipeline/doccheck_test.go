package pipeline

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/flb"
)

// document returns a file of the repository.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table returns the rows of all tables whose head is this one, cell by cell and without backquotes.
func table(text, head string) (rows [][]string) {
	for _, part := range strings.Split(text, "\n"+head+"\n")[1:] {
		for line := range strings.Lines(part) {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
			if !strings.HasPrefix(line, "|") {
				break
			}
			if strings.HasPrefix(line, "|--") {
				continue
			}
			for i := range cells {
				cells[i] = strings.TrimSpace(strings.ReplaceAll(cells[i], "`", ""))
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

// family is a metric family in the documentation, or on a page.
type family struct {
	typ    string
	labels string // sorted
}

// shown returns the plugin's own families on a page.
func shown(t *testing.T, text string) (families map[string]family, labels map[string]map[string]bool) {
	t.Helper()
	reader := expfmt.NewTextParser(model.UTF8Validation)
	parsed, err := reader.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	families, labels = make(map[string]family), make(map[string]map[string]bool)
	for name, f := range parsed {
		families[name] = family{strings.ToLower(f.GetType().String()), labelNames(f)}
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				of := name + " " + l.GetName()
				if labels[of] == nil {
					labels[of] = make(map[string]bool)
				}
				labels[of][l.GetValue()] = true
			}
		}
	}
	return families, labels
}

func labelNames(f *dto.MetricFamily) string {
	var names []string
	for _, l := range f.GetMetric()[0].GetLabel() {
		names = append(names, l.GetName())
	}
	return sorted(names)
}

func sorted(names []string) string {
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// TestMetricsDocument compares docs/metrics.md with a page of the running code.
func TestMetricsDocument(t *testing.T) {
	text := document(t, "docs/metrics.md")
	documented := make(map[string]family)
	for _, row := range table(text, "| Metric | Type | Labels | Meaning |") {
		labels := strings.Split(strings.TrimSuffix(row[2], "none"), ", ")
		if documented[row[0]] != (family{}) {
			t.Errorf("docs/metrics.md has %s twice", row[0])
		}
		documented[row[0]] = family{row[1], sorted(labels)}
	}
	p, _ := openOne(t, stateKeys(t, "")) // with all metrics of a state file
	// Rules have a series only for reasons that occurred; the reasons are those of samples dropped.
	flush(t, p, "app", `{"go_x": 1}`, flb.OK) // makes an error of a rule
	families, labels := shown(t, page(t, p))
	delete(labels, "promexporter_rule_errors_total reason")
	for name, f := range families {
		if !strings.HasPrefix(name, "promexporter_") && !strings.HasPrefix(name, "go_") {
			continue
		}
		if documented[name] != f {
			t.Errorf("%s is %+v on the page, %+v in docs/metrics.md", name, f, documented[name])
		}
	}
	for name := range documented {
		if _, ok := families[name]; !ok {
			t.Errorf("%s is in docs/metrics.md, but not on the page", name)
		}
	}
	checkReasons(t, text, labels)
}

// checkReasons compares the lists of reasons. Each follows a line that names the families.
func checkReasons(t *testing.T, text string, labels map[string]map[string]bool) {
	t.Helper()
	const head = "| Reason | Meaning |"
	of := regexp.MustCompile("`promexporter_[a-z_]+`")
	seen := make(map[string]bool)
	for _, section := range strings.Split(text, "\nReasons of ")[1:] {
		intro, rest, _ := strings.Cut(section, ":\n")
		documented := make(map[string]bool)
		rest, _, _ = strings.Cut(rest, "\n## ")
		for _, row := range table(rest, head) {
			documented[row[0]] = true
		}
		for _, name := range of.FindAllString(intro, -1) {
			name = strings.Trim(name, "`") + " reason"
			seen[name] = true
			if !maps.Equal(documented, labels[name]) {
				t.Errorf("%s: %v in docs/metrics.md, %v on the page", name, keys(documented), keys(labels[name]))
			}
		}
	}
	for name := range labels {
		if strings.HasSuffix(name, " reason") && !seen[name] {
			t.Errorf("docs/metrics.md has no reasons of %s", name)
		}
	}
}

func keys(set map[string]bool) []string { return slices.Sorted(maps.Keys(set)) }

// TestQueries checks that Prometheus accepts the queries of docs/metrics.md, and that they use metrics that exist.
func TestQueries(t *testing.T) {
	_, queries, _ := strings.Cut(document(t, "docs/metrics.md"), "```promql\n")
	queries, _, ok := strings.Cut(queries, "```")
	if !ok {
		t.Fatal("no queries")
	}
	p, _ := openOne(t, stateKeys(t, ""))
	flush(t, p, "app", `{"go_x": 1}`, flb.OK)
	families, _ := shown(t, page(t, p))
	for _, name := range regexp.MustCompile(`\b(promexporter|go)_[a-z_]+`).FindAllString(queries, -1) {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
		if _, ok := families[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	rules := "groups:\n- name: queries\n  rules:\n"
	for query := range strings.Lines(queries) {
		if query = strings.TrimSpace(query); query != "" && query[0] != '#' {
			rules += "  - {record: query, labels: {line: '" + query + "'}, expr: '" + query + "'}\n"
		}
	}
	file := filepath.Join(t.TempDir(), "rules.yaml")
	if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	if tool := findPromtool(t); tool != "" {
		if out, err := exec.Command(tool, "check", "rules", file).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// TestKeysDocument compares the table of keys in README.md with the code.
func TestKeysDocument(t *testing.T) {
	documented := make(map[string]string)
	for _, row := range table(document(t, "README.md"), "| Key | Default | Meaning |") {
		documented[row[0]] = row[1]
	}
	known := make(map[string]string)
	for _, k := range config.Keys() {
		known[k.Name] = k.Default
	}
	if !maps.Equal(documented, known) {
		t.Errorf("keys and defaults in README.md:\n%v\nin the code:\n%v", documented, known)
	}
}

// TestRulesExample runs the rules of README.md.
func TestRulesExample(t *testing.T) {
	_, section, _ := strings.Cut(document(t, "README.md"), "\n## Rules\n")
	parts := strings.Split(section, "```")
	if len(parts) < 4 {
		t.Fatal("no example")
	}
	_, record, _ := strings.Cut(parts[2], "`")
	record, _, _ = strings.Cut(record, "`")
	p, _ := openOne(t, map[string]string{"rules_file": writeRules(t, strings.TrimPrefix(parts[1], "yaml\n"))})
	for range 3 {
		flush(t, p, "nginx.access", record, flb.OK)
	}
	if got := "\n" + records(page(t, p)); got != parts[3] {
		t.Errorf("page:%s\nin README.md:%s", got, parts[3])
	}
}
