package collector

import (
	"fmt"
	"sync/atomic"

	dto "github.com/prometheus/client_model/go"
)

// MaxSnapshots bounds the snapshots, and with them the memory of scrapes. Two let
// a pair of Prometheus servers scrape at once.
const MaxSnapshots = 2

// turn is a snapshot to be, and the scrapes that wait for it. All of them came
// before it is taken, so it is as new as each of them may ask for.
type turn struct {
	scrapes  int32 // under Collector.gate until the snapshot is taken
	ready    chan struct{}
	snapshot *snapshot // nil after an error
	err      error
}

// Gather returns all families that have series, sorted by name, as they stand
// between two batches, after all that Ingest returned for before the call. The
// families are read-only, since scrapes may share them, and stand until done is
// called, which must be called. While MaxSnapshots are in use, further scrapes
// wait and then share one. It implements prometheus.TransactionalGatherer.
func (c *Collector) Gather() (families []*dto.MetricFamily, done func(), err error) {
	t, first := c.join()
	if first {
		c.serve(t)
	}
	<-t.ready
	if t.err != nil {
		return nil, func() {}, t.err
	}
	var once atomic.Bool
	return t.snapshot.shown(), func() {
		if once.CompareAndSwap(false, true) {
			c.release(t.snapshot)
		}
	}, nil
}

// join enters the scrape into the next turn. The first one has to serve it.
func (c *Collector) join() (t *turn, first bool) {
	c.gate.Lock()
	defer c.gate.Unlock()
	if c.next == nil {
		c.next = &turn{ready: make(chan struct{})}
		first = true
	}
	c.next.scrapes++
	return c.next, first
}

// shut ends the next turn: who comes from now on waits for the one after it. It
// returns a snapshot that is not in use, the last used one for its warm memory.
func (c *Collector) shut() *snapshot {
	c.gate.Lock()
	defer c.gate.Unlock()
	c.next = nil
	if last := len(c.idle) - 1; last >= 0 {
		s := c.idle[last]
		c.idle = c.idle[:last]
		return s
	}
	return newSnapshot()
}

// serve takes the snapshot of a turn.
func (c *Collector) serve(t *turn) {
	defer close(t.ready)
	select {
	case c.slots <- struct{}{}:
	case <-c.closed:
		c.shut()
		t.err = ErrClosed
		return
	}
	s := c.shut()
	s.users.Store(t.scrapes)
	if t.err = c.take(s); t.err != nil {
		<-c.slots // and s is left alone: it may be broken
		return
	}
	t.snapshot = s
}

// take fills and renders s.
func (c *Collector) take(s *snapshot) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while a scrape was rendered: %v", p)
		}
	}()
	s.now = 0
	if now := c.options.Load().Now; now != nil {
		s.now = now().UnixNano()
	}
	select {
	case c.requests <- s:
		err = <-s.taken
	case <-c.closed:
		return ErrClosed
	}
	if err == nil {
		s.render()
	}
	return err
}

// release gives a snapshot back when its last scrape is done with it.
func (c *Collector) release(s *snapshot) {
	if s.users.Add(-1) > 0 {
		return
	}
	c.gate.Lock()
	c.idle = append(c.idle, s)
	c.gate.Unlock()
	<-c.slots
}
