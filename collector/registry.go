package collector

import "github.com/promexporter/promexporter/internal/metric"

// storeFor returns the store of f, and makes it if there is none. It fails if another family exposes one of its names,
// if there is no room for it, or if Prometheus would not read it.
func (c *Collector) storeFor(f *Family) (*store, Reason) {
	if f.refusedBy != nil && !f.refusedBy.removed {
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
	if st.settingsPending {
		st.settingsPending = false
		if st.applySettings(f, c.now) {
			c.unlisted = true
		}
	}
	f.store, f.refusedBy = st, nil
	return st, Kept
}

func (c *Collector) newFamily(f *Family) (*store, Reason) {
	limit := c.options.Load().SeriesLimit
	if len(c.byName) >= limit && !c.emptiesGone {
		c.emptiesGone = true
		c.removeEmpty()
	}
	if len(c.byName) >= limit {
		return nil, SeriesLimit
	}
	if r := c.checkLimits(familyCost); r != Kept {
		return nil, r
	}
	if f.refusedBy = c.conflicting(f); f.refusedBy != nil {
		return nil, FamilyConflict
	}
	st := newStore(f, &c.ledger)
	c.register(st)
	return st, Kept
}

// conflicting returns the store of another family that exposes one of the names of f, or nil. A received family without
// series gives its names up.
func (c *Collector) conflicting(f *Family) *store {
	for _, name := range metric.Names(f.Name, f.Type) {
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

// register adds a store, whose names no other store exposes.
func (c *Collector) register(st *store) {
	c.byName[st.family.Name] = st
	for _, name := range metric.Names(st.family.Name, st.family.Type) {
		c.exposed[name] = st
	}
	c.stores = append(c.stores, st)
	if st.expiry.ttl != 0 {
		c.expiring = append(c.expiring, st)
	}
}

// addSeries makes the series of a sample, or returns the overflow series instead.
func (c *Collector) addSeries(st *store, s *Sample, b *Batch, source uint32) (int, Reason) {
	key := b.keys[s.keyStart:s.keyEnd]
	if !wellFormed(key, len(st.family.Labels)) {
		return 0, Malformed
	}
	if r := c.checkLimits(st.seriesSize(len(key))); r != Kept {
		return 0, r
	}
	if limit := st.family.SeriesLimit; limit > 0 && st.ordinary() >= limit {
		c.expire(st, c.now, expireSeries)
		if st.ordinary() >= limit {
			return c.overflow(st, s, b)
		}
	}
	return c.newSeries(st, string(key), source), Kept
}

func (c *Collector) newSeries(st *store, key string, source uint32) int {
	r := st.remembered[key]
	if r != nil {
		key = r.key
	}
	c.series++
	if len(st.keys) == 0 {
		c.nonEmpty++
	}
	i := st.add(key, source, c.now)
	if r != nil {
		c.continueFrom(st, i, r)
	}
	return i
}

// checkLimits returns the limit that another series or family of that many bytes would exceed, or Kept. If there is
// one, it first removes due series, until there is room or no more of them in the current batch.
func (c *Collector) checkLimits(need int) Reason {
	r := c.limitReached(need)
	for r != Kept && !c.allExpired {
		if c.allExpired = !c.expireSome(c.now, len(c.expiring)); c.allExpired {
			c.removeEmpty()
		}
		r = c.limitReached(need)
	}
	return r
}

func (c *Collector) limitReached(need int) Reason {
	switch {
	case c.series >= c.options.Load().SeriesLimit:
		return SeriesLimit
	case !c.ledger.fits(need):
		return MemoryLimit
	}
	return Kept
}
