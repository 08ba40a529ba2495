package collector

// defaultRemembered is Options.Remembered when it is not given: enough for some
// 130,000 counters of three labels.
const defaultRemembered = 32 << 20

// pastSize is what a past takes beside its key and buckets, its places in the
// map and the list included.
const pastSize = 200

// past is what is kept of an expired series. It does not change, so that a State
// can share it, apart from its place in the memory.
type past struct {
	store   *store
	key     string
	created int64
	value   float64
	total   float64
	time    int64
	buckets []uint64
	native  *native  // nil without one
	reading *reading // nil without one
	size    int
	at      int // its place in memory.order
}

// memory is the pasts of all families in the order in which they expired.
type memory struct {
	budget, used int
	count        int
	order        []*past // nil where a past was dropped
	first        int     // there is none before it in order
}

// remember keeps what a counter, histogram or summary needs to go on from where
// it is. The oldest pasts make room for it.
func (c *Collector) remember(st *store, i int) {
	if st.family.Type == Gauge || st.family.isAbsolute() {
		return
	}
	c.keep(st.toPast(st, i))
}

func (c *Collector) keep(p *past) {
	if p.size > c.memory.budget {
		c.stats.forgotten.Add(1)
		return
	}
	c.makeRoom(p.size)
	c.memory.keep(p)
}

// makeRoom forgets the oldest pasts until size more bytes fit.
func (c *Collector) makeRoom(size int) {
	m := &c.memory
	for m.count > 0 && m.used+size > m.budget {
		m.drop(m.oldest())
		c.stats.forgotten.Add(1)
	}
}

// toPast returns what is worth remembering of series i of s. It takes native buckets over. Quantiles are not: they
// are older than their MaxAge, or would be as large as all else.
func (c *columns) toPast(s *store, i int) *past {
	p := &past{store: s, key: c.keys[i], created: c.created[i], value: c.values[i], time: never}
	p.buckets = append(p.buckets, c.buckets[i*c.width:(i+1)*c.width]...)
	if c.totals != nil {
		p.total = c.totals[i]
	}
	if c.times != nil {
		p.time = c.times[i]
	}
	if c.natives != nil {
		p.native = new(c.natives[i])
	}
	if c.readings != nil {
		p.reading = new(c.readings[i])
	}
	p.size = p.measure()
	return p
}

// measure estimates the memory of p in bytes.
func (p *past) measure() int {
	size := pastSize + len(p.key) + 8*len(p.buckets)
	if p.native != nil {
		size += p.native.size()
	}
	if p.reading != nil {
		size += readingCost + p.reading.size()
	}
	return size
}

// recall gives a new series back what is remembered of it.
func (c *Collector) recall(st *store, i int, p *past) {
	c.memory.drop(p)
	st.created[i] = p.created
	st.values[i] = p.value
	copy(st.buckets[i*st.width:], p.buckets)
	if st.totals != nil {
		st.totals[i] = p.total
	}
	if st.times != nil {
		st.times[i] = p.time
	}
	if st.natives != nil {
		st.natives[i].set(p.native)
		st.charge(st.natives[i].capacity() * bucketCost)
	}
	if st.readings != nil {
		st.readings[i].set(p.reading)
		st.readings[i].changed = st.nextChange()
		st.charge(st.readings[i].size())
	}
}

func (m *memory) keep(p *past) {
	if p.store.past == nil {
		p.store.past = make(map[string]*past)
	}
	p.store.past[p.key] = p
	p.at = len(m.order)
	m.order = append(m.order, p)
	m.used += p.size
	m.count++
}

func (m *memory) drop(p *past) {
	delete(p.store.past, p.key)
	if len(p.store.past) == 0 {
		p.store.past = nil // a map does not shrink
	}
	m.order[p.at] = nil
	m.used -= p.size
	m.count--
	if len(m.order) > 2*m.count+shrinkAbove {
		m.close()
	}
}

// close closes the gaps that dropped pasts left.
func (m *memory) close() {
	kept := make([]*past, 0, m.count)
	for _, p := range m.order {
		if p != nil {
			p.at = len(kept)
			kept = append(kept, p)
		}
	}
	m.order, m.first = kept, 0
}

// oldest returns the past that expired first; there must be one.
func (m *memory) oldest() *past {
	for m.order[m.first] == nil {
		m.first++
	}
	return m.order[m.first]
}

// dropAll forgets what is remembered of a family.
func (m *memory) dropAll(s *store) {
	for _, p := range s.past {
		m.drop(p)
	}
}
