package rule_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/markdown"
	"github.com/promexporter/promexporter/rule"
)

// fence is a block of code in a document. The note after the language is for the tests.
type fence markdown.Block

func fences(text string) (all []fence) {
	for _, block := range markdown.Blocks(text) {
		all = append(all, fence(block))
	}
	return all
}

// TestConfigurationDocument runs the examples of docs/configuration.md and docs/how-to.md. A block of yaml is a rules
// file or some rules of one. The blocks of json after it are records; the word json may be followed by their tag and
// their distance in time. The block of text after them is the page that they make:
//
//	yaml namespace=x    with the key namespace
//	yaml wrong          a file that is refused, for the reasons in the text
//	json nginx.a +5m    records of this tag, five minutes later
//	prometheus node     metrics events of this tag, as a page
//	text openmetrics    the page in OpenMetrics, with created timestamps
func TestConfigurationDocument(t *testing.T) {
	var r *rig
	var refused string
	pages := 0
	var all []fence
	for _, name := range []string{"configuration.md", "how-to.md"} {
		all = append(all, fences(readText(t, filepath.Join("..", "docs", name)))...)
	}
	for _, f := range all {
		switch f.Language {
		case "yaml":
			r, refused = f.rules(t)
		case "json", "prometheus":
			f.feed(t, r)
		case "text":
			pages++
			f.compare(t, r, refused)
		}
	}
	if pages < 25 {
		t.Errorf("%d pages and mistakes were compared: have the examples changed their form?", pages)
	}
}

// rules parses a block of yaml, which has the mistakes refused.
func (f fence) rules(t *testing.T) (r *rig, refused string) {
	t.Helper()
	text := f.Body
	if strings.HasPrefix(text, "- ") {
		text = "metrics:\n" + text
	}
	if f.Note == "wrong" {
		_, err := config.ParseRules("rules.yaml", []byte(text))
		if err == nil {
			t.Errorf("line %d: taken for right", f.Line)
			return nil, ""
		}
		return nil, err.Error() + "\n"
	}
	files := []*config.Rules{parseClean(t, fmt.Sprintf("line %d", f.Line), text)}
	if files[0].Defaults {
		files = append(files, defaults(t))
	}
	_, namespace, _ := strings.Cut(f.Note, "namespace=")
	return newRig(t, rule.Options{Namespace: namespace}, files...), ""
}

// feed applies a block of records.
func (f fence) feed(t *testing.T, r *rig) {
	t.Helper()
	tag := "app.web.1"
	for word := range strings.FieldsSeq(f.Note) {
		if !strings.HasPrefix(word, "+") {
			tag = word
			continue
		}
		later, err := time.ParseDuration(word)
		if err != nil {
			t.Fatalf("line %d: %v", f.Line, err)
		}
		r.now = r.now.Add(later)
	}
	if f.Language == "prometheus" {
		r.feed(tag, metricsOf(t, f.Body))
		return
	}
	var chunk []byte
	for line := range strings.Lines(f.Body) {
		chunk = chunktest.Event(chunk, uint32(r.now.Unix()), line)
	}
	r.feed(tag, chunk)
}

// metricsOf returns a context with the counters, gauges and untyped metrics of a page.
func metricsOf(t *testing.T, page string) []byte {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[dto.MetricType]int{dto.MetricType_COUNTER: 0, dto.MetricType_GAUGE: 1, dto.MetricType_UNTYPED: 4}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(families)) {
		family := families[name]
		for _, m := range family.Metric {
			keys, values := []string{}, []string{}
			for _, l := range m.Label {
				keys, values = append(keys, l.GetName()), append(values, l.GetValue())
			}
			labels, _ := json.Marshal(keys)
			texts, _ := json.Marshal(values)
			value := m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
			all = append(all, fmt.Sprintf(`{"meta":{"type":%d,"opts":{"name":%q},"labels":%s},"values":[{"ts":%d,"value":%g,"labels":%s}]}`,
				kinds[family.GetType()], name, labels, m.GetTimestampMs()*int64(time.Millisecond), value, texts))
		}
	}
	return chunktest.JSON(nil, `{"meta":{},"metrics":[`+strings.Join(all, ",")+`]}`)
}

// noHelp is the help of a metric that came without any.
var noHelp = regexp.MustCompile(`(?m)^# HELP \S+ \n`)

func (f fence) compare(t *testing.T, r *rig, refused string) {
	t.Helper()
	got := refused
	switch {
	case r == nil:
	case f.Note == "openmetrics":
		got = r.openMetrics()
	default:
		got = noHelp.ReplaceAllString(r.text(), "")
	}
	if got != f.Body {
		t.Errorf("line %d: the document has\n%s\nright is\n%s", f.Line, f.Body, got)
	}
}

// TestConfigurationDocumentKeys holds that the document names every key of the [OUTPUT] section with its default, and
// every key and word of the language.
func TestConfigurationDocumentKeys(t *testing.T) {
	text := readText(t, filepath.Join("..", "docs", "configuration.md"))
	for _, k := range config.Keys() {
		row := fmt.Sprintf("| `%s` | `%s` |", k.Name, k.Default)
		if k.Default == "" {
			row = fmt.Sprintf("| `%s` |  |", k.Name)
		}
		if !strings.Contains(text, row) {
			t.Errorf("the document has no row %s", row)
		}
	}
	if rows := keyRows(text); rows != len(config.Keys()) {
		t.Errorf("the document has %d keys, the code %d", rows, len(config.Keys()))
	}
	for _, word := range languageWords(t) {
		if !strings.Contains(text, "`"+word+"`") {
			t.Errorf("the document does not name `%s`", word)
		}
	}
}

// keyRows counts the rows of the table of keys.
func keyRows(text string) (rows int) {
	_, table, _ := strings.Cut(text, "| Key | Default | Meaning |\n|---|---|---|\n")
	for line := range strings.Lines(table) {
		if !strings.HasPrefix(line, "| `") {
			break
		}
		rows++
	}
	return rows
}

// languageWords returns the keys of all mappings of a rules file, and the words that they choose from. A test of config
// holds the schema equal to the code.
func languageWords(t *testing.T) []string {
	t.Helper()
	type object struct {
		Properties map[string]struct{ Enum []any }
	}
	var schema struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(readText(t, filepath.Join("..", "rules", "schema.json"))), &schema); err != nil {
		t.Fatal(err)
	}
	words := make(map[string]bool)
	for _, o := range append(slices.Collect(maps.Values(schema.Defs)), schema.object) {
		for key, property := range o.Properties {
			words[key] = true
			for _, word := range property.Enum {
				words[fmt.Sprint(word)] = true
			}
		}
	}
	if len(words) < 60 {
		t.Errorf("only %d words in the schema", len(words))
	}
	return slices.Sorted(maps.Keys(words))
}

// TestConfigurationDocumentFiles holds that the document names every rules file.
func TestConfigurationDocumentFiles(t *testing.T) {
	text := readText(t, filepath.Join("..", "docs", "configuration.md"))
	for _, file := range exampleFiles(t) {
		if name := filepath.Base(file); !strings.Contains(text, fmt.Sprintf("[%s](../rules/%[1]s)", name)) {
			t.Errorf("the document does not name %s", name)
		}
	}
}
