package collector

import (
	"errors"
	"math"
	"sync/atomic"
	"time"
)

// Errors of Ingest and the other methods.
var (
	// ErrBusy: the collector did not take the batch in time. No part of it was applied.
	ErrBusy = errors.New("the collector did not take the batch in time")
	// ErrClosed: the collector is closed. No part of the batch was applied.
	ErrClosed = errors.New("the collector is closed")
)

// Options configures a Collector. The collector calls the callbacks from its goroutine: they must not block and must
// not call the collector.
type Options struct {
	// SeriesLimit bounds the number of series in all families together, and also the number of families.
	SeriesLimit int
	// MemoryLimit bounds the bytes of all series and families together, as Stats.Bytes estimates them. Beyond it no
	// series or family is made, and exemplars take no more memory. Native histograms of existing series may still grow
	// up to their MaxBuckets. 0 means no limit.
	MemoryLimit int64
	// Remembered bounds the bytes of remembered series, which are expired series that continue from their old value
	// when they come back. 0 means 32 MiB; with a negative number none are remembered. A counter with three labels
	// takes about 250 bytes, a histogram 8 more per bucket, a native histogram 100 more and 16 to 32 per bucket.
	Remembered int
	// Now returns the time of a scrape, so that series expire when no batch comes. Nil means the time of the last
	// batch.
	Now func() time.Time
	// Dropped, if not nil, is called for the first dropped sample of each family and reason. The family is "" if it has
	// no series. For MemoryLimit it is the family that takes most memory.
	Dropped func(family string, reason Reason)
	// Overflowed, if not nil, is called for the first sample of each family that goes to an overflow series, with the
	// label that has most values, or "" if no label comes from records.
	Overflowed func(family, label string)
}

// Collector owns the families and series of one instance. Its methods are safe for concurrent use.
type Collector struct {
	options  atomic.Pointer[Options] // never nil, read-only
	batches  chan *Batch
	requests chan *snapshot
	calls    chan *call
	quit     chan struct{}
	closed   chan struct{}
	once     atomic.Bool

	stats Stats

	idle  idleSnapshots
	sizes atomic.Pointer[[]familyCount] // of all families; never nil

	// The fields below belong to the goroutine.
	now         int64    // the latest time of a batch or scrape; see advanceClock
	stores      []*store // in the order of their creation; see list
	byName      map[string]*store
	exposed     map[string]*store // by each name that their families expose
	expiring    []*store          // those with a TTL; see list
	unlisted    bool              // stores and expiring are not up to date
	cursor      int               // index into expiring of the next family to check
	allExpired  bool              // all due series were removed during the current batch
	emptiesGone bool              // the same of received families without series
	series      int
	nonEmpty    int // families that have series
	ledger      ledger
	blamed      string   // the largest family, for MemoryLimit; "" until it is needed in the current batch
	begun       []*store // with rounds that the batch has begun
	cache       expiredCache
	chunks      chunks
	reported    map[lossKind]struct{}
	claimed     map[string]struct{} // exposed names that only families of Retain may have
	refused     refused             // of what is received
	received    receivedStats
	contexts    contexts
	scratch     []byte
}

type lossKind struct {
	family string
	reason Reason
}

// New starts a collector. Close stops it.
func New(o Options) *Collector {
	c := &Collector{
		batches:  make(chan *Batch),
		requests: make(chan *snapshot),
		calls:    make(chan *call),
		quit:     make(chan struct{}),
		closed:   make(chan struct{}),
		byName:   make(map[string]*store),
		exposed:  make(map[string]*store),
		reported: make(map[lossKind]struct{}),
	}
	c.sizes.Store(new([]familyCount))
	c.received.init()
	c.configure(o)
	go c.run()
	return c
}

// configure applies options.
func (c *Collector) configure(o Options) {
	if o.Remembered == 0 {
		o.Remembered = defaultRemembered
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = math.MaxInt64
	}
	c.cache.budget = o.Remembered
	c.ledger.limit = o.MemoryLimit
	c.options.Store(&o)
}

// SeriesLimit returns the current Options.SeriesLimit.
func (c *Collector) SeriesLimit() int { return c.options.Load().SeriesLimit }

// MemoryLimit returns the current Options.MemoryLimit, or math.MaxInt64 for no limit.
func (c *Collector) MemoryLimit() int64 { return c.options.Load().MemoryLimit }

// Close stops the collector. Batches and scrapes that it has not taken yet fail with ErrClosed. Close may be called
// more than once.
func (c *Collector) Close() {
	if c.once.CompareAndSwap(false, true) {
		close(c.quit)
	}
	<-c.closed
}

// Ingest passes b to the collector and returns nil after all of it is applied, so the next scrape shows it. It returns
// ErrBusy if the collector has not taken b before withdraw fires, ErrClosed after Close, and a *RepeatedError for a
// chunk that ExpectRepeats announced; in these cases no part of b was or will be applied. Any other error means that a
// part of b was applied. The caller may use b again when Ingest returns.
func (c *Collector) Ingest(b *Batch, withdraw <-chan time.Time) error {
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
			b.applied <- c.applyBatch(b)
		case s := <-c.requests:
			s.filled <- c.fillSnapshot(s)
		case k := <-c.calls:
			k.done <- c.guard(k.do)
		case <-c.quit:
			return
		}
	}
}
