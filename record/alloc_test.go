package record

import (
	"io"
	"strings"
	"testing"
)

// TestNoAllocations reads every capture with an event that has grown to its size.
func TestNoAllocations(t *testing.T) {
	selectors := map[string]*Selector{
		"paths": NewSelector(paths("body.status", "body.nested.a.b", "body.nested.list[2].c",
			"metadata.otlp.severity_text", "group_body.scope.name"), 0),
		"leaves":  NewSelector(nil, Numbers),
		"texts":   NewSelector(nil, Numbers|Texts|Parents),
		"numeric": NewSelector(nil, Numbers|NumericTexts),
		"both":    NewSelector(paths("body.status", "body.nested.a.b"), Numbers),
	}
	for _, name := range captures(t, "*/*") {
		chunk := capture(t, name)
		for kind, s := range selectors {
			var r Reader
			var e Event
			events := 0
			read := func() {
				events = 0
				r.Reset(chunk, s)
				for err := r.Next(&e); err != io.EOF; err = r.Next(&e) {
					if err == nil {
						events++
					}
				}
			}
			if n := testing.AllocsPerRun(10, read); n != 0 {
				t.Errorf("%s, %s: %v allocations", name, kind, n)
			}
			if isMetrics := strings.HasPrefix(name, "metrics"); (events == 0) != isMetrics {
				t.Errorf("%s, %s: %d events", name, kind, events)
			}
		}
	}
}
