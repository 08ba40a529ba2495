package host

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ErrNotRunning is the error of a flush while no configuration runs.
var ErrNotRunning = errors.New("no configuration is running")

// Flight is a chunk on its way through an output. Either Wait or Deliver is to be called, once.
type Flight struct {
	h        *Host
	output   int
	instance *instance
	tag      string
	chunk    []byte
	reply    <-chan *reply
	landed   func()
}

// Send hands a chunk to an output, given by its position in Config.Outputs, and does not wait for the answer. The
// chunks of one output reach the plugin in the order of Send, except with workers. Exit waits for all flights. The
// chunk must not change before Wait or Deliver has returned.
func (h *Host) Send(output int, tag string, chunk []byte) (*Flight, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	s := h.current
	if s == nil {
		return nil, ErrNotRunning
	}
	if output < 0 || output >= len(s.instances) {
		return nil, fmt.Errorf("no output %d among %d", output, len(s.instances))
	}
	f := &Flight{h: h, output: output, instance: s.instances[output], tag: tag, chunk: chunk, landed: s.flushes.Done}
	var err error
	if f.reply, err = h.p.send(newRequest(opFlush, f.instance.number, s.engine).text(tag).bytes(chunk)); err != nil {
		return nil, err
	}
	s.flushes.Add(1)
	return f, nil
}

// Wait returns the plugin's answer.
func (f *Flight) Wait(ctx context.Context) (Status, error) {
	defer f.landed()
	r, err := f.h.p.wait(ctx, f.reply)
	if err != nil {
		return StatusError, err
	}
	return Status(r.number()), r.err
}

// Flush hands a chunk to an output and returns the plugin's answer, whatever it is. To have RETRY acted upon, use
// Deliver.
func (h *Host) Flush(ctx context.Context, output int, tag string, chunk []byte) (Status, error) {
	f, err := h.Send(output, tag, chunk)
	if err != nil {
		return StatusError, err
	}
	return f.Wait(ctx)
}

// Deliver flushes a chunk, and flushes it again, whole, for as long as the plugin answers RETRY and the output's
// retry_limit allows. Before the first repetition it waits for Options.Backoff, then for twice as long each time. The
// answer is the last one: on ERROR and RETRY the chunk is lost.
func (h *Host) Deliver(ctx context.Context, output int, tag string, chunk []byte) (Status, error) {
	f, err := h.Send(output, tag, chunk)
	if err != nil {
		return StatusError, err
	}
	return f.Deliver(ctx)
}

// Deliver is Host.Deliver for a chunk that is already under way.
func (f *Flight) Deliver(ctx context.Context) (Status, error) {
	status, err := f.Wait(ctx)
	backoff := f.h.o.Backoff
	for n := 0; err == nil && status == StatusRetry && f.mayRetry(n); n++ {
		f.log(ctx, "[engine] failed to flush chunk, retry in %v", backoff)
		if err = pause(ctx, backoff); err == nil {
			status, err = f.h.Flush(ctx, f.output, f.tag, f.chunk)
		}
		backoff = min(2*backoff, maxBackoff)
	}
	if err == nil && status == StatusRetry {
		f.log(ctx, "[engine] chunk cannot be retried")
	}
	if err == nil && status == StatusError {
		f.log(ctx, "[flbhost] the plugin answered ERROR, the chunk is dropped (without a line in Fluent Bit)")
	}
	return status, err
}

const maxBackoff = 30 * time.Second

func (f *Flight) mayRetry(done int) bool {
	return f.instance.core.retryLimit == unlimited || done < f.instance.core.retryLimit
}

func (f *Flight) log(ctx context.Context, format string, args ...any) {
	if f.instance.core.level >= Warn {
		where := fmt.Sprintf(": tag=%s > output=%s bytes=%d", f.tag, f.instance.displayName(), len(f.chunk))
		f.h.Log(ctx, Warn, format+"%s", append(args, where)...)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
