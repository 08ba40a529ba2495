package exporter_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/exporter"
)

// Every line of a page in OpenMetrics follows the specification, including those of the Go runtime, which has a gauge
// and a counter that differ only in _total.
func TestOpenMetricsPageIsStrict(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{Source: families(everyKind()...)})
	for _, header := range [][]string{
		{"Accept", acceptOpen},
		{"Accept", acceptOpen, timeoutHeader, "10"},
		{"Accept", "application/openmetrics-text;version=0.0.1"},
		{"Accept", acceptPrometheus, timeoutHeader, "10"},
		{"Accept", acceptPrometheus},
	} {
		page := ask(t, e, "GET", "/metrics", header...).Body.String()
		kinds := checkOpenMetrics(t, page)
		if t.Failed() {
			t.Fatalf("%q:\n%s", header, page)
		}
		for name, want := range map[string]string{
			"load": "gauge", "requests": "counter", "wait_seconds": "histogram", "promexporter_scrapes": "counter",
			"promexporter_scrape_duration_seconds": "histogram", "go_gc_duration_seconds": "summary",
			"go_memstats_alloc_bytes": "gauge", "go_memstats_alloc_bytes_total": "unknown",
		} {
			if kinds[name] != want {
				t.Errorf("%q: %s has the type %q, want %s", header, name, kinds[name], want)
			}
		}
	}
}

// The strict check finds each kind of mistake.
func TestStrictCheck(t *testing.T) {
	for _, page := range []string{
		"# TYPE a gauge\na 1\n",
		"# TYPE a gauge\na 1\n# EOF",
		"# TYPE a gauge\na 1\n# EOF\n\n",
		"# TYPE a gauge\na 1\n# TYPE a gauge\na 2\n# EOF\n",
		"# TYPE a gauge\na 1\n# TYPE a_total counter\na_total 2\n# EOF\n",
		"# TYPE a counter\na 1\n# EOF\n",
		"# TYPE a gauge\nb 1\n# EOF\n",
		"# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\na 2\n# EOF\n",
		"# TYPE a histogram\na_bucket{le=\"+Inf\"} 1\n# TYPE a_count gauge\na_count 1\n# EOF\n",
		"# TYPE a gauge\na 1\n# UNIT a s\n# EOF\n",
		"# HELP a A.\na 1\n# EOF\n",
		"# TYPE a gauge\n# TYPE b gauge\nb 1\n# EOF\n",
		"# TYPE a_s gauge\n# UNIT a_s seconds\na_s 1\n# EOF\n",
		"a 1\n# EOF\n",
	} {
		if _, mistakes := openMetricsMistakes(page); len(mistakes) == 0 {
			t.Errorf("no mistake in\n%s", page)
		}
	}
	const right = "# HELP a A.\n# TYPE a counter\na_total{l=\"}\"} 1 # {} 1\na_created 1\n# EOF\n"
	if _, mistakes := openMetricsMistakes(right); mistakes != nil {
		t.Error(mistakes)
	}
}

// checkOpenMetrics reports what is wrong with a page in OpenMetrics, and returns the types of its families by name.
func checkOpenMetrics(t *testing.T, page string) map[string]string {
	t.Helper()
	kinds, mistakes := openMetricsMistakes(page)
	for _, mistake := range mistakes {
		t.Error(mistake)
	}
	return kinds
}

// sampleSuffixes are the endings of the samples of each type. The names of all but that of gauges and unknowns are
// different from the name of their family.
var sampleSuffixes = map[string][]string{
	"gauge": {""}, "unknown": {""}, "counter": {"_total", "_created"}, "summary": {"", "_sum", "_count", "_created"},
	"histogram": {"_bucket", "_sum", "_count", "_created"},
}

var (
	headLine   = regexp.MustCompile(`^# (HELP|TYPE|UNIT) ([a-zA-Z_:][\w:]*) (.*)$`)
	sampleLine = regexp.MustCompile(`^([a-zA-Z_:][\w:]*)(\{.*\})? [^ ]+( # \{.*\} .*)?$`)
)

// openMetricsMistakes reads a page line by line. Its names are those of the classic character set.
func openMetricsMistakes(page string) (kinds map[string]string, mistakes []string) {
	r := strictReader{kinds: make(map[string]string), owners: make(map[string]string), samples: 1}
	body, ends := strings.CutSuffix(page, "# EOF\n")
	if !ends || strings.Contains(body, "# EOF") {
		r.wrong("# EOF is not the last line, and only the last")
	}
	for line := range strings.Lines(body) {
		r.line = strings.TrimSuffix(line, "\n")
		if sample := sampleLine.FindStringSubmatch(r.line); sample != nil {
			r.sample(sample[1])
		} else if head := headLine.FindStringSubmatch(r.line); head != nil {
			r.head(head[1], head[2], head[3])
		} else {
			r.wrong("not a line of OpenMetrics")
		}
	}
	return r.kinds, r.mistakes
}

// A strictReader checks the lines of a page one after the other.
type strictReader struct {
	kinds    map[string]string // the types of families by name
	owners   map[string]string // the families of names that they and their samples have
	name     string            // of the family that is being read
	samples  int               // of it so far
	line     string
	mistakes []string
}

func (r *strictReader) wrong(text string) { r.mistakes = append(r.mistakes, text+": "+r.line) }

func (r *strictReader) sample(name string) {
	r.samples++
	suffix, isOf := strings.CutPrefix(name, r.name)
	if !isOf || !slices.Contains(sampleSuffixes[r.kinds[r.name]], suffix) {
		r.wrong("not a sample of the " + r.kinds[r.name] + " " + r.name)
	}
}

// head reads a line with the text of a HELP, TYPE or UNIT.
func (r *strictReader) head(what, name, text string) {
	if name != r.name {
		r.begin(name)
	} else if r.samples > 0 {
		r.wrong("after the samples of the family")
	}
	switch {
	case what == "TYPE" && (r.kinds[name] != "" || sampleSuffixes[text] == nil):
		r.wrong("a second or unknown type")
	case what == "TYPE":
		r.own(text)
	case what == "UNIT" && !strings.HasSuffix(name, "_"+text):
		r.wrong("the name does not end with the unit")
	}
}

func (r *strictReader) begin(name string) {
	if r.samples == 0 {
		r.wrong("no sample of " + r.name)
	}
	if _, isAgain := r.kinds[name]; isAgain {
		r.wrong("the family comes again")
	}
	r.name, r.samples = name, 0
	r.kinds[name] = ""
}

// own gives the family its type, and with it the names of its samples.
func (r *strictReader) own(kind string) {
	r.kinds[r.name] = kind
	for _, suffix := range append([]string{""}, sampleSuffixes[kind]...) {
		name := r.name + suffix
		if owner, isTaken := r.owners[name]; isTaken && owner != r.name {
			r.wrong(owner + " has the name " + name)
		}
		r.owners[name] = r.name
	}
}
