package collector

import (
	"context"
	"fmt"
	"sync"

	"github.com/promexporter/promexporter/internal/exposition"
)

// maxIdleSnapshots bounds the snapshots whose memory is kept for later scrapes. It is the number of pages that the
// exporter makes at the same time.
const maxIdleSnapshots = 2

// Gather returns all families that have series, sorted by name. It sees the state between two batches, after all
// batches whose Ingest returned before the call. The families are read-only and valid until done is called; the caller
// must call it once if err is nil. Until then, the snapshot holds a copy of all values and the exposition model, so the
// caller has to bound the number of concurrent calls.
//
// Gather waits for the batch that is being applied. If ctx ends first, or the collector is closed, it returns an error.
func (c *Collector) Gather(ctx context.Context) (families []exposition.Family, done func(), err error) {
	s := c.idle.get()
	if err := c.takeSnapshot(ctx, s); err != nil {
		return nil, func() {}, err
	}
	return s.families, sync.OnceFunc(func() { c.idle.put(s) }), nil
}

// takeSnapshot fills and renders s. After an error, s must not be used again, because it may be broken.
func (c *Collector) takeSnapshot(ctx context.Context, s *snapshot) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while a scrape was rendered: %v", p)
		}
	}()
	s.now = 0
	if now := c.options.Load().Now; now != nil {
		s.now = now().UnixNano()
	}
	s.prepare(len(*c.sizes.Load()))
	for err = errExpiring; err == errExpiring; { // batches come in between
		select {
		case c.requests <- s:
			err = <-s.filled // soon, because the goroutine only copies the columns
		case <-ctx.Done():
			return fmt.Errorf("the collector was busy: %w", context.Cause(ctx))
		case <-c.closed:
			return ErrClosed
		}
	}
	if err == nil {
		s.render()
	}
	return err
}

// idleSnapshots holds the snapshots that no scrape uses. The zero value is ready.
type idleSnapshots struct {
	mu  sync.Mutex
	all []*snapshot // most recently used last; guarded by mu
}

// get returns the most recently used snapshot, because its memory is warm, or a new one.
func (i *idleSnapshots) get() *snapshot {
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

// DropSnapshots frees the memory that is kept for later scrapes, which is several times that of the series. The next
// scrape allocates it again.
func (c *Collector) DropSnapshots() {
	c.idle.mu.Lock()
	defer c.idle.mu.Unlock()
	c.idle.all = nil
}
