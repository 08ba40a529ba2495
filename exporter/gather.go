package exporter

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// Reasons for which a scrape does without a source, or without a part of it.
const (
	reasonError   = "error"
	reasonPanic   = "panic"
	reasonTimeout = "timeout"
)

var errPanic = errors.New("panic")

// Phases of a gathering.
const (
	waiting = iota // until the source has answered earlier scrapes
	asking
	given
	refused // the source still owes an earlier answer
	left    // the scrape goes on without it
)

// A gathering is what one source gives to one scrape. It keeps the source in use until release.
type gathering struct {
	server   *server
	endpoint *Endpoint
	phase    atomic.Int32
	ended    chan struct{} // closed when phase is given or refused; the fields below are written then
	families []*dto.MetricFamily
	done     func()
	err      error
}

// gather asks all sources at once and waits for limit at most, so that one that hangs costs the others of its page
// nothing but time. The caller releases every gathering. What went wrong is reported.
func (s *server) gather(endpoints []*Endpoint, limit time.Duration) []*gathering {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	asked := make([]*gathering, 0, len(endpoints))
	for _, e := range endpoints {
		if g := s.ask(ctx, e); g != nil {
			asked = append(asked, g)
		}
	}
	given := asked[:0]
	for _, g := range asked {
		if g.await(ctx, limit) {
			g.report(g.err)
			given = append(given, g)
		}
	}
	return given
}

// ask starts a gathering of e, unless e is closed.
func (s *server) ask(ctx context.Context, e *Endpoint) *gathering {
	if !e.acquire() {
		return nil
	}
	g := &gathering{server: s, endpoint: e, ended: make(chan struct{}), done: func() {}}
	go func() {
		// What is left to recover is a panic of the log.
		_ = recovered(func() error { g.run(ctx); return nil })
	}()
	return g
}

// run calls the source, when it has answered those scrapes that did not wait for it: each call could leave one more
// goroutine with a source that hangs. When nobody waits any more, it also gives back what the source gave.
func (g *gathering) run(ctx context.Context) {
	if !g.endpoint.settled(ctx) {
		defer g.endpoint.release()
		if g.phase.CompareAndSwap(waiting, refused) {
			close(g.ended)
			g.server.reportSource(g.endpoint, reasonTimeout, errors.New("it still owes the answer to an earlier scrape"))
		}
		return
	}
	if !g.phase.CompareAndSwap(waiting, asking) {
		g.endpoint.release()
		return
	}
	g.call()
	if g.phase.CompareAndSwap(asking, given) {
		close(g.ended)
		return
	}
	defer g.release()
	g.endpoint.debt.pay()
	g.report(g.err)
}

func (g *gathering) call() {
	defer func() {
		if p := recover(); p != nil {
			g.err = fmt.Errorf("%w in Gather: %v", errPanic, p)
		}
	}()
	families, done, err := g.endpoint.source.Gather()
	if done != nil {
		g.done = done
	}
	g.families, g.err = families, err
}

// await says whether the source gave before ctx ended, or the endpoint's own scrapes were ended.
func (g *gathering) await(ctx context.Context, limit time.Duration) bool {
	select {
	case <-g.ended:
		return g.phase.Load() == given
	case <-g.endpoint.cut.Done():
	case <-ctx.Done():
	}
	if !g.leave() {
		<-g.ended
		return g.phase.Load() == given
	}
	if g.endpoint.cut.Err() == nil {
		g.server.reportSource(g.endpoint, reasonTimeout, lateError(limit))
	}
	return false
}

// lateError tells a slow source from an impatient scraper.
func lateError(limit time.Duration) error {
	if limit < gatherTimeout {
		return fmt.Errorf("no answer within %s, which is half of what the scraper waits", limit.Round(time.Microsecond))
	}
	return fmt.Errorf("no answer within %s", limit)
}

// leave lets the scrape go on without g, unless that has ended.
func (g *gathering) leave() bool {
	if g.phase.CompareAndSwap(waiting, left) {
		return true
	}
	// Counted before it is decided: run takes it back only after that.
	g.endpoint.debt.owe()
	if g.phase.CompareAndSwap(asking, left) {
		return true
	}
	g.endpoint.debt.pay()
	return false
}

// release gives the families back to the source.
func (g *gathering) release() {
	defer g.endpoint.release()
	defer func() {
		if p := recover(); p != nil {
			g.report(fmt.Errorf("%w in done: %v", errPanic, p))
		}
	}()
	g.done()
}

func (g *gathering) report(err error) {
	switch {
	case err == nil:
	case errors.Is(err, errPanic):
		g.server.reportSource(g.endpoint, reasonPanic, err)
	default:
		g.server.reportSource(g.endpoint, reasonError, err)
	}
}
