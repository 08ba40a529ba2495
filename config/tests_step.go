package config

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

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
	step.Metadata = p.object(s, "metadata")
	if n := s.get("group"); n != nil {
		p.group(&step, n, s.under("group"))
	}
	if n := s.get("records"); n != nil {
		p.records(&step, n, s.under("records"))
	}
	p.expectations(&step, s)
	return step
}

// object reads a mapping as a JSON object, or returns nil.
func (p *testParser) object(s *mappingReader, key string) []byte {
	n := s.get(key)
	if n != nil && n.kind != mapping {
		p.wrongKind(n, s.under(key), "a mapping", "write {level: info}")
		return nil
	}
	if n == nil {
		return nil
	}
	return appendNode(nil, n)
}

// group reads what the records have in common.
func (p *testParser) group(step *TestStep, n *node, path string) {
	s, ok := p.readMapping(n, path, eventGroupSpec)
	if !ok {
		return
	}
	step.Grouped = true
	step.GroupMetadata, step.GroupAttributes = p.object(s, "metadata"), p.object(s, "attributes")
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
			p.wrong(n, s.under("file"), "missing", "write the path of a sample, from this file on, or a list of records: [{a: 1}]")
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
	return append(b, text...)
}

// appendFloat appends a number that is written as JSON does not have it, such as 0x10.
func appendFloat(b []byte, f float64) []byte {
	text, err := json.Marshal(f)
	if err != nil { // infinite
		return append(b, "null"...)
	}
	return append(b, text...)
}
