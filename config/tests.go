package config

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
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
		"absent", "at", "compare", "errors", "expect", "metadata", "openmetrics", "records", "tag", "time", "tolerance",
	}}
	fileOfRecordsSpec = &mappingSpec{"records", "[{a: 1}], a text of JSON lines, or {file: sample}", []string{"file", "format"}}
)

// ParseTests reads a file of tests. file is its name in messages; text is not retained. A file that is not right in all its
// parts gives no Tests and Mistakes, all of them at once.
func ParseTests(file string, text []byte) (*Tests, error) {
	p := testParser{parser: newParser(file)}
	if body := p.body(text); body != nil {
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

// step reads a step, which is not before the clock.
func (p *testParser) step(n *node, path string, clock time.Duration) (step TestStep) {
	step.Position, step.At = n.Position, clock
	s, ok := p.readMapping(n, path, stepSpec)
	if !ok {
		return step
	}
	if n := s.get("at"); n != nil {
		if at, ok := p.duration(n, s.under("at"), 0); ok && at < clock {
			p.wrong(n, s.under("at"), fmt.Sprintf("%s is before %s, where the step above is", n.text, clock), "the clock does not go back")
		} else {
			step.At = at
		}
	}
	if n := s.get("time"); n != nil {
		step.Time = p.signedDuration(n, s.under("time"))
	}
	if n := s.get("tag"); n != nil {
		step.Tag, _ = p.text(n, s.under("tag"), "write a tag, such as nginx.access")
	}
	if n := s.get("metadata"); n != nil && n.kind != mapping {
		p.wrongKind(n, s.under("metadata"), "a mapping", "write {level: info}")
	} else if n != nil {
		step.Metadata = appendNode(nil, n)
	}
	if n := s.get("records"); n != nil {
		p.records(&step, n, s.under("records"))
	}
	p.expectations(&step, s)
	return step
}

func (p *testParser) signedDuration(n *node, path string) time.Duration {
	positive := *n
	text, negative := strings.CutPrefix(n.text, "-")
	positive.text = text
	d, _ := p.duration(&positive, path, 0)
	if negative {
		return -d
	}
	return d
}

// records reads maps, a text of JSON lines, or the name of a file.
func (p *testParser) records(step *TestStep, n *node, path string) {
	switch n.kind {
	case sequence:
		for i, e := range n.elements {
			if e.kind != mapping {
				p.wrongKind(e, at(path, i), "a record", "write {field: value}")
				continue
			}
			step.Records = append(step.Records, appendNode(nil, e))
		}
	case text:
		for line := range strings.Lines(n.text) {
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			if !json.Valid([]byte(line)) || line[0] != '{' {
				p.wrong(n, path, "no JSON object: "+quote(line), `write a line for each record: {"field": "value"}`)
				return
			}
			step.Records = append(step.Records, []byte(line))
		}
	default:
		s, ok := p.readMapping(n, path, fileOfRecordsSpec)
		if !ok {
			return
		}
		if f := s.get("file"); f != nil {
			step.File, _ = p.text(f, s.under("file"), "write the path of a sample, from this file on")
		} else if !s.has("file") {
			p.wrong(n, s.under("file"), "missing", "write the path of a sample, from this file on")
		}
		if f := s.get("format"); f != nil {
			step.Format, _ = p.text(f, s.under("format"), "write a format, such as json")
		}
	}
}

// expectations reads what there has to be after the records.
func (p *testParser) expectations(step *TestStep, s *mappingReader) {
	if n := s.get("expect"); n != nil {
		step.HasExpect, step.ExpectPosition = true, n.Position
		if step.Expect = n.text; n.kind != text {
			p.wrongKind(n, s.under("expect"), "a text", "write series as they are on a page: a_total 1")
		}
	}
	if n := s.get("compare"); n != nil {
		if i, ok := p.word(n, s.under("compare"), compareModeWords); ok {
			step.Compare = CompareMode(i)
		}
	}
	if n := s.get("openmetrics"); n != nil {
		step.OpenMetrics, _ = p.boolean(n, s.under("openmetrics"))
	}
	if n := s.get("tolerance"); n != nil {
		step.Tolerance, _ = p.number(n, s.under("tolerance"), "write a number, such as 1e-9")
	}
	if n := s.get("absent"); n != nil {
		if n.kind != sequence {
			p.wrongKind(n, s.under("absent"), "a list", "write names, or series by some of their labels: ['a_total{b=\"c\"}']")
		}
		for i, e := range n.elements {
			if text, ok := p.text(e, at(s.under("absent"), i), "write a name, or a series by some of its labels"); ok {
				step.Absent = append(step.Absent, text)
			}
		}
	}
	if n := s.get("errors"); n != nil {
		p.errors(step, n, s.under("errors"))
	}
}

// errors reads the samples that rules are expected to give up.
func (p *testParser) errors(step *TestStep, n *node, path string) {
	const right = "write any, or how many samples of a rule are given up: {a_total: {not_a_number: 1}}"
	if n.kind == text && n.text == "any" {
		step.AnyErrors = true
		return
	}
	if n.kind != mapping {
		p.wrongKind(n, path, "a mapping", right)
		return
	}
	step.Errors = make(map[string]map[string]int)
	for _, f := range n.fields {
		if f.value.kind != mapping {
			p.wrongKind(f.value, under(path, f.key.text), "a mapping", right)
			continue
		}
		reasons := make(map[string]int)
		for _, r := range f.value.fields {
			reasons[r.key.text], _ = p.whole(r.value, under(under(path, f.key.text), r.key.text), 0, maxSeriesLimit)
		}
		step.Errors[f.key.text] = reasons
	}
}

// appendNode appends a value as JSON. Texts stay texts: "200" in quotes is one, as the parsers of Fluent Bit make it.
func appendNode(b []byte, n *node) []byte {
	switch n.kind {
	case mapping:
		b = append(b, '{')
		for i, f := range n.fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNode(append(appendText(b, f.key.text), ':'), f.value)
		}
		return append(b, '}')
	case sequence:
		b = append(b, '[')
		for i, e := range n.elements {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendNode(b, e)
		}
		return append(b, ']')
	case text:
		return appendText(b, n.text)
	case boolean:
		return strconv.AppendBool(b, n.number == 1)
	case number:
		if json.Valid([]byte(n.text)) {
			return append(b, n.text...)
		}
		return appendFloat(b, n.number)
	}
	return append(b, "null"...)
}

func appendText(b []byte, s string) []byte {
	text, _ := json.Marshal(s) // a text has no error
	return slices.Concat(b, text)
}

// appendFloat appends a number that is written as JSON does not have it, such as 0x10.
func appendFloat(b []byte, f float64) []byte {
	text, err := json.Marshal(f)
	if err != nil { // infinite
		return append(b, "null"...)
	}
	return append(b, text...)
}
