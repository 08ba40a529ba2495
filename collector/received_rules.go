package collector

// maxIncomingNames bounds the pairs of a tag and a name that a family remembers.
const maxIncomingNames = 4096

// incomingNames are what rules a received family is made with, by tag and incoming name.
type incomingNames struct {
	fingerprints map[string]map[string]uint64
	count        int
	full         bool // some are not remembered
}

// noteIncoming notes what a definition says of the rules that made it.
func (s *store) noteIncoming(d *defined, b *Batch) {
	if d.incoming[0] == d.incoming[1] {
		return
	}
	incoming, a := b.textOf(d.incoming), &s.incomingNames
	have, known := a.fingerprints[b.tag][string(incoming)]
	switch {
	case known && have == d.fingerprint:
		return
	case !known && a.count >= maxIncomingNames:
		a.full = true
		return
	case !known:
		a.count++
	}
	if a.fingerprints == nil {
		a.fingerprints = make(map[string]map[string]uint64)
	}
	if a.fingerprints[b.tag] == nil {
		a.fingerprints[b.tag] = make(map[string]uint64)
	}
	a.fingerprints[b.tag][string(incoming)] = d.fingerprint
}

// RetainReceived removes, between two batches, the received series to which other rules apply than those that made
// them. fingerprint returns what Definition.Fingerprint is for a tag and a name. A series that is removed does not
// continue from its old value when it comes back.
func (c *Collector) RetainReceived(fingerprint func(tag, name string) uint64) error {
	return c.do(func() {
		c.forgetContexts()
		for _, st := range c.stores {
			if st.family.Received {
				c.retainReceived(st, fingerprint)
			}
		}
		c.publishSizes()
	})
}

func (c *Collector) retainReceived(st *store, fingerprint func(tag, name string) uint64) {
	changed := make(map[string]bool) // by tag
	any := false
	for tag := range st.incomingNames.fingerprints {
		changed[tag] = st.isChanged(tag, fingerprint)
		any = any || changed[tag]
	}
	for i := len(st.keys) - 1; i >= 0; i-- {
		tag := st.owners[i]
		is, known := changed[tag]
		if !known && tag != "" { // otherwise it was restored, and no tag has fed it since
			is = st.isChanged(tag, fingerprint)
			changed[tag] = is
		}
		if is {
			any = true
			c.take(st, i)
		}
	}
	if any {
		c.cache.removeFamily(st)
		st.incomingNames.forget(changed)
	}
}

// forget forgets what came with the tags that are true.
func (a *incomingNames) forget(tags map[string]bool) {
	for tag, is := range tags {
		if is {
			a.count -= len(a.fingerprints[tag])
			delete(a.fingerprints, tag)
		}
	}
	a.full = a.full && a.count > 0
}

// isChanged reports whether other rules apply now to what a tag brings.
func (s *store) isChanged(tag string, fingerprint func(tag, name string) uint64) bool {
	made := s.incomingNames.fingerprints[tag]
	for name, have := range made {
		if fingerprint(tag, name) != have {
			return true
		}
	}
	return s.incomingNames.full || len(made) == 0 && fingerprint(tag, s.family.Name) != 0
}

// take takes a series out, and forgets it.
func (c *Collector) take(st *store, i int) {
	st.remove(i)
	c.series--
	if len(st.keys) == 0 {
		c.nonEmpty--
	}
}
