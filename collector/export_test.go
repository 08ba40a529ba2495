package collector

// Recount returns the memory of all series as counted on every change, and as counted from scratch.
func (c *Collector) Recount() (counted, recounted int64, err error) {
	err = c.do(func() {
		counted = c.ledger.used
		for _, st := range c.stores {
			all := familySize(st.family)
			for i, key := range st.keys {
				all += st.rowSize() + textSize(len(key)) + st.variableSize(i)
			}
			recounted += int64(all)
		}
	})
	return counted, recounted, err
}
