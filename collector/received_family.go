package collector

import (
	"slices"

	"github.com/promexporter/promexporter/internal/metric"
)

// linkReceived finds the store of a definition or makes one.
func (c *Collector) linkReceived(d *defined, b *Batch) (*store, Reason) {
	name := b.textOf(d.name)
	st := c.byName[string(name)]
	switch {
	case st == nil:
		if r := c.refused.family(name, d.kind); r != Kept {
			return nil, r
		}
		return c.newReceived(d, b)
	case !st.family.Received:
		return nil, FamilyConflict
	case len(st.keys) > 0 && !st.receives(&d.settings):
		return nil, FamilyConflict
	case !st.receives(&d.settings) || len(st.keys)+len(st.remembered) == 0 && st.family.Unit != string(b.textOf(d.unit)):
		c.remove([]*store{st})
		return c.newReceived(d, b)
	}
	f := st.family
	helps := (f.Help == "" || st.settingsPending) && d.help[0] < d.help[1]
	settled := st.isSettled(d, b)
	if settled && !helps {
		return st, Kept
	}
	next := *f // snapshots may be reading f
	if helps {
		next.Help = string(metric.Text(b.textOf(d.help)))
	}
	if !settled {
		next.TTL, next.SeriesLimit, next.ReceivedBuckets = d.ttl, d.limit, d.bounds
	}
	if st.settingsPending {
		next.Timestamps, next.Unit = d.timestamps, string(metric.Text(b.textOf(d.unit)))
	}
	st.settingsPending = false
	if st.applySettings(&next, c.now) {
		c.unlisted = true
	}
	st.updateRowSize()
	return st, Kept
}

// isSettled reports whether a definition does not change the family of s, but for its help.
func (s *store) isSettled(d *defined, b *Batch) bool {
	f := s.family
	if s.settingsPending && (f.Timestamps != d.timestamps || f.Unit != string(b.textOf(d.unit))) {
		return false
	}
	return len(s.keys) > 0 && !s.settingsPending ||
		f.TTL == d.ttl && f.SeriesLimit == d.limit && slices.Equal(f.ReceivedBuckets, d.bounds)
}

// receives reports whether the family of s takes points of a definition.
func (s *store) receives(d *settings) bool {
	return s.family.Type == d.kind && s.family.Delta == d.delta && (s.settingsPending || s.family.Timestamps == d.timestamps)
}

func (c *Collector) newReceived(d *defined, b *Batch) (*store, Reason) {
	f := &Family{
		Name: string(b.textOf(d.name)), Help: string(metric.Text(b.textOf(d.help))), Unit: string(metric.Text(b.textOf(d.unit))),
		Type: d.kind, Received: true, Delta: d.delta, Timestamps: d.timestamps,
		TTL: d.ttl, SeriesLimit: d.limit, ReceivedBuckets: d.bounds,
	}
	r := c.mayReceive(f)
	var st *store
	if r == Kept {
		st, r = c.newFamily(f)
	}
	if r == ReservedName || r == BadName || r == FamilyConflict {
		c.refused.addFamily(f, r)
	}
	return st, r
}

// mayReceive returns the reason to drop a family: no page can have it, or the rules use its names.
func (c *Collector) mayReceive(f *Family) Reason {
	switch {
	case metric.ReservedPrefix(f.Name) != "":
		return ReservedName
	case !metric.IsName(f.Name) || f.Type >= types:
		return BadName
	case c.claims(f):
		return FamilyConflict
	}
	return Kept
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
	c.claimed, c.refused = make(map[string]struct{}), refused{}
	for _, f := range families {
		for _, name := range metric.Names(f.Name, f.Type) {
			c.claimed[name] = struct{}{}
		}
		c.yield(f)
	}
}

// removeEmpty takes out received families without series, which come with any name.
func (c *Collector) removeEmpty() {
	c.list()
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
