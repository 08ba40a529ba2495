package collector

import (
	"fmt"
	"math"
)

// applyPoints applies the points of b, as apply does its samples.
func (c *Collector) applyPoints(b *Batch) (err error) {
	if len(b.points)+len(b.contexts) == 0 && b.refusals == ([reasons]uint64{}) {
		return nil
	}
	dropped, done, all := b.refusals, 0, uint64(len(b.points))+c.reportRefusals(b)
	defer func() {
		if p := recover(); p != nil {
			dropped[Panicked] += uint64(len(b.points) - done)
			err = fmt.Errorf("panic while points were applied: %v", p)
		}
		c.stats.points.addBatch(all, &dropped)
		c.countReceived(b)
		c.publishSizes()
	}()
	c.beginContexts(b)
	for i := range b.points {
		p := &b.points[i]
		d := &b.definitions[p.definition]
		c.countIn(d, b)
		r := p.dropped
		if r == Kept {
			r = c.point(d, p, b)
		}
		if r == Kept {
			d.applied++
		} else {
			p.dropped = r
			dropped[r]++
			d.origin.drop(r)
			d.counts.dropped[r].Add(1)
			c.reportReceivedLoss(b.textOf(d.name), r)
		}
		done++
	}
	c.endContexts(b)
	return nil
}

// reportRefusals reports the first loss of each kind that the batch did not take, and returns how many there are.
func (c *Collector) reportRefusals(b *Batch) (all uint64) {
	for r, n := range b.refusals {
		all += n
		if n > 0 && Reason(r) != DroppedByRule {
			c.reportLoss("", Reason(r))
		}
	}
	return all
}

func (c *Collector) point(d *defined, p *point, b *Batch) Reason {
	if p.time > c.now+int64(maxAhead) {
		return TooNew
	}
	if d.store == nil || d.store.removed {
		var r Reason
		if d.store, r = c.linkReceived(d, b); r != Kept {
			return r
		}
		d.store.noteIncoming(d, b)
	}
	st := d.store
	i := st.find(b.keys[p.key:p.end])
	if i >= 0 && st.expiry.due(i, c.now) {
		c.end(st, i)
		i = -1
	}
	if i >= 0 && !st.owns(b.tag, i) {
		return OtherSource
	}
	if p.stale {
		if i >= 0 && p.time >= st.times[i] {
			c.end(st, i)
		}
		return Kept
	}
	if i < 0 {
		var r Reason
		if i, r = c.enterReceived(st, p, b); r != Kept {
			return r
		}
	}
	r := c.accept(st, i, p, b)
	if r == Kept {
		st.setContext(i, c.contextOf(d, p))
	}
	return r
}

// owns reports whether points with a tag may feed series i. One that was restored takes the first tag that feeds it.
func (s *store) owns(tag string, i int) bool {
	if s.owners[i] == "" {
		s.owners[i] = tag
	}
	return s.owners[i] == tag
}

// accept gives a point to series i, which is live.
func (c *Collector) accept(st *store, i int, p *point, b *Batch) Reason {
	switch {
	case !p.add && p.time < st.times[i]:
		return OutOfOrder
	case st.readings != nil:
		c.read(st, i, p, b)
	case !p.add:
		st.values[i] = p.value
	case math.IsInf(st.values[i]+p.value, 0):
		return NotFinite
	default:
		st.values[i] += p.value
	}
	if !p.add && p.start > 0 {
		st.setCreated(i, p.start)
	}
	st.times[i] = max(st.times[i], p.time)
	st.touch(i, c.now)
	if p.exemplars != p.endExemplar {
		c.takeExemplars(st, i, p, b)
	}
	return Kept
}

func (s *store) setCreated(i int, at int64) {
	if s.created[i] != at {
		s.created[i] = at
		s.version++
	}
}

// reportReceivedLoss reports the first loss of each kind.
func (c *Collector) reportReceivedLoss(name []byte, r Reason) {
	family := ""
	if st := c.byName[string(name)]; st != nil {
		family = st.family.Name
	}
	c.reportLoss(family, r)
}

// enterReceived makes the series of a point.
func (c *Collector) enterReceived(st *store, p *point, b *Batch) (int, Reason) {
	key := b.keys[p.key:p.end]
	if r := c.checkLimits(st.seriesSize(len(key))); r != Kept {
		return 0, r
	}
	if limit := st.family.SeriesLimit; limit > 0 && len(st.keys) >= limit {
		if c.expire(st, c.now, expireSeries); len(st.keys) >= limit {
			return 0, SeriesLimit
		}
	}
	if !c.refused.isWellFormed(key) {
		return 0, BadLabel
	}
	i := c.newSeries(st, string(key), unclaimedSource)
	if st.times[i] == never { // not one that is remembered
		st.created[i] = p.start
	}
	st.owners[i] = b.tag
	return i, Kept
}

// end takes a series out before its time.
func (c *Collector) end(st *store, i int) {
	c.cacheExpired(st, i)
	st.remove(i)
	c.series--
	if len(st.keys) == 0 {
		c.nonEmpty--
	}
	c.stats.expired.Add(1)
}
