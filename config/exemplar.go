package config

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds of exemplars and initial label sets.
const (
	maxExemplarLabels = 16
	maxInit           = 10_000
)

// exemplar reads the labels of exemplars.
func (r *reader) exemplar(n *node) {
	path := r.under("exemplar")
	if n.kind != mapping {
		r.wrongKind(n, path, "a mapping", "write {trace_id: $trace_id}")
		return
	}
	if len(n.fields) == 0 || len(n.fields) > maxExemplarLabels {
		r.wrong(n, path, fmt.Sprintf("%d labels", len(n.fields)), fmt.Sprintf("write 1 to %d", maxExemplarLabels))
	}
	runes := 0
	for _, f := range n.fields {
		path := under(path, f.key.text)
		if !r.labelName(f.key, path) {
			continue
		}
		if l, ok := r.label(f, path); ok {
			r.m.Exemplar = append(r.m.Exemplar, l)
			runes += utf8.RuneCountInString(l.Name) + utf8.RuneCountInString(l.Constant)
		}
	}
	if runes > prometheus.ExemplarMaxRunes {
		r.wrong(n, path, fmt.Sprintf("%d characters in names and constants", runes),
			fmt.Sprintf("OpenMetrics allows %d, including the values of fields", prometheus.ExemplarMaxRunes))
	}
}

// init reads the label sets of series that exist from the start.
func (r *reader) init(n *node) {
	path := r.under("init")
	if n.kind != sequence {
		r.wrongKind(n, path, "a list", "write label sets: [{method: GET, status: '200'}]")
		return
	}
	switch {
	case len(n.elements) == 0 || len(n.elements) > maxInit:
		r.wrong(n, path, fmt.Sprintf("%d label sets", len(n.elements)), fmt.Sprintf("write 1 to %d", maxInit))
		return
	case !r.m.Name.fixed():
		r.wrong(n, path, "init needs a fixed name, and this name depends on the record",
			"write a name without variables")
	}
	seen := make(map[string]bool, len(n.elements))
	for i, e := range n.elements {
		set, ok := r.initSet(e, at(path, i))
		if !ok {
			continue
		}
		if key := fmt.Sprintf("%q", set); seen[key] {
			r.wrong(e, at(path, i), "the label set appears twice", "remove one of them")
		} else {
			seen[key] = true
		}
		r.m.Init = append(r.m.Init, set)
	}
	if limit := r.m.SeriesLimit; limit > 0 && len(n.elements) > limit {
		r.wrong(n, path, fmt.Sprintf("%d label sets", len(n.elements)), fmt.Sprintf("series_limit allows %d series", limit))
	}
}

// initSet reads the values of one label set. Missing labels are empty.
func (r *reader) initSet(n *node, path string) ([]string, bool) {
	if n.kind != mapping {
		return nil, r.wrongKind(n, path, "a label set", "write {method: GET, status: '200'}")
	}
	set := make([]string, len(r.m.Labels))
	names := make([]string, 0, len(r.m.Labels))
	for i := range r.m.Labels {
		l := &r.m.Labels[i]
		if l.IsConstant() {
			set[i] = l.Constant
			continue
		}
		names = append(names, l.Name)
	}
	for _, f := range n.fields {
		path := under(path, f.key.text)
		value, ok := r.constant(f.value, path)
		i := slices.IndexFunc(r.m.Labels, func(l Label) bool { return l.Name == f.key.text })
		switch {
		case i < 0:
			r.wrong(f.key, path, "the rule has no label "+quote(f.key.text), hasLabels(f.key.text, names))
		case r.m.Labels[i].IsConstant():
			r.wrong(f.key, path, "the label is a constant, which every series has", "remove it here")
		case ok:
			set[i] = value
		}
	}
	return set, true
}

func hasLabels(name string, names []string) string {
	if len(names) == 0 {
		return "none of its labels comes from the record"
	}
	return suggest(name, names)
}
