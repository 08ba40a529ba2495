package record_test

import (
	"errors"
	"io"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/record"
)

// TestNilsBetweenEvents holds that a run of nils costs no event.
func TestNilsBetweenEvents(t *testing.T) {
	chunk := chunktest.Events(`{"a":1}`)
	chunk = append(chunk, 0xc0, 0xc0, 0xc0)
	chunk = append(chunk, chunktest.Events(`{"a":2}`)...)
	var reader record.Reader
	var event record.Event
	reader.Reset(chunk, record.NewSelector(nil, true))
	events, malformed := 0, 0
	for {
		err := reader.Next(&event)
		var m *record.Malformed
		switch {
		case errors.Is(err, io.EOF):
			if events != 2 || malformed != 1 {
				t.Errorf("%d events and %d malformed, want 2 and 1", events, malformed)
			}
			return
		case errors.As(err, &m):
			malformed++
			if m.Size != 3 || m.Reason != record.NotEvent {
				t.Errorf("got %v", m)
			}
		case err != nil:
			t.Fatal(err)
		default:
			events++
		}
	}
}
