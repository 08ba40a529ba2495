package collector

// defaultRemembered is Options.Remembered when it is not given: enough for some
// 130,000 counters of three labels.
const defaultRemembered = 32 << 20

// pastSize is what a past takes beside its key and buckets, its places in the
// map and the list included.
const pastSize = 200

// past is what is kept of an expired series.
type past struct {
	store        *store
	key          string
	created      int64
	value        float64
	total        float64
	time         int64
	buckets      []uint64
	native       native
	size         int
	older, newer *past
}

// memory is the pasts of all families in the order in which they expired.
type memory struct {
	budget, used   int
	count          int
	oldest, newest *past
}

// remember keeps what a counter, histogram or summary needs to go on from where
// it is. The oldest pasts make room for it.
func (c *Collector) remember(st *store, i int) {
	if st.family.Type == Gauge {
		return
	}
	p := st.toPast(i)
	m := &c.memory
	for m.oldest != nil && m.used+p.size > m.budget {
		m.drop(m.oldest)
		c.stats.forgotten.Add(1)
	}
	if p.size > m.budget {
		c.stats.forgotten.Add(1)
		return
	}
	m.keep(p)
}

// toPast copies what is worth remembering of series i. Quantiles are not: they
// are older than their MaxAge, or would be as large as all else.
func (s *store) toPast(i int) *past {
	p := &past{store: s, key: s.keys[i], created: s.created[i], value: s.values[i], time: never}
	p.buckets = append(p.buckets, s.buckets[i*s.width:(i+1)*s.width]...)
	p.size = pastSize + len(p.key) + 8*len(p.buckets)
	if s.totals != nil {
		p.total = s.totals[i]
	}
	if s.times != nil {
		p.time = s.times[i]
	}
	if s.natives != nil {
		p.native = s.natives[i]
		p.size += p.native.size()
	}
	return p
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
		st.natives[i] = p.native
	}
}

func (m *memory) keep(p *past) {
	if p.store.past == nil {
		p.store.past = make(map[string]*past)
	}
	p.store.past[p.key] = p
	p.older = m.newest
	if p.older == nil {
		m.oldest = p
	} else {
		p.older.newer = p
	}
	m.newest = p
	m.used += p.size
	m.count++
}

func (m *memory) drop(p *past) {
	delete(p.store.past, p.key)
	if len(p.store.past) == 0 {
		p.store.past = nil // a map does not shrink
	}
	if p.older == nil {
		m.oldest = p.newer
	} else {
		p.older.newer = p.newer
	}
	if p.newer == nil {
		m.newest = p.older
	} else {
		p.newer.older = p.older
	}
	p.older, p.newer = nil, nil
	m.used -= p.size
	m.count--
}

// dropAll forgets what is remembered of a family.
func (m *memory) dropAll(s *store) {
	for _, p := range s.past {
		m.drop(p)
	}
}
