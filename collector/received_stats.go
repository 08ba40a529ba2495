package collector

import (
	"strings"
	"sync/atomic"
	"time"
)

// maxReceivedStats bounds the received families that are counted one by one. All others are counted together.
const maxReceivedStats = 1024

// staleStats is after what time without a point a family makes room for another one.
const staleStats = 5 * time.Minute

// ReceivedStats is what came of one family of metrics events. It is a snapshot.
type ReceivedStats struct {
	Name    string // "" for all families that were too many to be counted one by one
	Tag     string // that brought the last points which were applied, or the first ones
	Type    Type   // of these
	Series  int    // live series
	Last    int64  // when any points came, in nanoseconds since 1970
	Applied uint64 // points

	counts *receivedCounts
}

// Dropped returns the number of points that were dropped for r.
func (s *ReceivedStats) Dropped(r Reason) uint64 { return s.counts.dropped[r].Load() }

// Received returns what came of each family of metrics events, in no particular order. It does not wait for the
// collector.
func (c *Collector) Received() []ReceivedStats {
	series := make(map[string]int)
	for _, f := range *c.sizes.Load() {
		if f.received {
			series[f.name] = int(f.series.Load())
		}
	}
	counts := *c.received.listed.Load()
	all := make([]ReceivedStats, len(counts))
	for i, n := range counts {
		all[i] = ReceivedStats{
			Name: n.name, Type: Type(n.kind.Load()), Series: series[n.name], Last: n.last.Load(), Applied: n.applied.Load(), counts: n,
		}
		if tag := n.tag.Load(); tag != nil {
			all[i].Tag = *tag
		}
	}
	return all
}

// receivedCounts are the counts of one family, readable at any time.
type receivedCounts struct {
	name    string
	tag     atomic.Pointer[string] // nil before the first points are counted
	kind    atomic.Uint32
	last    atomic.Int64
	applied atomic.Uint64
	dropped [reasons]atomic.Uint64
}

// receivedStats counts by family. Only listed is for other goroutines.
type receivedStats struct {
	listed atomic.Pointer[[]*receivedCounts] // never nil
	byName map[string]*receivedCounts
	tags   map[string]*string
	swept  int64 // when families made room for others
}

func (s *receivedStats) init() { s.listed.Store(new([]*receivedCounts)) }

// of returns the counts of a family.
func (s *receivedStats) of(name []byte, now int64) *receivedCounts {
	if n := s.byName[string(name)]; n != nil {
		return n
	}
	if len(s.byName) >= maxReceivedStats {
		s.sweep(now)
	}
	if len(s.byName) >= maxReceivedStats {
		if n := s.byName[""]; n != nil {
			return n
		}
		name = nil
	}
	n := &receivedCounts{name: string(name)}
	n.last.Store(now)
	if s.byName == nil {
		s.byName = make(map[string]*receivedCounts)
	}
	s.byName[n.name] = n
	s.list()
	return n
}

// maxSharedTags bounds the tags that are remembered.
const maxSharedTags = 256

// share returns the tag in memory that the families of all batches with it share.
func (s *receivedStats) share(tag string) *string {
	if known := s.tags[tag]; known != nil {
		return known
	}
	if s.tags == nil || len(s.tags) >= maxSharedTags {
		s.tags = make(map[string]*string)
	}
	own := strings.Clone(tag)
	s.tags[own] = &own
	return &own
}

// sweep removes what has not come for long, once at each time.
func (s *receivedStats) sweep(now int64) {
	if s.swept == now {
		return
	}
	s.swept = now
	for name, n := range s.byName {
		if n.last.Load() < now-int64(staleStats) {
			delete(s.byName, name)
		}
	}
}

func (s *receivedStats) list() {
	all := make([]*receivedCounts, 0, len(s.byName))
	for _, n := range s.byName {
		all = append(all, n)
	}
	s.listed.Store(&all)
}

// came notes where points came from. Those that were dropped do not change it, because another tag may feed the series.
func (n *receivedCounts) came(tag *string, kind Type, now int64, applied uint64) {
	if applied > 0 || n.tag.Load() == nil {
		n.tag.Store(tag)
		n.kind.Store(uint32(kind))
	}
	n.last.Store(now)
}

// countIn finds the counts of a definition.
func (c *Collector) countIn(d *defined, b *Batch) {
	if d.counts == nil {
		d.counts = c.received.of(b.textOf(d.name), c.now)
	}
}

// countReceived counts what became of the points of b by family.
func (c *Collector) countReceived(b *Batch) {
	tag := c.received.share(b.tag)
	for i := range b.definitions {
		d := &b.definitions[i]
		if d.counts != nil {
			d.counts.applied.Add(d.applied)
			d.counts.came(tag, d.kind, c.now, d.applied)
		}
	}
	for _, r := range b.turnedAway {
		n := c.received.of(b.textOf(r.name), c.now)
		n.dropped[r.reason].Add(r.n)
		n.came(tag, r.kind, c.now, 0)
	}
}

// refusedPoints are points of a family that are not worth a place in the batch.
type refusedPoints struct {
	name   [2]uint32 // where it is in texts
	kind   Type
	reason Reason
	n      uint64
}

// Family begins a family for Refuse. The batch borrows the name until the next one.
func (b *Batch) Family(name []byte, kind Type) {
	b.refusing.name, b.refusing.kind, b.refusing.from = name, kind, len(b.turnedAway)
}

// refusing is the family that Refuse is about.
type refusing struct {
	name []byte
	kind Type
	from int // where its entries start
}

// Refuse counts a point that is not worth a place in the batch.
func (b *Batch) Refuse(r Reason) {
	b.refusals[r]++
	for i := b.refusing.from; i < len(b.turnedAway); i++ {
		if b.turnedAway[i].reason == r {
			b.turnedAway[i].n++
			return
		}
	}
	b.turnedAway = append(b.turnedAway, refusedPoints{b.text(b.refusing.name), b.refusing.kind, r, 1})
}
