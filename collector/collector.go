package collector

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
)

// What Ingest reports.
var (
	// ErrBusy: the batch was not taken in time. Nothing of it was applied.
	ErrBusy = errors.New("the collector did not take the batch in time")
	// ErrClosed: the collector is closed. Nothing of the batch was applied.
	ErrClosed = errors.New("the collector is closed")
)

// Options configures a Collector.
type Options struct {
	// SeriesLimit bounds the number of series in all families together.
	SeriesLimit int
	// Dropped, when set, is called from the collector's goroutine the first time
	// that a sample of a family is dropped for a reason. It must not block. The
	// family is "" when it has no series.
	Dropped func(family string, reason Reason)
}

// Collector owns the families and series of one instance. Its methods are safe
// for concurrent use.
type Collector struct {
	options   Options
	batches   chan *Batch
	requests  chan *snapshot
	snapshots chan *snapshot // snapshots to use again
	quit      chan struct{}
	closed    chan struct{}
	once      atomic.Bool

	stats Stats

	// What follows belongs to the goroutine.
	stores []*store // in the order they were made
	byName map[string]*store
	series int
	told   map[complaint]struct{}
}

type complaint struct {
	family string
	reason Reason
}

// New starts a collector. Close ends it.
func New(o Options) *Collector {
	c := &Collector{
		options:   o,
		batches:   make(chan *Batch),
		requests:  make(chan *snapshot),
		snapshots: make(chan *snapshot, maxIdleSnapshots),
		quit:      make(chan struct{}),
		closed:    make(chan struct{}),
		byName:    make(map[string]*store),
		told:      make(map[complaint]struct{}),
	}
	go c.run()
	return c
}

// Close ends the collector's goroutine. Batches and scrapes that were not taken
// yet are refused. It may be called more than once.
func (c *Collector) Close() {
	if c.once.CompareAndSwap(false, true) {
		close(c.quit)
	}
	<-c.closed
}

// Ingest hands b to the collector and returns nil once all of it is applied, so
// that the next scrape shows it. When the collector has not taken b before
// withdraw fires, it returns ErrBusy, and ErrClosed after Close: then nothing of
// b was or will be applied. Any other error means that b was applied in part.
// b is the caller's again when Ingest returns.
func (c *Collector) Ingest(b *Batch, withdraw <-chan time.Time) error {
	if len(b.samples) == 0 {
		return nil
	}
	if b.applied == nil {
		b.applied = make(chan error, 1)
	}
	select {
	case c.batches <- b:
		return <-b.applied
	case <-withdraw:
		return ErrBusy
	case <-c.closed:
		return ErrClosed
	}
}

func (c *Collector) run() {
	defer close(c.closed)
	for {
		select {
		case b := <-c.batches:
			b.applied <- c.apply(b)
		case s := <-c.requests:
			s.taken <- c.fill(s)
		case <-c.quit:
			return
		}
	}
}

// apply applies the samples of b. A panic is a bug of ours; it costs the rest of
// the batch and not the agent.
func (c *Collector) apply(b *Batch) (err error) {
	var dropped [reasons]uint64
	done := 0
	defer func() {
		if p := recover(); p != nil {
			dropped[Panicked] += uint64(len(b.samples) - done)
			err = fmt.Errorf("panic while samples were applied: %v", p)
		}
		c.stats.count(uint64(len(b.samples)), &dropped)
		c.stats.size(c.series, len(c.stores))
	}()
	for i := range b.samples {
		s := &b.samples[i]
		if r := c.sample(s, b); r != Kept {
			dropped[r]++
			c.complain(s.Family.Name, r)
		}
		done++
	}
	return nil
}

func (c *Collector) sample(s *Sample, b *Batch) Reason {
	f := s.Family
	if r := f.check(s); r != Kept {
		return r
	}
	if f.store == nil && !c.link(f) {
		if f.refused {
			return FamilyConflict
		}
		return SeriesLimit
	}
	st, key := f.store, b.keys[s.key:s.end]
	i := st.find(key)
	if i < 0 {
		if c.series >= c.options.SeriesLimit {
			return SeriesLimit
		}
		c.series++
		i = st.add(key, s.Source, b.Now)
	}
	if st.sources[i] != s.Source {
		return NameCollision
	}
	st.apply(i, s)
	return Kept
}

// link finds the store of f or makes one. It fails when the name is taken by a
// family that is defined otherwise, and when no series could be added to it.
func (c *Collector) link(f *Family) bool {
	if st, ok := c.byName[f.Name]; ok {
		f.refused = !st.family.Equal(f)
		if !f.refused {
			f.store = st
		}
		return !f.refused
	}
	if f.refused || c.series >= c.options.SeriesLimit {
		return false
	}
	f.store = newStore(f)
	c.byName[f.Name] = f.store
	c.stores = append(c.stores, f.store)
	return true
}

// complain reports the first loss of each kind. The table is bounded because
// families are: one that was never made complains under an empty name.
func (c *Collector) complain(family string, r Reason) {
	if c.byName[family] == nil {
		family = ""
	}
	k := complaint{family, r}
	if _, ok := c.told[k]; ok || c.options.Dropped == nil {
		return
	}
	c.told[k] = struct{}{}
	c.options.Dropped(family, r)
}
