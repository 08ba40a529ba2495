package collector

import (
	"errors"
	"math"
	"sync/atomic"
	"time"
)

// What Ingest and the other methods report.
var (
	// ErrBusy: the batch was not taken in time. Nothing of it was applied.
	ErrBusy = errors.New("the collector did not take the batch in time")
	// ErrClosed: the collector is closed. Nothing of the batch was applied.
	ErrClosed = errors.New("the collector is closed")
)

// Options configures a Collector. The callbacks are called from its goroutine:
// they must neither block nor call the collector.
type Options struct {
	// SeriesLimit bounds the number of series in all families together, and the
	// number of families.
	SeriesLimit int
	// MemoryLimit bounds the bytes that all series and families take together, as
	// Stats.Bytes estimates them: beyond it no series or family is made, and no
	// exemplar takes more memory. Native histograms of existing series grow on, up
	// to their MaxBuckets. 0 means no bound.
	MemoryLimit int64
	// Remembered bounds the bytes that are used to remember expired series. 0
	// means 32 MiB, a negative number that none are remembered. A counter of
	// three labels takes some 250, a histogram 8 more per bucket, and one with a
	// native histogram 100 and 16 to 32 per bucket of it.
	Remembered int
	// Now tells the time of a scrape, so that series expire when no batch comes.
	// Nil means the time of the last batch.
	Now func() time.Time
	// Reserved are how the names begin that received families cannot have.
	Reserved []string
	// Dropped, when set, is called the first time that a sample of a family is
	// dropped for a reason. The family is "" when it has no series. For MemoryLimit
	// it is the family that takes most bytes.
	Dropped func(family string, reason Reason)
	// Overflowed, when set, is called the first time that a sample of a family
	// goes to an overflow series, with the label that has most values, or "" when
	// no label comes from records.
	Overflowed func(family, label string)
}

// Collector owns the families and series of one instance. Its methods are safe
// for concurrent use.
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
	sizes atomic.Pointer[[]familyCount] // of the families there are; never nil

	// What follows belongs to the goroutine.
	now     int64    // the latest time of a batch or scrape, but see advance
	stores  []*store // in the order they were made
	byName  map[string]*store
	exposed map[string]*store // by all names that their families take on a page
	mortal  []*store          // those with a TTL
	hand    int               // the next of mortal to look at
	swept   bool              // everything due was taken out in the current batch
	series  int
	filled  int  // families that have series
	listed  bool // sizes has the families there are
	ledger  ledger
	blamed  string // for MemoryLimit in the current batch, "" before the first time
	memory  memory
	told    map[complaint]struct{}
	claimed map[string]struct{} // names on the page that only families of Retain may take
	scratch []byte
}

type complaint struct {
	family string
	reason Reason
}

// New starts a collector. Close ends it.
func New(o Options) *Collector {
	c := &Collector{
		batches:  make(chan *Batch),
		requests: make(chan *snapshot),
		calls:    make(chan *call),
		quit:     make(chan struct{}),
		closed:   make(chan struct{}),
		byName:   make(map[string]*store),
		exposed:  make(map[string]*store),
		told:     make(map[complaint]struct{}),
	}
	c.sizes.Store(new([]familyCount))
	c.configure(o)
	go c.run()
	return c
}

// configure puts options in force.
func (c *Collector) configure(o Options) {
	if o.Remembered == 0 {
		o.Remembered = defaultRemembered
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = math.MaxInt64
	}
	c.memory.budget = o.Remembered
	c.ledger.limit = o.MemoryLimit
	c.options.Store(&o)
}

// SeriesLimit is the bound on series that is in force.
func (c *Collector) SeriesLimit() int { return c.options.Load().SeriesLimit }

// MemoryLimit is the bound on the bytes of series and families that is in force,
// math.MaxInt64 for none.
func (c *Collector) MemoryLimit() int64 { return c.options.Load().MemoryLimit }

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
		case k := <-c.calls:
			k.done <- c.call(k.do)
		case <-c.quit:
			return
		}
	}
}
