package collector

import "slices"

// Recount returns the memory of all series as counted on every change, and as counted from scratch.
func (c *Collector) Recount() (counted, recounted int64, err error) {
	err = c.do(func() {
		counted = c.ledger.used
		for _, st := range c.stores {
			all := familySize(st.family)
			for i, key := range st.keys {
				all += st.rowSize() + textSize(len(key)) + st.variableSize(i)
			}
			if st.rounds != nil {
				all += roundsSize(slices.DeleteFunc(st.saveRounds(), func(r savedRound) bool { return r.Time == never }))
			}
			recounted += int64(all)
		}
	})
	return counted, recounted, err
}
