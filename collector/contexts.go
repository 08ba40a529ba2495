package collector

import (
	"strings"
	"time"
)

// maxWholes bounds the tags that are remembered for what their last context with all of their series was.
const maxWholes = 4096

// whole is the last context of a tag whose contexts have all series of their source, see Batch.EndSnapshot.
type whole struct {
	newest int64 // the time of its newest point
	seen   int64 // when it came, by the clock of the collector
}

// contextMark is a context of a batch that EndSnapshot has ended.
type contextMark struct {
	from, end  int // where its points are
	newest     int64
	isComplete bool
}

// contexts are the contexts with snapshots that a collector has applied. The zero value is ready.
type contexts struct {
	byTag map[string]*whole
	first uint64 // the number of the first context of the current batch; the first one of all has 1
	next  uint64 // the number of the first context of the next batch
}

// Begin begins a context of metrics events with the tag that brings it. A tag that feeds a series keeps others from it
// while it lives.
func (b *Batch) Begin(tag string) {
	b.tag, b.context, b.isCut = tag, len(b.points), false
}

// backlog is how old a context may be whose series never expire.
const backlog = 5 * time.Minute

// End ends a context whose newest point has the time newest. If that is older than the TTL of a series, the series
// would not be there any more, and its points are dropped. Increments count whenever they come.
func (b *Batch) End(newest int64) { b.end(newest) }

// end ends a context, and reports whether points of it are too old.
func (b *Batch) end(newest int64) (isOld bool) {
	for i := b.context; i < len(b.points); i++ {
		p := &b.points[i]
		d := &b.definitions[p.definition]
		limit := d.ttl
		if limit <= 0 {
			limit = backlog
		}
		switch {
		case newest == 0 || p.add || p.dropped != Kept:
		case b.Now-newest >= int64(limit):
			p.dropped, isOld = TooOld, true
		case d.maxLag > 0 && newest-p.time > int64(d.maxLag) && !p.stale:
			p.dropped = Lagging
		}
	}
	b.context = len(b.points)
	return isOld
}

// IsTooNew reports whether a time is so far ahead of the clock that no point may have it.
func (b *Batch) IsTooNew(at int64) bool { return at > b.Now+int64(maxAhead) }

// Abandon ends a context and drops all of its points.
func (b *Batch) Abandon(r Reason) {
	for i := b.context; i < len(b.points); i++ {
		b.points[i].dropped = r
	}
	b.context = len(b.points)
}

// EndSnapshot ends a context as End does. It says that contexts of this tag have all series of their source: once the
// batch is applied, series with Definition.Snapshot that have no point in its last complete context are removed. Those
// points of a context that is older than the one before are dropped.
func (b *Batch) EndSnapshot(newest int64, isComplete bool) {
	from := b.context
	isOld := b.end(newest)
	b.contexts = append(b.contexts, contextMark{from, len(b.points), newest, isComplete && !isOld && !b.isCut})
}

// beginContexts gives the contexts of a batch their numbers, and drops points that are older than what removed their
// series.
func (c *Collector) beginContexts(b *Batch) {
	all := &c.contexts
	all.first = max(all.next, 1)
	all.next = all.first + uint64(len(b.contexts))
	for i := range b.contexts {
		m := &b.contexts[i]
		if !c.isInOrder(b, m) {
			m.isComplete = false
			b.dropSnapshot(m, OutOfOrder)
		}
	}
}

// isInOrder reports whether a context is not older than the last one of its tag. After one that never came again, or a
// clock that was ahead, older ones count after a while.
func (c *Collector) isInOrder(b *Batch, m *contextMark) bool {
	at := m.newest
	if at == 0 || at > c.now+int64(maxAhead) {
		at = c.now
	}
	all := &c.contexts
	last := all.byTag[b.tag]
	switch {
	case last == nil:
		if len(all.byTag) >= maxWholes || all.byTag == nil {
			all.byTag = make(map[string]*whole)
		}
		last = new(whole)
		all.byTag[strings.Clone(b.tag)] = last
	case at < last.newest && c.now-last.seen < int64(backlog):
		return false
	}
	last.newest, last.seen = at, c.now
	return true
}

// dropSnapshot drops the points of a context that a snapshot could remove.
func (b *Batch) dropSnapshot(m *contextMark, r Reason) {
	for i := m.from; i < m.end; i++ {
		p := &b.points[i]
		if p.dropped == Kept && b.definitions[p.definition].isSnapshot(p) {
			p.dropped = r
		}
	}
}

// isSnapshot reports whether the next context removes the series of a point unless it has one too.
func (d *defined) isSnapshot(p *point) bool { return d.snapshot && !p.add }

// contextOf returns the number of the context that a point keeps its series in, or 0.
func (c *Collector) contextOf(d *defined, p *point) uint64 {
	if d.isSnapshot(p) {
		return c.contexts.first + uint64(p.context)
	}
	return 0
}

// setContext notes the context of the last point of series i; 0 means that no context removes the series.
func (s *store) setContext(i int, number uint64) {
	if s.inContext == nil {
		if number == 0 {
			return
		}
		s.inContext = make([]uint64, len(s.keys), cap(s.keys))
		s.updateRowSize()
	}
	s.inContext[i] = number
}

// endContexts removes the series that the last complete context of a batch does not have.
func (c *Collector) endContexts(b *Batch) {
	last := uint64(0)
	for i := range b.contexts {
		if b.contexts[i].isComplete {
			last = c.contexts.first + uint64(i)
		}
	}
	if last == 0 {
		return
	}
	c.list()
	for _, st := range c.stores {
		if st.inContext != nil {
			c.endAbsent(st, b.tag, last)
		}
	}
}

// endAbsent removes the series of a tag whose last point was in a context before that with the number last.
func (c *Collector) endAbsent(st *store, tag string, last uint64) {
	before := len(st.keys)
	for i := before - 1; i >= 0; i-- { // the last series takes the place of one that is removed
		if in := st.inContext[i]; in != 0 && in < last && st.owners[i] == tag {
			c.end(st, i)
		}
	}
	if len(st.keys) < before {
		st.shrink()
	}
}

// forgetContexts keeps all series until a context with the current rules has had them.
func (c *Collector) forgetContexts() {
	for _, st := range c.stores {
		clear(st.inContext)
	}
}
