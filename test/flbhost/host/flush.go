package host

import (
	"context"
	"errors"
	"fmt"
)

// ErrNotRunning is the error of a call to a section while no configuration runs.
var ErrNotRunning = errors.New("no configuration is running")

// Flight is a chunk that was sent to an output. The caller must call Wait once.
type Flight struct {
	p      *process
	reply  <-chan *reply
	landed func()
}

// Send hands a chunk to an output, given by its position in Config.Outputs, and does not wait for the answer. Chunks of
// one output reach the plugin in the order of Send, except with workers. Exit waits for Wait.
func (h *Host) Send(output int, tag string, chunk []byte) (*Flight, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s := h.current
	if s == nil {
		return nil, ErrNotRunning
	}
	if output < 0 || output >= len(s.outputs) {
		return nil, fmt.Errorf("there is no output %d among %d", output, len(s.outputs))
	}
	o := s.outputs[output]
	reply, err := h.p.send(newRequest(opFlush, o.handle, o.thread).text(tag).bytes(chunk))
	if err != nil {
		return nil, err
	}
	s.flushes.Add(1)
	return &Flight{p: h.p, reply: reply, landed: s.flushes.Done}, nil
}

// Wait returns the plugin's answer.
func (f *Flight) Wait(ctx context.Context) (Status, error) {
	defer f.landed()
	r, err := f.p.wait(ctx, f.reply)
	if err != nil {
		return StatusError, err
	}
	return Status(r.number()), r.err
}

// Flush is Send and Wait. It does not flush again when the answer is StatusRetry.
func (h *Host) Flush(ctx context.Context, output int, tag string, chunk []byte) (Status, error) {
	f, err := h.Send(output, tag, chunk)
	if err != nil {
		return StatusError, err
	}
	return f.Wait(ctx)
}
