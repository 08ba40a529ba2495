package collector

import (
	"context"
	"fmt"
	"sync"

	"github.com/promexporter/promexporter/internal/exposition"
)

// maxIdleSnapshots bounds the snapshots whose memory is kept for later scrapes. It is how many pages the exporter makes at
// the same time.
const maxIdleSnapshots = 2

// Gather returns all families that have series, sorted by name, as they are between two batches, after all batches whose
// Ingest returned before the call. The families are read-only and valid until done is called, which must be called once
// err is nil. Each call that is not done holds a copy of all values and the exposition model, so the caller bounds how
// many there are at the same time.
//
// Gather waits for the batch that is being applied. When ctx ends before, or the collector is closed, it returns an error
// and leaves nothing behind.
func (c *Collector) Gather(ctx context.Context) (families []exposition.Family, done func(), err error) {
	s := c.idle.take()
	if err := c.take(ctx, s); err != nil {
		return nil, func() {}, err
	}
	return s.families, sync.OnceFunc(func() { c.idle.put(s) }), nil
}

// take fills and renders s. After an error s is left alone, because it may be broken.
func (c *Collector) take(ctx context.Context, s *snapshot) (err error) {
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
		err = <-s.taken // soon: the goroutine copies the columns and does nothing else before
	case <-ctx.Done():
		return fmt.Errorf("the collector was busy: %w", context.Cause(ctx))
	case <-c.closed:
		return ErrClosed
	}
	if err == nil {
		s.render()
	}
	return err
}

// idleSnapshots are the snapshots that no scrape uses. The zero value is ready.
type idleSnapshots struct {
	mu  sync.Mutex
	all []*snapshot // the last used one last; guarded by mu
}

// take returns the last used one, because its memory is warm, or a new one.
func (i *idleSnapshots) take() *snapshot {
	i.mu.Lock()
	defer i.mu.Unlock()
	last := len(i.all) - 1
	if last < 0 {
		return newSnapshot()
	}
	s := i.all[last]
	i.all = i.all[:last]
	return s
}

func (i *idleSnapshots) put(s *snapshot) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.all) < maxIdleSnapshots {
		i.all = append(i.all, s)
	}
}

// DropSnapshots lets go of the memory that is kept for later scrapes, several times what the series take. The next scrape
// takes it anew, for the series there are then.
func (c *Collector) DropSnapshots() {
	c.idle.mu.Lock()
	defer c.idle.mu.Unlock()
	c.idle.all = nil
}
