package collector

import "time"

// expiry is what a store knows of when its series were touched: a list of them,
// the longest untouched first. Without a TTL it is empty.
type expiry struct {
	ttl        int64 // in nanoseconds, 0: series never expire
	lastSample []int64
	links      []link
	head, tail int32
}

// link connects a series with its neighbours in the list.
type link struct{ before, after int32 }

// What stands in a link instead of a series.
const (
	listEnd   = -1 // of the list
	permanent = -2 // in before: the series is not in the list, it never expires
)

func newExpiry(ttl time.Duration) expiry {
	return expiry{ttl: max(int64(ttl), 0), head: listEnd, tail: listEnd}
}

// add makes room for one more series, which was just touched.
func (l *expiry) add(now int64) {
	if l.ttl == 0 {
		return
	}
	l.lastSample = append(l.lastSample, now)
	l.links = append(l.links, link{})
	l.push(int32(len(l.links) - 1))
}

// touch moves series i to the end of the list.
func (l *expiry) touch(i int, now int64) {
	if l.ttl == 0 || l.lastSample[i] == now || l.links[i].before == permanent {
		return
	}
	l.lastSample[i] = now
	if l.tail != int32(i) {
		l.unlink(int32(i))
		l.push(int32(i))
	}
}

// setPermanent keeps series i from expiring.
func (l *expiry) setPermanent(i int) {
	if l.ttl == 0 || l.links[i].before == permanent {
		return
	}
	l.unlink(int32(i))
	l.links[i] = link{permanent, permanent}
}

// clearPermanent lets series expire that were kept from it, as if they were just touched.
func (l *expiry) clearPermanent(now int64) {
	for i := range l.links {
		if l.links[i].before == permanent {
			l.lastSample[i] = now
			l.push(int32(i))
		}
	}
}

// due reports whether series i was not touched for too long.
func (l *expiry) due(i int, now int64) bool {
	return l.ttl != 0 && l.links[i].before != permanent && now-l.lastSample[i] >= l.ttl
}

// firstDue returns the series that was not touched for longest if it is due, or -1.
func (l *expiry) firstDue(now int64) int {
	if l.ttl == 0 || l.head == listEnd || now-l.lastSample[l.head] < l.ttl {
		return -1
	}
	return int(l.head)
}

// remove takes series i out. The last one gets its place.
func (l *expiry) remove(i int) {
	if l.ttl == 0 {
		return
	}
	l.unlink(int32(i)) // a permanent one is never removed
	last := len(l.links) - 1
	if i != last {
		l.relink(int32(last), int32(i))
	}
	l.lastSample = cut(l.lastSample, i, 1)
	l.links = cut(l.links, i, 1)
}

// relink tells the neighbours of a series that it is about to move.
func (l *expiry) relink(from, to int32) {
	at := l.links[from]
	if at.before == permanent {
		return
	}
	l.connect(at.before, to)
	l.connect(to, at.after)
	l.links[from] = l.links[to] // what is copied to its new place
}

func (l *expiry) push(i int32) {
	l.connect(l.tail, i)
	l.connect(i, listEnd)
}

func (l *expiry) unlink(i int32) { l.connect(l.links[i].before, l.links[i].after) }

// connect makes two series neighbours, or one of them the end of the list.
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

// clockSlack is how far behind the latest time a time may be that is no sign of a
// clock that was turned back: that of a flush which waited for the collector.
const clockSlack = 10 * time.Second

// advanceClock follows the clock. When it was turned back, series count as touched now at
// the latest. By a time that is over they would expire as soon as they were touched.
func (c *Collector) advanceClock(now int64) {
	if c.now-now <= int64(clockSlack) {
		c.now = max(c.now, now)
		return
	}
	c.now = now
	for _, st := range c.expiring {
		for i, lastSample := range st.expiry.lastSample {
			st.expiry.lastSample[i] = min(lastSample, now)
		}
	}
}

// Bounds of the work that expiry adds to one batch.
const (
	expireStores = 64   // families that are looked at
	expireSeries = 4096 // series that are taken out
)

// expireSome takes out due series of a few families, going round.
func (c *Collector) expireSome(now int64) {
	room := expireSeries
	for range min(len(c.expiring), expireStores) {
		if c.cursor >= len(c.expiring) {
			c.cursor = 0
		}
		room -= c.expire(c.expiring[c.cursor], now, room)
		if room == 0 {
			return // stays at this family
		}
		c.cursor++
	}
}

// expireAll takes out all due series.
func (c *Collector) expireAll(now int64) {
	for _, st := range c.expiring {
		c.expire(st, now, len(st.keys))
	}
}

// expire takes out due series of a family, most of them at most, and returns how
// many.
func (c *Collector) expire(st *store, now int64, most int) (n int) {
	for i := st.expiry.firstDue(now); i >= 0 && n < most; i = st.expiry.firstDue(now) {
		c.cacheExpired(st, i)
		st.remove(i)
		n++
	}
	if n > 0 {
		c.series -= n
		if len(st.keys) == 0 {
			c.nonEmpty--
		}
		c.stats.expired.Add(uint64(n))
		st.shrink()
	}
	return n
}

// setTTL changes the TTL. From none to one, all series count as just touched.
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
