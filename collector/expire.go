package collector

import "time"

// expiry holds when the series of a store had their last sample, as a list that starts with the least recent one. It is
// empty without a TTL.
type expiry struct {
	ttl        int64 // in nanoseconds, 0: series never expire
	lastSample []int64
	links      []link
	head, tail int32
}

// link connects a series with its neighbors in the list.
type link struct{ before, after int32 }

// Values of a link other than a series.
const (
	listEnd   = -1 // the end of the list
	permanent = -2 // in before: the series is not in the list and never expires
	idle      = -3 // in before: the same until its next sample
)

func newExpiry(ttl time.Duration) expiry {
	return expiry{ttl: max(int64(ttl), 0), head: listEnd, tail: listEnd}
}

// add adds a series that has a sample now.
func (l *expiry) add(now int64) {
	if l.ttl == 0 {
		return
	}
	l.lastSample = append(l.lastSample, now)
	l.links = append(l.links, link{})
	l.push(int32(len(l.links) - 1))
}

// touch moves series i to the end of the list, because it has a sample now.
func (l *expiry) touch(i int, now int64) {
	if l.ttl == 0 || l.lastSample[i] == now || l.links[i].before == permanent {
		return
	}
	l.lastSample[i] = now
	if l.tail != int32(i) {
		if l.isListed(i) {
			l.unlink(int32(i))
		}
		l.push(int32(i))
	}
}

// isListed reports whether series i is in the list.
func (l *expiry) isListed(i int) bool { return l.links[i].before > permanent }

// setPermanent keeps series i from expiring.
func (l *expiry) setPermanent(i int) { l.takeOut(i, permanent) }

// setIdle keeps series i from expiring until its next sample.
func (l *expiry) setIdle(i int) {
	if l.ttl != 0 {
		l.takeOut(i, idle)
		l.lastSample[i] = never
	}
}

// takeOut takes series i out of the list, if it is in it.
func (l *expiry) takeOut(i int, why int32) {
	if l.ttl == 0 || !l.isListed(i) {
		return
	}
	l.unlink(int32(i))
	l.links[i] = link{why, why}
}

// clearPermanent lets permanent and idle series expire, as if they had a sample now.
func (l *expiry) clearPermanent(now int64) {
	for i := range l.links {
		if !l.isListed(i) {
			l.lastSample[i] = now
			l.push(int32(i))
		}
	}
}

// due reports whether series i has had no sample for the TTL.
func (l *expiry) due(i int, now int64) bool {
	return l.ttl != 0 && l.isListed(i) && now-l.lastSample[i] >= l.ttl
}

// firstDue returns the series whose last sample is least recent if it is due, or -1.
func (l *expiry) firstDue(now int64) int {
	if l.ttl == 0 || l.head == listEnd || now-l.lastSample[l.head] < l.ttl {
		return -1
	}
	return int(l.head)
}

// remove removes series i. The last series gets its place.
func (l *expiry) remove(i int) {
	if l.ttl == 0 {
		return
	}
	l.unlink(int32(i)) // what is not in the list is never removed
	last := len(l.links) - 1
	if i != last {
		l.relink(int32(last), int32(i))
	}
	l.lastSample = cut(l.lastSample, i, 1)
	l.links = cut(l.links, i, 1)
}

// relink updates the neighbors of a series that is about to move.
func (l *expiry) relink(from, to int32) {
	at := l.links[from]
	if at.before <= permanent {
		return
	}
	l.connect(at.before, to)
	l.connect(to, at.after)
	l.links[from] = l.links[to] // remove copies this to the new place
}

func (l *expiry) push(i int32) {
	l.connect(l.tail, i)
	l.connect(i, listEnd)
}

func (l *expiry) unlink(i int32) { l.connect(l.links[i].before, l.links[i].after) }

// connect makes two series neighbors, or one of them the end of the list.
func (l *expiry) connect(before, after int32) {
	if before == listEnd {
		l.head = after
	} else {
		l.links[before].after = after
	}
	if after == listEnd {
		l.tail = before
	} else {
		l.links[after].before = before
	}
}

// clockSlack is the greatest difference to the latest time for which a time is not a sign that the clock was set back:
// the batch of a flush that waited for the collector is late.
const clockSlack = 10 * time.Second

// advanceClock follows the clock. If the clock was set back, the last samples of series are now at the latest; they
// would otherwise not expire until the clock reaches the old time again.
func (c *Collector) advanceClock(now int64) {
	if c.now-now <= int64(clockSlack) {
		c.now = max(c.now, now)
		return
	}
	c.now = now
	clear(c.contexts.byTag)
	for _, st := range c.expiring {
		for i, lastSample := range st.expiry.lastSample {
			st.expiry.lastSample[i] = min(lastSample, now)
		}
		st.rejuvenateRounds(now)
	}
}

// Bounds of the work of expiry.
const (
	expireStores = 64   // families that a batch checks
	expireSeries = 4096 // series that are removed at once: others come in before the next ones
)

// expireSome removes due series of at most that many families, in turn. It reports whether it left some for the next
// call, because they are many.
func (c *Collector) expireSome(now int64, families int) (more bool) {
	c.list()
	room := expireSeries
	for range min(len(c.expiring), families) {
		if c.cursor >= len(c.expiring) {
			c.cursor = 0
		}
		room -= c.expire(c.expiring[c.cursor], now, room)
		if room == 0 {
			return true // the next call continues with this family
		}
		c.cursor++
	}
	return false
}

// expire expires at most limit due series of a family and returns how many: it removes them, but declared gauges fall
// back to 0.
func (c *Collector) expire(st *store, now int64, limit int) (n int) {
	removed := 0
	for i := st.expiry.firstDue(now); i >= 0 && n < limit; i = st.expiry.firstDue(now) {
		n++
		if st.isDeclared(i) {
			st.fallBack(i)
			continue
		}
		c.cacheExpired(st, i)
		st.remove(i)
		removed++
	}
	if removed > 0 {
		c.series -= removed
		if len(st.keys) == 0 {
			c.nonEmpty--
		}
		c.stats.expired.Add(uint64(removed))
		st.shrink()
	}
	return n
}

// setTTL changes the TTL. If there was none, all series count as having a sample now.
func (s *store) setTTL(ttl time.Duration, now int64) {
	if s.expiry.ttl != 0 && ttl > 0 {
		s.expiry.ttl = int64(ttl)
		return
	}
	s.expiry = newExpiry(ttl)
	for range s.keys {
		s.expiry.add(now)
	}
	s.updateRowSize()
}
