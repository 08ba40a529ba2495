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

// A gathering is what one source gives to one scrape. It keeps the source in use until release.
type gathering struct {
	server   *server
	endpoint *Endpoint
	decided  atomic.Bool   // either the source gave in time, or the scrape goes on without it
	given    chan struct{} // closed when the source gave in time; the fields below are written then
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
		if g := s.ask(e); g != nil {
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

// ask starts a gathering of e, unless e is closed. A source that still owes its answer to an earlier scrape is not
// asked again: each scrape would leave one more goroutine with it.
func (s *server) ask(e *Endpoint) *gathering {
	if !e.acquire() {
		return nil
	}
	if e.late.Load() > 0 {
		e.release()
		s.reportSource(e, reasonTimeout, errors.New("it still owes the answer to an earlier scrape"))
		return nil
	}
	g := &gathering{server: s, endpoint: e, given: make(chan struct{}), done: func() {}}
	go func() {
		// What is left to recover is a panic of the log.
		_ = recovered(func() error { g.run(); return nil })
	}()
	return g
}

// run calls the source. When nobody waits any more, it also gives back what the source gave.
func (g *gathering) run() {
	g.call()
	if g.decided.CompareAndSwap(false, true) {
		close(g.given)
		return
	}
	defer g.release()
	g.endpoint.late.Add(-1)
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
	case <-g.given:
		return true
	case <-g.endpoint.cut.Done():
	case <-ctx.Done():
	}
	// Counted before it is decided: run takes it back only after that.
	g.endpoint.late.Add(1)
	if !g.decided.CompareAndSwap(false, true) {
		g.endpoint.late.Add(-1)
		<-g.given
		return true
	}
	if g.endpoint.cut.Err() == nil {
		g.server.reportSource(g.endpoint, reasonTimeout, fmt.Errorf("no answer within %s", limit.Round(time.Millisecond)))
	}
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
