package receive

import (
	"encoding/hex"
	"unicode/utf8"

	"github.com/promexporter/promexporter/collector"
)

// putExemplars appends the exemplars of the point to b, with the names of labels that OpenTelemetry's rules for
// Prometheus give.
func (w *Scratch) putExemplars(b *collector.Batch) {
	for w.point.NextExemplar(&w.exemplar) {
		e := &w.exemplar
		w.putID(b, "trace_id", e.TraceID)
		w.putID(b, "span_id", e.SpanID)
		if w.attributesFit() {
			for _, a := range e.Attributes {
				b.Exemplar(w.names.text(a.Name), a.Value)
			}
		}
		b.PutExemplar(e.Value, e.Time)
	}
}

func (w *Scratch) putID(b *collector.Batch, name string, id []byte) {
	w.id = hex.AppendEncode(w.id[:0], id)
	b.Exemplar(name, w.id)
}

// attributesFit reports whether an exemplar may have its attributes in addition to its ids: all together have room, and
// no two labels have the same name.
func (w *Scratch) attributesFit() bool {
	e := &w.exemplar
	runes := len("trace_id") + 2*len(e.TraceID) + len("span_id") + 2*len(e.SpanID)
	for i, a := range e.Attributes {
		name := w.names.text(a.Name)
		runes += utf8.RuneCountInString(name) + utf8.RuneCount(a.Value)
		if runes > collector.MaxExemplarRunes || name == "trace_id" || name == "span_id" {
			return false
		}
		for _, other := range e.Attributes[:i] {
			if w.names.text(other.Name) == name {
				return false
			}
		}
	}
	return true
}
