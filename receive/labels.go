package receive

import (
	"bytes"
	"slices"
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/metric"
)

// maxLabelValue bounds a label value; what is longer is cut.
const maxLabelValue = 1024

// nameLabel is how remote write says the name of a metric once more.
const nameLabel = "__name__"

// none is the key of a label whose value is that of all points.
const none = -1

// label is a label that points of a family may have.
type label struct {
	name  []byte
	key   int    // which of the point's values it has, or none
	value []byte // when it has none of them
}

// listLabels lists the labels of the family by name. It reports false if one of them is not for a page, or the type has
// it for itself.
func (w *Scratch) listLabels() bool {
	w.labels = w.labels[:0]
	for i, key := range w.family.Keys {
		if len(key) > 0 && string(key) != nameLabel {
			w.labels = append(w.labels, label{name: key, key: i})
		}
	}
	for _, l := range w.context.Static {
		w.labels = append(w.labels, label{name: l.Name, value: l.Value, key: none})
	}
	w.labels = append(w.labels, w.resource...)
	for i := range w.labels {
		l := &w.labels[i]
		if w.context.OTLP {
			l.name = w.names.label(l.name)
		}
		if w.isBad(l.name) {
			return false
		}
	}
	// Stable, because the first of equal names is the one that counts.
	slices.SortStableFunc(w.labels, func(a, b label) int { return bytes.Compare(a.name, b.name) })
	return true
}

func (w *Scratch) isBad(name []byte) bool {
	switch w.definition.Type {
	case collector.Histogram:
		if string(name) == "le" {
			return true
		}
	case collector.Summary:
		if string(name) == "quantile" {
			return true
		}
	}
	return len(name) == 0 || !utf8.Valid(name) || bytes.IndexByte(name, 0) >= 0
}

// putLabels appends the labels of the point to b, with those that rules set in their places.
func (w *Scratch) putLabels(b *collector.Batch) {
	set := w.result.Labels
	for i := 0; i < len(w.labels); {
		name := w.labels[i].name
		var value []byte
		value, i = w.valueAt(i)
		for len(set) > 0 && bytes.Compare(set[0].Name, name) < 0 {
			w.changes.AppendLabel(&w.rules, set[0], b)
			set = set[1:]
		}
		switch {
		case len(set) > 0 && bytes.Equal(set[0].Name, name):
			w.changes.AppendLabel(&w.rules, set[0], b)
			set = set[1:]
		case len(value) > 0 && !w.isMark(name):
			b.Label(name)
			b.Label(w.fit(value))
		}
	}
	for _, l := range set {
		w.changes.AppendLabel(&w.rules, l, b)
	}
}

// valueAt returns the value of the label at i for the point, and where the next label is.
func (w *Scratch) valueAt(i int) (value []byte, next int) {
	name := w.labels[i].name
	value = w.value(&w.labels[i])
	for i++; i < len(w.labels) && bytes.Equal(w.labels[i].name, name); i++ {
		value = w.either(value, w.value(&w.labels[i]), w.labels[i].key != none)
	}
	return value, i
}

func (w *Scratch) value(l *label) []byte {
	switch {
	case l.key == none:
		return l.value
	case l.key < len(w.point.Labels):
		return w.point.Labels[l.key]
	}
	return nil
}

// either joins the values of labels whose names became equal, as OpenTelemetry's rules for Prometheus say. Labels that
// were equal before have the first value that there is.
func (w *Scratch) either(first, second []byte, own bool) []byte {
	switch {
	case len(first) == 0:
		return second
	case len(second) == 0 || !own || !w.context.OTLP:
		return first
	}
	start := len(w.text)
	w.text = append(append(append(w.text, first...), ';'), second...)
	return w.text[start:]
}

// fit makes a value one that a page may have.
func (w *Scratch) fit(value []byte) []byte {
	long := len(value) > maxLabelValue
	if long {
		value = cut(value)
	}
	if value = metric.Text(value); len(value) > maxLabelValue {
		value, long = cut(value), true
	}
	if long {
		w.LabelsCut++
	}
	return value
}

// cut cuts a value without leaving a part of a character.
func cut(value []byte) []byte {
	end := maxLabelValue
	for end > maxLabelValue-utf8.UTFMax && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end]
}
