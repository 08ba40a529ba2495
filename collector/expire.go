package collector

import "time"

// life is what a store knows of when its series were touched: a list of them,
// the longest untouched first. Without a TTL it is empty.
type life struct {
	ttl        int64 // in nanoseconds, 0: series never expire
	touched    []int64
	links      []link
	head, tail int32
}

// link connects a series with its neighbours in the list.
type link struct{ before, after int32 }

// What stands in a link instead of a series.
const (
	end    = -1 // of the list
	pinned = -2 // in before: the series is not in the list, it never expires
)

func newLife(ttl time.Duration) life {
	return life{ttl: max(int64(ttl), 0), head: end, tail: end}
}

// add makes room for one more series, which was just touched.
func (l *life) add(now int64) {
	if l.ttl == 0 {
		return
	}
	l.touched = append(l.touched, now)
	l.links = append(l.links, link{})
	l.push(int32(len(l.links) - 1))
}

// touch moves series i to the end of the list.
func (l *life) touch(i int, now int64) {
	if l.ttl == 0 || l.touched[i] == now || l.links[i].before == pinned {
		return
	}
	l.touched[i] = now
	if l.tail != int32(i) {
		l.unlink(int32(i))
		l.push(int32(i))
	}
}

// pin keeps series i from expiring.
func (l *life) pin(i int) {
	if l.ttl == 0 || l.links[i].before == pinned {
		return
	}
	l.unlink(int32(i))
	l.links[i] = link{pinned, pinned}
}

// unpin lets series expire that were kept from it, as if they were just touched.
func (l *life) unpin(now int64) {
	for i := range l.links {
		if l.links[i].before == pinned {
			l.touched[i] = now
			l.push(int32(i))
		}
	}
}

// due reports whether series i was not touched for too long.
func (l *life) due(i int, now int64) bool {
	return l.ttl != 0 && l.links[i].before != pinned && now-l.touched[i] >= l.ttl
}

// first returns the series that was not touched for longest if it is due, or -1.
func (l *life) first(now int64) int {
	if l.ttl == 0 || l.head == end || now-l.touched[l.head] < l.ttl {
		return -1
	}
	return int(l.head)
}

// remove takes series i out. The last one gets its place.
func (l *life) remove(i int) {
	if l.ttl == 0 {
		return
	}
	l.unlink(int32(i)) // a pinned one is never removed
	last := len(l.links) - 1
	if i != last {
		l.moved(int32(last), int32(i))
	}
	l.touched = cut(l.touched, i, 1)
	l.links = cut(l.links, i, 1)
}

// moved tells the neighbours of a series that it is about to move.
func (l *life) moved(from, to int32) {
	at := l.links[from]
	if at.before == pinned {
		return
	}
	l.join(at.before, to)
	l.join(to, at.after)
	l.links[from] = l.links[to] // what is copied to its new place
}

func (l *life) push(i int32) {
	l.join(l.tail, i)
	l.join(i, end)
}

func (l *life) unlink(i int32) { l.join(l.links[i].before, l.links[i].after) }

// join makes two series neighbours, or one of them the end of the list.
func (l *life) join(before, after int32) {
	if before == end {
		l.head = after
	} else {
		l.links[before].after = after
	}
	if after == end {
		l.tail = before
	} else {
		l.links[after].before = before
	}
}

// clockSlack is how far behind the latest time a time may be that is no sign of a
// clock that was turned back: that of a flush which waited for the collector.
const clockSlack = 10 * time.Second

// advance follows the clock. When it was turned back, series count as touched now at
// the latest. By a time that is over they would expire as soon as they were touched.
func (c *Collector) advance(now int64) {
	if c.now-now <= int64(clockSlack) {
		c.now = max(c.now, now)
		return
	}
	c.now = now
	for _, st := range c.mortal {
		for i, touched := range st.life.touched {
			st.life.touched[i] = min(touched, now)
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
	for range min(len(c.mortal), expireStores) {
		if c.hand >= len(c.mortal) {
			c.hand = 0
		}
		room -= c.expire(c.mortal[c.hand], now, room)
		if room == 0 {
			return // stays at this family
		}
		c.hand++
	}
}

// expireAll takes out all due series.
func (c *Collector) expireAll(now int64) {
	for _, st := range c.mortal {
		c.expire(st, now, len(st.keys))
	}
}

// expire takes out due series of a family, most of them at most, and returns how
// many.
func (c *Collector) expire(st *store, now int64, most int) (n int) {
	for i := st.life.first(now); i >= 0 && n < most; i = st.life.first(now) {
		c.remember(st, i)
		st.remove(i)
		n++
	}
	if n > 0 {
		c.series -= n
		if len(st.keys) == 0 {
			c.filled--
		}
		c.stats.expired.Add(uint64(n))
		st.shrink()
	}
	return n
}

// setTTL changes the TTL. From none to one, all series count as just touched.
func (s *store) setTTL(ttl time.Duration, now int64) {
	if s.life.ttl != 0 && ttl > 0 {
		s.life.ttl = int64(ttl)
		return
	}
	s.life = newLife(ttl)
	for range s.keys {
		s.life.add(now)
	}
	s.weigh()
}
