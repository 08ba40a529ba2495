package collector

// maxArrivals bounds the pairs of a tag and a name that a family remembers.
const maxArrivals = 4096

// arrivals are what rules a received family is made with, by tag and the name that it came with.
type arrivals struct {
	prints map[string]map[string]uint64
	count  int
	full   bool // some are not remembered
}

// arrived notes what a definition says of the rules that made it.
func (s *store) arrived(d *defined, b *Batch) {
	if d.came[0] == d.came[1] {
		return
	}
	came, a := b.textOf(d.came), &s.arrivals
	have, known := a.prints[b.tag][string(came)]
	switch {
	case known && have == d.print:
		return
	case !known && a.count >= maxArrivals:
		a.full = true
		return
	case !known:
		a.count++
	}
	if a.prints == nil {
		a.prints = make(map[string]map[string]uint64)
	}
	if a.prints[b.tag] == nil {
		a.prints[b.tag] = make(map[string]uint64)
	}
	a.prints[b.tag][string(came)] = d.print
}

// RetainReceived removes, between two batches, the received series to which other rules apply than those that made
// them. print returns what Definition.Print is for a tag and a name. A series that is removed does not continue from
// its old value when it comes back.
func (c *Collector) RetainReceived(print func(tag, name string) uint64) error {
	return c.do(func() {
		c.forgetContexts()
		for _, st := range c.stores {
			if st.family.Received {
				c.retainReceived(st, print)
			}
		}
		c.publishSizes()
	})
}

func (c *Collector) retainReceived(st *store, print func(tag, name string) uint64) {
	changed := make(map[string]bool) // by tag
	any := false
	for tag := range st.arrivals.prints {
		changed[tag] = st.isChanged(tag, print)
		any = any || changed[tag]
	}
	for i := len(st.keys) - 1; i >= 0; i-- {
		tag := st.owners[i]
		is, known := changed[tag]
		if !known && tag != "" { // otherwise it was restored, and no tag has fed it since
			is = st.isChanged(tag, print)
			changed[tag] = is
		}
		if is {
			any = true
			c.take(st, i)
		}
	}
	if any {
		c.cache.removeFamily(st)
		st.arrivals.forget(changed)
	}
}

// forget forgets what came with the tags that are true.
func (a *arrivals) forget(tags map[string]bool) {
	for tag, is := range tags {
		if is {
			a.count -= len(a.prints[tag])
			delete(a.prints, tag)
		}
	}
	a.full = a.full && a.count > 0
}

// isChanged reports whether other rules apply now to what a tag brings.
func (s *store) isChanged(tag string, print func(tag, name string) uint64) bool {
	made := s.arrivals.prints[tag]
	for name, have := range made {
		if print(tag, name) != have {
			return true
		}
	}
	return s.arrivals.full || len(made) == 0 && print(tag, s.family.Name) != 0
}

// take takes a series out, and forgets it.
func (c *Collector) take(st *store, i int) {
	st.remove(i)
	c.series--
	if len(st.keys) == 0 {
		c.nonEmpty--
	}
}
