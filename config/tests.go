package config

import (
	"time"
)

// Tests is a file of tests for a rules file, checked. It is immutable and owns its memory.
type Tests struct {
	Rules         string // the path of the rules file, from this file on; "" for the default rules
	RulesPosition Position
	Namespace     string
	SeriesLimit   int // 0 for the default
	Tests         []Test
}

// Test is one test. It starts without any series.
type Test struct {
	Position
	Name  string
	Steps []TestStep
}

// TestStep applies records and compares what there is then.
type TestStep struct {
	Position
	At       time.Duration // since the test began
	Time     time.Duration // of the records, from At on
	Tag      string        // "" for one that fits the rules
	Records  [][]byte      // JSON objects
	File     string        // of records, from the file of the tests on; "" for none
	Format   string        // of File
	Metadata []byte        // a JSON object; nil for none

	Grouped         bool   // the records are a group of events
	GroupMetadata   []byte // a JSON object; nil for none
	GroupAttributes []byte // the same

	HasExpect      bool
	Expect         string // a page in the text format
	ExpectPosition Position
	Compare        CompareMode
	OpenMetrics    bool // Expect is a whole page in OpenMetrics
	Tolerance      float64
	Absent         []string                  // names, or series by some of their labels
	Errors         map[string]map[string]int // by rule and reason
	AnyErrors      bool
}

// CompareMode says how much of the page has to be as expected.
type CompareMode uint8

// The modes.
const (
	CompareNames CompareMode = iota // all series of each name that is expected
	CompareSome                     // the series that are expected
	ComparePage                     // the whole page
)

const smallestTests = "{rules: rules.yaml, tests: [{name: a test, steps: [{records: [{a: 1}], expect: a_total 1}]}]}"

var (
	compareModeWords = []string{CompareNames: "names", CompareSome: "some", ComparePage: "page"}
	testsSpec        = &mappingSpec{"a mapping with the key tests", smallestTests, []string{"namespace", "rules", "series_limit", "tests"}}
	testSpec         = &mappingSpec{"a test", "{name: a test, steps: [...]}", []string{"name", "steps"}}
	stepSpec         = &mappingSpec{"a step", "{records: [{a: 1}], expect: a_total 1}", []string{
		"absent", "at", "compare", "errors", "expect", "group", "metadata", "openmetrics", "records", "tag", "time", "tolerance",
	}}
	eventGroupSpec    = &mappingSpec{"what a group of events has in common", "{attributes: {a: 1}}", []string{"attributes", "metadata"}}
	fileOfRecordsSpec = &mappingSpec{"records", "[{a: 1}], a text of JSON lines, or {file: sample}", []string{"file", "format"}}
)

// ParseTests reads a file of tests. file is its name in messages; text is not retained. A file that is not right in all
// its parts gives no Tests and Mistakes, all of them at once.
func ParseTests(file string, text []byte) (*Tests, error) {
	p := testParser{parser: newParser(file)}
	if body := p.body(text, smallestTests); body != nil {
		p.document(body)
	}
	if len(p.mistakes) > 0 {
		return nil, p.mistakes.inOrder().limited()
	}
	return &p.tests, nil
}

// testParser reads a file of tests.
type testParser struct {
	*parser
	tests Tests
}

func (p *testParser) document(n *node) {
	s, ok := p.readMapping(n, "", testsSpec)
	if !ok {
		return
	}
	if n := s.get("rules"); n != nil {
		p.tests.Rules, _ = p.text(n, "rules", "write the path of a rules file, from this file on")
		p.tests.RulesPosition = n.Position
	}
	if n := s.get("namespace"); n != nil {
		if p.tests.Namespace, ok = p.text(n, "namespace", "write a prefix of names"); ok {
			if err := checkNamespace(p.tests.Namespace); err != nil {
				p.wrong(n, "namespace", quote(p.tests.Namespace)+": "+err.Error(), "write for example edge")
			}
		}
	}
	if n := s.get("series_limit"); n != nil {
		p.tests.SeriesLimit, _ = p.whole(n, "series_limit", 1, maxSeries)
	}
	list := s.get("tests")
	if list == nil && !s.has("tests") || list != nil && list.kind == sequence && len(list.elements) == 0 {
		p.wrong(n, "tests", "no tests", "write "+smallestTests)
		return
	}
	if list == nil {
		return
	}
	if list.kind != sequence {
		p.wrongKind(list, "tests", "a list of tests", "write "+smallestTests)
		return
	}
	for i, e := range list.elements {
		p.test(e, at("tests", i))
	}
}

func (p *testParser) test(n *node, path string) {
	s, ok := p.readMapping(n, path, testSpec)
	if !ok {
		return
	}
	t := Test{Position: n.Position}
	if name := s.get("name"); name != nil {
		t.Name, _ = p.text(name, s.under("name"), "say what is tested")
	} else if !s.has("name") {
		p.wrong(n, s.under("name"), "missing", "say what is tested")
	}
	steps := s.get("steps")
	switch {
	case steps == nil && s.has("steps"):
		return
	case steps == nil:
		p.wrong(n, s.under("steps"), "missing", "write "+stepSpec.example)
		return
	case steps.kind != sequence:
		p.wrongKind(steps, s.under("steps"), "a list of steps", "write "+stepSpec.example)
		return
	}
	var clock time.Duration
	for i, e := range steps.elements {
		step := p.step(e, at(s.under("steps"), i), clock)
		clock = step.At
		t.Steps = append(t.Steps, step)
	}
	p.tests.Tests = append(p.tests.Tests, t)
}
