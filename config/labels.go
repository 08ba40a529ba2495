package config

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/prometheus/common/model"
)

// Bounds of the labels of a rule.
const (
	maxLabels   = 64
	maxConstant = 1024 // bytes, like label values from records
)

// fileLabels reads the constant labels of all series of the file.
func (p *parser) fileLabels(n *node, path string) []Label {
	if n.kind != mapping {
		p.wrongKind(n, path, "a mapping", "write {name: value}")
		return nil
	}
	labels := make([]Label, 0, len(n.fields))
	for _, f := range n.fields {
		path := under(path, f.key.text)
		if !p.labelName(f.key, path) {
			continue
		}
		if f.value.kind == text && strings.HasPrefix(f.value.text, "$") && !strings.HasPrefix(f.value.text, "$$") {
			p.wrong(f.value, path, "the labels of a file are constants",
				"write a string, or add the field to the labels of each rule")
			continue
		}
		if constant, ok := p.constant(f.value, path); ok {
			labels = append(labels, Label{Name: f.key.text, Constant: constant})
		}
	}
	return labels
}

// labelName checks the name of a label.
func (p *parser) labelName(n *node, path string) bool {
	name := n.text
	switch {
	case !model.UTF8Validation.IsValidLabelName(name):
		p.wrong(n, path, "an empty label name", "write a name of letters, digits and _")
	case len(name) > maxName:
		p.wrong(n, path, fmt.Sprintf("a name of %d bytes", len(name)), fmt.Sprintf("write at most %d", maxName))
	case strings.ContainsFunc(name, unicode.IsControl):
		p.wrong(n, path, "a control character in the name", "write letters, digits and _")
	case strings.HasPrefix(name, "__"):
		p.wrong(n, path, "names that start with __ are reserved for Prometheus", "write another name")
	default:
		return true
	}
	return false
}

// constant reads a constant string, in which $$ is a dollar sign.
func (p *parser) constant(n *node, path string) (string, bool) {
	if !n.scalar() {
		return "", p.wrongKind(n, path, "a string", "write a string")
	}
	for i := 0; i < len(n.text); i++ {
		if n.text[i] != '$' {
			continue
		}
		if i++; i == len(n.text) || n.text[i] != '$' {
			p.wrong(n, path, "a single $ in the constant "+quote(n.text),
				"write $$ for a dollar sign, or only a field: $status")
			return "", false
		}
	}
	if p.hasNUL(n, path) {
		return "", false
	}
	if len(n.text) > maxConstant {
		p.wrong(n, path, fmt.Sprintf("a string of %d bytes", len(n.text)), fmt.Sprintf("write at most %d", maxConstant))
		return "", false
	}
	return strings.ReplaceAll(n.text, "$$", "$"), true
}

