package collector

import (
	"fmt"
	"math"
	"slices"

	"github.com/prometheus/common/model"

	"github.com/promexporter/promexporter/internal/metric"
)

// applyPoints applies the points of b, as apply does its samples.
func (c *Collector) applyPoints(b *Batch) (err error) {
	if len(b.points) == 0 && b.refusals == ([reasons]uint64{}) {
		return nil
	}
	dropped, done := b.refusals, 0
	for r, n := range dropped {
		if n > 0 {
			c.reportLoss("", Reason(r))
		}
	}
	defer func() {
		if p := recover(); p != nil {
			dropped[Panicked] += uint64(len(b.points) - done)
			err = fmt.Errorf("panic while points were applied: %v", p)
		}
		c.stats.points.addBatch(uint64(len(b.points)), &dropped)
		c.publishSizes()
	}()
	for i := range b.points {
		p := &b.points[i]
		d := &b.definitions[p.definition]
		r := p.dropped
		if r == Kept {
			r = c.point(d, p, b)
		}
		if r != Kept {
			dropped[r]++
			c.reportReceivedLoss(b.textOf(d.name), r)
		}
		done++
	}
	return nil
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
	return c.accept(st, i, p, b)
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
	st.expiry.touch(i, c.now)
	if st.updated != nil {
		st.updated[i] = c.now
	}
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

// linkReceived finds the store of a definition or makes one.
func (c *Collector) linkReceived(d *defined, b *Batch) (*store, Reason) {
	name := b.textOf(d.name)
	st := c.byName[string(name)]
	switch {
	case st == nil:
		return c.newReceived(d, b)
	case !st.family.Received:
		return nil, FamilyConflict
	case !st.receives(&d.settings):
		if len(st.keys) > 0 {
			return nil, FamilyConflict
		}
		c.remove([]*store{st})
		return c.newReceived(d, b)
	}
	f := st.family
	helps := f.Help == "" && d.help[0] < d.help[1]
	settled := len(st.keys) > 0 && !st.settingsPending || f.TTL == d.ttl
	if settled && !helps {
		return st, Kept
	}
	next := *f // snapshots may be reading f
	if helps {
		next.Help = string(metric.Text(b.textOf(d.help)))
	}
	if !settled {
		next.TTL = d.ttl
	}
	st.settingsPending = false
	if st.applySettings(&next, c.now) {
		c.listExpiring()
	}
	return st, Kept
}

// receives reports whether the family of s takes points of a definition.
func (s *store) receives(d *settings) bool {
	return s.family.Type == d.kind && s.family.Delta == d.delta
}

func (c *Collector) newReceived(d *defined, b *Batch) (*store, Reason) {
	if c.isReserved(b.textOf(d.name)) {
		return nil, ReservedName
	}
	f := &Family{
		Name: string(b.textOf(d.name)), Help: string(metric.Text(b.textOf(d.help))), Unit: string(metric.Text(b.textOf(d.unit))),
		Type: d.kind, Received: true, Delta: d.delta, TTL: d.ttl,
	}
	if !metric.IsName(f.Name) || f.Type >= types {
		return nil, BadName
	}
	if c.claims(f) {
		return nil, FamilyConflict
	}
	return c.newFamily(f)
}

// isReserved reports whether a name belongs to the plugin. No reserved prefix is longer than what it looks at.
func (c *Collector) isReserved(name []byte) bool {
	return metric.ReservedPrefix(string(name[:min(len(name), 16)])) != ""
}

// reportReceivedLoss reports the first loss of each kind.
func (c *Collector) reportReceivedLoss(name []byte, r Reason) {
	family := ""
	if st := c.byName[string(name)]; st != nil {
		family = st.family.Name
	}
	c.reportLoss(family, r)
}

// yield takes received families out that keep f, which rules make, from the page.
func (c *Collector) yield(f *Family) {
	for _, name := range metric.Names(f.Name, f.Type) {
		if st := c.exposed[name]; st != nil && st.family.Received {
			c.remove([]*store{st})
		}
	}
}

// claims reports whether a family of the rules will have a name on the page which f would take.
func (c *Collector) claims(f *Family) bool {
	return slices.ContainsFunc(metric.Names(f.Name, f.Type), func(name string) bool {
		_, claimed := c.claimed[name]
		return claimed
	})
}

// claim says which families the rules make, whether they have series or not.
func (c *Collector) claim(families []*Family) {
	c.claimed = make(map[string]struct{})
	for _, f := range families {
		for _, name := range metric.Names(f.Name, f.Type) {
			c.claimed[name] = struct{}{}
		}
		c.yield(f)
	}
}

// enterReceived makes the series of a point.
func (c *Collector) enterReceived(st *store, p *point, b *Batch) (int, Reason) {
	key := b.keys[p.key:p.end]
	if !wellFormedPairs(key) {
		return 0, BadLabel
	}
	if r := c.checkLimits(st.seriesSize(len(key))); r != Kept {
		return 0, r
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

// removeEmpty takes out received families without series, which come with any name.
func (c *Collector) removeEmpty() {
	var empty []*store
	for _, st := range c.stores {
		if st.family.Received && len(st.keys)+len(st.remembered) == 0 {
			empty = append(empty, st)
		}
	}
	if len(empty) > 0 {
		c.remove(empty)
	}
}

// wellFormedPairs reports whether key holds labels that a page may have, in order and each of them once, also where
// names are escaped.
func wellFormedPairs(key []byte) bool {
	var names []string
	legacy := true
	for len(key) > 0 {
		name, rest, named := cutLabel(key)
		value, rest, ok := cutLabel(rest)
		if !named || !ok || len(value) == 0 || !metric.IsText(value) || !metric.IsName(string(name)) {
			return false
		}
		if n := len(names); n > 0 && names[n-1] >= string(name) {
			return false
		}
		names, key = append(names, string(name)), rest
		legacy = legacy && model.LegacyValidation.IsValidLabelName(string(name))
	}
	return legacy || !metric.Clash(names)
}
