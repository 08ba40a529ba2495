package cases

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/config"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// page is the samples of a page, by name and then by labels.
type page struct {
	samples  map[string]map[string]float64
	comments map[string]bool
	lines    []string
}

// parsePage reads a page in the text format. The order of lines and labels, spaces and the form of numbers do not
// matter.
func parsePage(text string) (*page, error) {
	p := &page{samples: make(map[string]map[string]float64), comments: make(map[string]bool)}
	for line := range strings.Lines(text) {
		switch line = strings.TrimSpace(line); {
		case line == "":
		case line[0] == '#':
			p.comments[line] = true
		default:
			p.lines = append(p.lines, line)
		}
	}
	for _, line := range p.lines {
		if err := p.line(line); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *page) line(line string) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(line + "\n"))
	if err != nil {
		return fmt.Errorf("%q is not a series with its value: %w", line, err)
	}
	for name, f := range families {
		for _, m := range f.Metric {
			labels := labelText(m.Label)
			if p.samples[name] == nil {
				p.samples[name] = make(map[string]float64)
			}
			if _, twice := p.samples[name][labels]; twice {
				return fmt.Errorf("%s%s is there twice", name, labels)
			}
			p.samples[name][labels] = m.GetUntyped().GetValue()
		}
	}
	return nil
}

// labelText writes labels sorted, or "" for none. As on a page, names that need quotes have them.
func labelText(labels []*dto.LabelPair) string {
	if len(labels) == 0 {
		return ""
	}
	pairs := make([]string, len(labels))
	for i, l := range labels {
		name := l.GetName()
		if !model.LegacyValidation.IsValidLabelName(name) {
			name = strconv.Quote(name)
		}
		pairs[i] = name + "=" + strconv.Quote(l.GetValue())
	}
	slices.Sort(pairs)
	return "{" + strings.Join(pairs, ",") + "}"
}

// compare compares the page with what the step expects.
func (r *stepRun) compare(ctx context.Context) (failures []string, err error) {
	var text bytes.Buffer
	if err := r.trial.WritePage(ctx, &text, r.step.OpenMetrics); err != nil {
		return nil, err
	}
	if r.step.OpenMetrics {
		return r.compareText(text.String()), nil
	}
	got, err := parsePage(text.String())
	if err != nil {
		return nil, err
	}
	want, err := parsePage(r.step.Expect)
	if err != nil {
		return []string{"expect: " + err.Error()}, nil
	}
	if r.step.HasExpect {
		failures = r.compareSamples(want, got)
		for _, line := range sortedKeys(want.comments) {
			if !got.comments[line] {
				failures = append(failures, "- "+line)
			}
		}
		r.file.suggest(r.step, want, got, text.String(), len(failures) > 0)
	}
	return append(failures, r.compareAbsent(got)...), nil
}

const eof = "# EOF"

// compareText compares a page of OpenMetrics line by line. Its last line, # EOF, need not be expected.
func (r *stepRun) compareText(got string) (failures []string) {
	if !strings.HasSuffix(strings.TrimSpace(r.step.Expect), eof) {
		got = strings.TrimSuffix(strings.TrimSpace(got), eof)
	}
	if strings.TrimSpace(got) == strings.TrimSpace(r.step.Expect) || !r.step.HasExpect {
		return nil
	}
	gotLines, wantLines := strings.Split(strings.TrimSpace(got), "\n"), strings.Split(strings.TrimSpace(r.step.Expect), "\n")
	for _, line := range wantLines {
		if !slices.Contains(gotLines, line) {
			failures = append(failures, "- "+line)
		}
	}
	for _, line := range gotLines {
		if !slices.Contains(wantLines, line) {
			failures = append(failures, "+ "+line)
		}
	}
	if len(failures) == 0 {
		failures = []string{"the lines are in another order"}
	}
	r.file.edit(r.step, got)
	return failures
}

func (r *stepRun) compareSamples(want, got *page) (failures []string) {
	names := sortedKeys(want.samples)
	if r.step.Compare == config.ComparePage {
		names = slices.Compact(slices.Sorted(slices.Values(append(names, sortedKeys(got.samples)...))))
	}
	for _, name := range names {
		var lines []string
		for _, labels := range sortedKeys(want.samples[name]) {
			value, ok := got.samples[name][labels]
			if !ok || !r.same(want.samples[name][labels], value) {
				lines = append(lines, "- "+strings.TrimLeft(labels+" "+number(want.samples[name][labels]), " "))
				if ok {
					lines = append(lines, "+ "+strings.TrimLeft(labels+" "+number(value), " "))
				}
			}
		}
		for _, labels := range sortedKeys(got.samples[name]) {
			if _, ok := want.samples[name][labels]; !ok && r.step.Compare != config.CompareSome {
				lines = append(lines, "+ "+strings.TrimLeft(labels+" "+number(got.samples[name][labels]), " "))
			}
		}
		if len(lines) > 0 {
			failures = append(append(failures, name), lines...)
		}
	}
	return failures
}

// same compares to the last bit, or within the tolerance.
func (r *stepRun) same(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= r.step.Tolerance
}

func number(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }

// compareAbsent returns series that must not be there.
func (r *stepRun) compareAbsent(got *page) (failures []string) {
	for _, absent := range r.step.Absent {
		selector, err := parsePage(absent + " 0")
		if err != nil {
			failures = append(failures, fmt.Sprintf("absent: %q is neither a name nor a series", absent))
			continue
		}
		for name, series := range selector.samples {
			for labels := range series {
				failures = append(failures, present(got, name, labels)...)
			}
		}
	}
	return failures
}

// present returns the series of a family that have some labels.
func present(got *page, name, labels string) (found []string) {
	wanted := splitLabels(labels)
	for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
		for _, have := range sortedKeys(got.samples[name+suffix]) {
			if containsAll(splitLabels(have), wanted) {
				found = append(found, "+ "+name+suffix+have+", which must be absent")
			}
		}
	}
	return found
}

// splitLabels returns the labels in a text of labelText.
func splitLabels(text string) (labels []string) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	for len(text) > 0 {
		name, _ := strconv.QuotedPrefix(text) // "" for a name without quotes
		value := len(name) + strings.IndexByte(text[len(name):], '=') + 1
		quoted, err := strconv.QuotedPrefix(text[value:])
		if err != nil {
			return labels
		}
		end := value + len(quoted)
		labels = append(labels, text[:end])
		text = strings.TrimPrefix(text[end:], ",")
	}
	return labels
}

func containsAll(all, some []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}