// mergeLabels reads the labels of the rule and adds those of the file, sorted by name.
func (r *reader) mergeLabels() {
	r.m.Labels = slices.Clone(r.parser.labels)
	if n := r.get("labels"); n != nil {
		r.ownLabels(n)
	}
	slices.SortFunc(r.m.Labels, func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
	if len(r.m.Labels) > maxLabels {
		r.wrong(r.node, r.under("labels"), fmt.Sprintf("%d labels", len(r.m.Labels)),
			fmt.Sprintf("a rule has at most %d", maxLabels))
	}
}

// labels reads the labels of a rule on records.
func (r *reader) labels() {
	r.mergeLabels()
	r.distinctLabels()
}

// distinctLabels checks that labels differ from those that the type adds, and from each other in the form for scrapers
// without support for UTF-8 names.
func (r *reader) distinctLabels() {
	seen := make(map[string]string, len(r.m.Labels))
	for i := range r.m.Labels {
		name := r.m.Labels[i].Name
		at, path := r.labelKey(name), under(r.under("labels"), name)
		if r.typed && (r.m.Type == Histogram && name == "le" || r.m.Type == Summary && name == "quantile") {
			r.wrong(at, path, "a "+r.m.Type.String()+" adds a label of this name itself", "write another name")
		}
		key := model.EscapeName(name, model.UnderscoreEscaping)
		if first, taken := seen[key]; taken {
			wrong := fmt.Sprintf("scrapers without support for UTF-8 names see both this label and %[2]s as %[1]s",
				key, quote(first))
			r.wrong(at, path, wrong, "write another name")
		}
		seen[key] = name
	}
}

// labelKey returns the key of a label, or the rule if it is a label of the file.
func (r *reader) labelKey(name string) *node {
	if labels := r.get("labels"); labels != nil {
		for _, f := range labels.fields {
			if f.key.text == name {
				return f.key
			}
		}
	}
	return r.node
}

func (r *reader) ownLabels(n *node) {
	path := r.under("labels")
	if n.kind != mapping {
		r.wrongKind(n, path, "a mapping", "write {name: $field}")
		return
	}
	for _, f := range n.fields {
		path := under(path, f.key.text)
		ofFile := func(l Label) bool { return l.Name == f.key.text }
		if slices.ContainsFunc(r.parser.labels, ofFile) {
			r.wrong(f.key, path, "the label is also in the labels of the file", "remove one of them")
			continue
		}
		if r.labelName(f.key, path) {
			if l, ok := r.label(f, path); ok {
				r.m.Labels = append(r.m.Labels, l)
			}
		}
	}
}

// label reads one label.
func (r *reader) label(f field, path string) (l Label, ok bool) {
	l.Name = f.key.text
	n := f.value
	switch {
	case n.kind == mapping:
		return r.labelMapping(l, n, path)
	case n.kind == text && strings.HasPrefix(n.text, "$") && !strings.HasPrefix(n.text, "$$"):
		l.From, ok = r.labelField(n, path)
	case !n.scalar():
		r.wrongKind(n, path, labelSpec.what, "write "+labelSpec.example)
	default:
		l.Constant, ok = r.constant(n, path)
		if ok && l.Constant == "" && r.received == nil {
			r.wrong(n, path, "a label with an empty value is the same as no label", "write a value, or remove the label")
		}
	}
	return l, ok
}

func (r *reader) labelMapping(l Label, n *node, path string) (Label, bool) {
	s, ok := r.parser.readMapping(n, path, labelSpec)
	if !ok {
		return l, false
	}
	r.labelSource(&l, s)
	if n := s.get("default"); n != nil {
		l.Default, _ = r.constant(n, s.under("default"))
	}
	if n := s.get("max_length"); n != nil {
		l.MaxLength, _ = r.whole(n, s.under("max_length"), 1, maxConstant)
	}
	l.Regex, l.Replacement = r.extraction(s)
	r.rewriting(&l, s)
	if n := s.get("map"); n != nil {
		l.Map = r.cases(n, s.under("map"))
	}
	return l, true
}

func (r *reader) labelSource(l *Label, s *mappingReader) {
	from, capture := s.get("from"), s.get("capture")
	switch {
	case from != nil && capture != nil:
		r.wrong(capture, s.under("capture"), "from is also set", "write only one of them")
	case from != nil:
		l.From, _ = r.labelField(from, s.under("from"))
	case capture != nil:
		l.Capture, _ = r.text(capture, s.under("capture"), "write the name of a capture of fields")
		r.hasCapture(capture, s.under("capture"), l.Capture)
	case !s.has("from") && !s.has("capture"):
		r.wrong(s.node, s.path, "the label has no source", "add from: $field, or write a string for a constant")
	}
}

// labelField reads the field of a label.
func (r *reader) labelField(n *node, path string) (Source, bool) {
	from, ok := r.source(n, path)
	for _, a := range from {
		if a.Root == RootTime || a.Root == RootNow {
			r.wrong(n, path, a.Text+" differs in every record, and so would the series", "write value: "+a.Text)
			return nil, false
		}
	}
	return from, ok
}

// hasCapture checks that fields has the named capture.
func (r *reader) hasCapture(n *node, path, name string) {
	switch re := r.m.Fields; {
	case name == "":
	case r.received != nil:
		r.wrong(n, path, "a point has no captures", "write from: \"$labels['"+name+"']\"")
	case !r.has("fields"):
		r.wrong(n, path, "the capture "+quote(name)+" needs fields in the rule", "add fields, or write from: $field")
	case re != nil && re.SubexpIndex(name) < 0:
		r.wrong(n, path, "fields has no capture named "+quote(name), captures(re))
	}
}

// captures lists the named captures of a regular expression.
func captures(re *regexp.Regexp) string {
	names := slices.DeleteFunc(re.SubexpNames(), func(s string) bool { return s == "" })
	if len(names) == 0 {
		return "it has none; add (?P<name>...)"
	}
	return "it has " + strings.Join(names, ", ")
}

// cases reads the map from regular expressions to label values.
func (r *reader) cases(n *node, path string) []MapCase {
	const right = "map regular expressions to values: {'^5': error}"
	if n.kind != mapping {
		r.wrongKind(n, path, "a mapping", right)
		return nil
	}
	if len(n.fields) == 0 {
		r.wrong(n, path, "an empty mapping", right)
	}
	cases := make([]MapCase, 0, len(n.fields))
	for _, f := range n.fields {
		path := under(path, f.key.text)
		re, good := r.compile(f.key, path, f.key.text)
		if value, ok := r.constant(f.value, path); ok && good {
			cases = append(cases, MapCase{re, value})
		}
	}
	return cases
}
