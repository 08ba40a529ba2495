package host

import (
	"context"
	"fmt"
	"time"
)

// Tick is how often Fluent Bit asks an input that is written in Go for records.
const Tick = time.Second

// Collect does once what the timer of an input does: it asks for records, copies them and lets the plugin clean up. It
// returns nothing if the plugin has nothing. Fluent Bit calls it every Tick, from one Tick after the start on, and no
// more when it pauses an input: of several always the last one, whichever it meant.
func (h *Host) Collect(ctx context.Context, input int) ([]byte, error) {
	r, err := h.callInput(ctx, opCollect, input)
	if err != nil {
		return nil, err
	}
	return r.bytes(), r.err
}

// PauseInput calls Pause of an input, as Fluent Bit does when it has no memory for records and before the end. It does
// not stop a timer.
func (h *Host) PauseInput(ctx context.Context, input int) error {
	_, err := h.callInput(ctx, opPause, input)
	return err
}

// ResumeInput ends a pause.
func (h *Host) ResumeInput(ctx context.Context, input int) error {
	_, err := h.callInput(ctx, opResume, input)
	return err
}

func (h *Host) callInput(ctx context.Context, op uint32, n int) (*reply, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.current == nil {
		return nil, ErrNotRunning
	}
	if n < 0 || n >= len(h.current.inputs) {
		return nil, fmt.Errorf("there is no input %d among %d", n, len(h.current.inputs))
	}
	i := h.current.inputs[n]
	return h.call(ctx, newRequest(op, i.handle, i.thread))
}
