package main

import (
	"context"
	"sync"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/input"
)

// retryInterval is the time before a chunk is flushed again.
const retryInterval = time.Second

// engine lets the inputs of a plan collect, each at its own interval, and flushes the events at the interval of the
// service, one chunk for each tag.
type engine struct {
	plan *plan
	host *host.Host

	collecting sync.WaitGroup // goroutines of the inputs and of the flushes
	stopInputs context.CancelFunc
	deliveries sync.WaitGroup
	delivering context.Context // deliveries outlive the flush that starts them
	giveUp     context.CancelFunc

	mu     sync.Mutex
	events map[string][]byte // guarded by mu; events since the last flush, by tag
}

func newEngine(p *plan, h *host.Host) *engine {
	e := &engine{plan: p, host: h, events: map[string][]byte{}}
	e.delivering, e.giveUp = context.WithCancel(context.Background())
	return e
}

func (e *engine) start() {
	ctx, cancel := context.WithCancel(context.Background())
	e.stopInputs = cancel
	for _, s := range e.plan.sources {
		if s.isPlugin {
			s.input = input.Input{Interval: host.Tick, Collect: func(_ time.Time, b []byte) ([]byte, error) {
				events, err := e.host.Collect(context.Background(), s.plugin)
				return append(b, events...), err
			}}
		}
		e.collecting.Go(func() { every(ctx, s.input.Interval, func(now time.Time) { e.collect(s, now) }) })
	}
	e.collecting.Go(func() { every(ctx, e.plan.flush, func(time.Time) { e.flush() }) })
}

// stop stops the inputs, flushes once more, and waits for deliveries, at most for grace. It may be called again.
func (e *engine) stop(grace time.Duration) {
	e.stopInputs()
	e.collecting.Wait()
	for _, s := range e.plan.sources {
		if s.isPlugin {
			_ = e.host.PauseInput(context.Background(), s.plugin) // fails only if the loader has ended, which the agent reports
		}
	}
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
		e.host.Log(context.Background(), host.Error, "[input:%s] %v", s.name, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.events[s.tag] = append(e.events[s.tag], events...)
}

// flush sends the events to every output that takes their tag. The chunks of a tag reach an output in order.
func (e *engine) flush() {
	e.mu.Lock()
	events := e.events
	e.events = map[string][]byte{}
	e.mu.Unlock()
	for _, s := range e.plan.sources {
		for _, r := range e.plan.routes {
			if len(events[s.tag]) > 0 && r.match.MatchString(s.tag) {
				e.deliver(r, s.tag, events[s.tag])
			}
		}
		delete(events, s.tag) // another source may have the same tag
	}
}

func (e *engine) deliver(r route, tag string, chunk []byte) {
	if r.builtin != nil {
		if err := r.builtin(tag, chunk); err != nil {
			e.host.Log(context.Background(), host.Error, "[output:%s] %v", r.name, err)
		}
		return
	}
	f, err := e.host.Send(r.plugin, tag, chunk)
	if err != nil {
		return // the loader has ended, which the agent reports
	}
	e.deliveries.Go(func() { e.await(f, r, tag, chunk) })
}

// await flushes the whole chunk again for as long as the plugin answers RETRY and the engine runs. Fluent Bit does so
// only as often as Retry_Limit says.
func (e *engine) await(f *host.Flight, r route, tag string, chunk []byte) {
	status, err := f.Wait(e.delivering)
	for err == nil && status == host.StatusRetry {
		e.host.Log(context.Background(), host.Warn, "[engine] failed to flush chunk, retry in %v: tag=%s > output=%s",
			retryInterval, tag, r.name)
		select {
		case <-time.After(retryInterval):
			status, err = e.host.Flush(e.delivering, r.plugin, tag, chunk)
		case <-e.delivering.Done():
			err = e.delivering.Err()
		}
	}
	if err != nil {
		e.host.Log(context.Background(), host.Warn, "[engine] gave up a chunk of tag %s: %v", tag, err)
	} else if status == host.StatusError {
		e.host.Log(context.Background(), host.Warn, "[flbhost] %s answered ERROR: the chunk of tag %s is dropped "+
			"(Fluent Bit does not log this)", r.name, tag)
	}
}
