package collector

import "strings"

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
