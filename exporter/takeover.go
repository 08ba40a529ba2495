package exporter

import (
	"context"
	"slices"
	"time"
)

// CloseForReload is Close for an instance that is about to be opened again: its servers go on, for Servers.Linger at
// most, so that no client is refused in between. Scrapes of its page wait until it is back, for some seconds at most.
// The source is not used any more on return.
//
// The next Open of the same instance takes its place: on the addresses that both have, the sockets, the connections
// and the self-metrics stay. On return of that Open, addresses that the new one does not have are free. An instance
// that does not come back is gone after Servers.Linger, or when Close is called.
func (e *Endpoint) CloseForReload() error {
	e.closing.Do(func() {
		e.table.suspend(e)
		e.closeErr = e.drain(nil)
	})
	return e.closeErr
}

func (s *Servers) linger() time.Duration {
	if s.Linger == 0 {
		return defaultLinger
	}
	return s.Linger
}

// suspend keeps the place of e for a successor.
func (s *Servers) suspend(e *Endpoint) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.away.Store(true)
	e.lingering = time.AfterFunc(s.linger(), func() {
		// A timer has a goroutine of its own.
		_ = recovered(func() error { finish(e.giveUp()); return nil })
	})
}

func (e *Endpoint) isAway() bool { return e.away.Load() }

// giveUp ends the wait for e to come back, if it is away, and returns the servers that nothing uses any more.
func (e *Endpoint) giveUp() (gone []*server) {
	e.table.mu.Lock()
	defer e.table.mu.Unlock()
	return e.table.replace(e)
}

// replace takes e, which is away, off those servers where no successor has its place. The caller holds the lock.
func (s *Servers) replace(e *Endpoint) (gone []*server) {
	if !e.isAway() {
		return nil
	}
	gone = s.takeOff(e, e.on)
	e.away.Store(false)
	e.lingering.Stop()
	close(e.back)
	return gone
}

// follow makes e the successor of before, which may be nil. The caller holds the lock of the table.
func (e *Endpoint) follow(before *Endpoint) (gone []*server) {
	if before == nil {
		return nil
	}
	if before.flushed.Load() {
		e.flushed.Store(true)
	}
	return e.table.replace(before)
}

// awayOf is the endpoint of instance that is away, or nil. The caller holds the lock.
func (s *Servers) awayOf(instance string) *Endpoint {
	for _, srv := range s.byAddress {
		for _, e := range srv.routes.Load().endpoints {
			if e.instance == instance && e.isAway() {
				return e
			}
		}
	}
	return nil
}

// isDeserted says whether s only waits for instances to come back.
func (s *server) isDeserted() bool {
	for _, e := range s.routes.Load().endpoints {
		if !e.isAway() {
			return false
		}
	}
	return true
}

// awaitReload waits until no endpoint of p is away, or ctx is done, and returns the page that has its place then, or
// nil.
func (s *server) awaitReload(ctx context.Context, p *page) *page {
	for p != nil {
		p = s.routes.Load().pages[p.path]
		if p == nil || ctx.Err() != nil {
			return p
		}
		i := slices.IndexFunc(p.endpoints, (*Endpoint).isAway)
		if i < 0 {
			return p
		}
		select {
		case <-p.endpoints[i].back:
		case <-ctx.Done():
		}
	}
	return nil
}
