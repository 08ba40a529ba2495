package collector

import "github.com/promexporter/promexporter/internal/exposition"

// link finds the store of f or makes one. It fails when the name, or that of a
// sample, is taken by another family, when no series could be added to it, and when
// Prometheus would not read it.
func (c *Collector) link(f *Family) (*store, Reason) {
	if f.refusedBy != nil && !f.refusedBy.gone {
		return nil, FamilyConflict
	}
	c.yield(f)
	st := c.byName[f.Name]
	switch {
	case st == nil && !f.isReadable():
		return nil, Malformed
	case st == nil:
		var r Reason
		if st, r = c.newFamily(f); r != Kept {
			return nil, r
		}
	case !st.family.Equal(f):
		f.refusedBy = st
		return nil, FamilyConflict
	}
	if st.provisional {
		st.provisional = false
		if st.adopt(f, c.now) {
			c.listMortal()
		}
	}
	f.store, f.refusedBy = st, nil
	return st, Kept
}

func (c *Collector) newFamily(f *Family) (*store, Reason) {
	if len(c.stores) >= c.options.Load().SeriesLimit {
		if c.dropEmpty(); len(c.stores) >= c.options.Load().SeriesLimit {
			return nil, SeriesLimit
		}
	}
	if r := c.full(familyCost); r != Kept {
		return nil, r
	}
	if f.refusedBy = c.rival(f); f.refusedBy != nil {
		return nil, FamilyConflict
	}
	st := newStore(f, &c.ledger)
	c.enlist(st)
	return st, Kept
}

// rival returns the store of another family that takes a name on the page which f
// would take, or nil. A received family without series gives its names up.
func (c *Collector) rival(f *Family) *store {
	for _, name := range exposition.Names(f.Name, f.Type.String()) {
		st := c.exposed[name]
		switch {
		case st == nil:
		case st.family.Received && len(st.keys) == 0:
			c.remove([]*store{st})
		default:
			return st
		}
	}
	return nil
}

// enlist makes a store one of the collector's. It has no rival there.
func (c *Collector) enlist(st *store) {
	c.byName[st.family.Name] = st
	for _, name := range exposition.Names(st.family.Name, st.family.Type.String()) {
		c.exposed[name] = st
	}
	c.stores = append(c.stores, st)
	c.listed = false
	if st.life.ttl != 0 {
		c.mortal = append(c.mortal, st)
	}
}

// enter makes the series of a sample, or finds the overflow series that takes
// its place.
func (c *Collector) enter(st *store, s *Sample, b *Batch, source uint32) (int, Reason) {
	key := b.keys[s.key:s.end]
	if !wellFormed(key, len(st.family.Labels)) {
		return 0, Malformed
	}
	if r := c.full(st.need(len(key))); r != Kept {
		return 0, r
	}
	if limit := st.family.SeriesLimit; limit > 0 && st.ordinary() >= limit {
		c.expire(st, c.now, len(st.keys))
		if st.ordinary() >= limit {
			return c.overflow(st, s, b)
		}
	}
	return c.newSeries(st, string(key), source), Kept
}

func (c *Collector) newSeries(st *store, key string, source uint32) int {
	p := st.past[key]
	if p != nil {
		key = p.key
	}
	c.series++
	if len(st.keys) == 0 {
		c.filled++
	}
	i := st.add(key, source, c.now)
	if p != nil {
		c.recall(st, i, p)
	}
	return i
}

// full returns why there is no room for another series or family that needs so many
// bytes, or Kept. Before it says so it takes out what is due, once per batch.
func (c *Collector) full(need int) Reason {
	r := c.lacks(need)
	if r != Kept && !c.swept {
		c.swept = true
		c.expireAll(c.now)
		c.dropEmpty()
		r = c.lacks(need)
	}
	return r
}

func (c *Collector) lacks(need int) Reason {
	switch {
	case c.series >= c.options.Load().SeriesLimit:
		return SeriesLimit
	case !c.ledger.fits(need):
		return MemoryLimit
	}
	return Kept
}
