package main

import (
	"context"
	"sync"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/host"
)

// flight is a chunk on its way through a plugin.
type flight interface {
	Deliver(context.Context) (host.Status, error)
}

// engine has the inputs of a plan collect, each at its own pace, and flushes what they collected, one chunk for each
// tag, at the pace of the service.
type engine struct {
	plan *plan
	send func(plugin int, tag string, chunk []byte) (flight, error)
	log  func(ctx context.Context, l host.Level, format string, args ...any)

	collecting sync.WaitGroup // goroutines of inputs and of the flushes
	stopInputs context.CancelFunc
	deliveries sync.WaitGroup
	delivering context.Context // deliveries outlive the flush that starts them
	giveUp     context.CancelFunc

	mu     sync.Mutex
	events map[string][]byte // guarded by mu; what has been collected since the last flush, by tag
}

func newEngine(p *plan, send func(int, string, []byte) (flight, error),
	log func(context.Context, host.Level, string, ...any)) *engine {
	e := &engine{plan: p, send: send, log: log, events: map[string][]byte{}}
	e.delivering, e.giveUp = context.WithCancel(context.Background())
	return e
}

func (e *engine) start() {
	ctx, cancel := context.WithCancel(context.Background())
	e.stopInputs = cancel
	for _, s := range e.plan.sources {
		e.collecting.Go(func() { every(ctx, s.input.Interval(), func(now time.Time) { e.collect(s, now) }) })
	}
	e.collecting.Go(func() { every(ctx, e.plan.flush, func(time.Time) { e.flush() }) })
}

// stop stops the inputs, flushes once more, and waits for deliveries, but not longer than grace. It may be called
// again.
func (e *engine) stop(grace time.Duration) {
	e.stopInputs()
	e.collecting.Wait()
	e.plan.close()
	e.flush()
	t := time.AfterFunc(grace, e.giveUp)
	e.deliveries.Wait()
	t.Stop()
	e.giveUp()
}

// every calls f at each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, f func(now time.Time)) {
	t := time.NewTicker(interval)
	defer t.Stop()
	for {
		select {
		case now := <-t.C:
			f(now)
		case <-ctx.Done():
			return
		}
	}
}

func (e *engine) collect(s source, now time.Time) {
	events, err := s.input.Collect(now, nil)
	if err != nil {
		e.log(e.delivering, host.Error, "[input:%s] %v", s.name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events[s.tag] = append(e.events[s.tag], events...)
}

// flush sends what was collected to every output that takes it. The chunks of a tag reach an output in order.
func (e *engine) flush() {
	e.mu.Lock()
	events := e.events
	e.events = map[string][]byte{}
	e.mu.Unlock()
	for _, tag := range e.plan.tags() {
		if len(events[tag]) == 0 {
			continue
		}
		for _, r := range e.plan.routes {
			if r.match(tag) {
				e.deliver(r, tag, events[tag])
			}
		}
	}
}

func (e *engine) deliver(r route, tag string, chunk []byte) {
	if r.builtin != nil {
		if err := r.builtin.Flush(tag, chunk); err != nil {
			e.log(e.delivering, host.Error, "[output:%s] %v", r.name, err)
		}
		return
	}
	f, err := e.send(r.plugin, tag, chunk)
	if err != nil {
		return // the loader has ended, which the agent tells
	}
	e.deliveries.Go(func() {
		if _, err := f.Deliver(e.delivering); err != nil && e.delivering.Err() != nil {
			e.log(context.Background(), host.Warn, "[engine] a chunk of tag %s is given up: %v", tag, err)
		}
	})
}
