package collector

// defaultRemembered is the default of Options.Remembered, enough for about 130,000 counters with three labels.
const defaultRemembered = 32 << 20

// rememberedCost is the memory of a rememberedSeries without its key and buckets, including its entries in the map and
// the list.
const rememberedCost = 200

// rememberedSeries holds the state of an expired series. Apart from its index it never changes, so that a State can
// share it.
type rememberedSeries struct {
	store   *store
	key     string
	created int64
	value   float64
	rest    float64
	total   float64
	start   uint64
	time    int64
	buckets []uint64
	lasts   []uint64
	native  *native  // nil if there is none
	reading *reading // nil if there is none
	size    int
	index   int // in expiredCache.order
}

// expiredCache holds the remembered series of all families in the order in which they expired.
type expiredCache struct {
	budget, used int
	count        int
	order        []*rememberedSeries // nil where one was removed
	first        int                 // all entries before it are nil
}

// cacheExpired remembers series i of st, unless it is a gauge. It removes the oldest remembered series to make room.
func (c *Collector) cacheExpired(st *store, i int) {
	if st.family.Type == Gauge || st.family.isAbsolute() {
		return
	}
	c.cacheSeries(st.rememberedRow(st, i))
}

func (c *Collector) cacheSeries(r *rememberedSeries) {
	if r.size > c.cache.budget {
		c.stats.forgotten.Add(1)
		return
	}
	c.evict(r.size)
	c.cache.add(r)
}

// evict removes the oldest remembered series until size more bytes fit.
func (c *Collector) evict(size int) {
	cache := &c.cache
	for cache.count > 0 && cache.used+size > cache.budget {
		cache.remove(cache.oldest())
		c.stats.forgotten.Add(1)
	}
}

// rememberedRow returns series i of s as a remembered series, which takes over the native buckets. Quantiles are not
// part of it: they are older than their MaxAge, or would take as much memory as everything else.
func (c *columns) rememberedRow(s *store, i int) *rememberedSeries {
	r := &rememberedSeries{store: s, key: c.keys[i], created: c.created[i], value: c.values[i], time: never}
	r.buckets = append(r.buckets, c.buckets[i*c.width:(i+1)*c.width]...)
	if c.rests != nil {
		r.rest = c.rests[i]
	}
	if c.totals != nil {
		r.total = c.totals[i]
	}
	if c.lasts != nil {
		r.lasts = append(r.lasts, c.lasts[i*c.width:(i+1)*c.width]...)
	}
	if c.starts != nil {
		r.start = c.starts[i]
	}
	if c.times != nil {
		r.time = c.times[i]
	}
	if c.natives != nil {
		r.native = new(c.natives[i])
	}
	if c.readings != nil {
		r.reading = new(c.readings[i])
	}
	r.size = r.estimate()
	return r
}

// estimate returns the estimated memory of r in bytes.
func (r *rememberedSeries) estimate() int {
	size := rememberedCost + len(r.key) + 8*len(r.buckets) + 8*len(r.lasts)
	if r.native != nil {
		size += r.native.size()
	}
	if r.reading != nil {
		size += readingCost + r.reading.size()
	}
	return size
}

// continueFrom restores a new series from its remembered state.
func (c *Collector) continueFrom(st *store, i int, r *rememberedSeries) {
	c.cache.remove(r)
	st.created[i] = r.created
	st.values[i] = r.value
	copy(st.buckets[i*st.width:], r.buckets)
	if st.rests != nil {
		st.rests[i] = r.rest
	}
	if st.totals != nil {
		st.totals[i] = r.total
	}
	if st.lasts != nil {
		copy(st.lasts[i*st.width:], r.lasts)
	}
	if st.starts != nil {
		st.starts[i] = r.start
	}
	if st.times != nil {
		st.times[i] = r.time
	}
	if st.natives != nil {
		st.natives[i].copyFrom(r.native)
		st.charge(st.natives[i].capacity() * bucketCost)
	}
	if st.readings != nil {
		st.readings[i] = r.reading.share()
		st.readings[i].changed = st.nextChange()
		st.charge(st.readings[i].size())
	}
}

func (cache *expiredCache) add(r *rememberedSeries) {
	if r.store.remembered == nil {
		r.store.remembered = make(map[string]*rememberedSeries)
	}
	r.store.remembered[r.key] = r
	r.index = len(cache.order)
	cache.order = append(cache.order, r)
	cache.used += r.size
	cache.count++
}

func (cache *expiredCache) remove(r *rememberedSeries) {
	delete(r.store.remembered, r.key)
	if len(r.store.remembered) == 0 {
		r.store.remembered = nil // a map does not shrink
	}
	cache.order[r.index] = nil
	cache.used -= r.size
	cache.count--
	if len(cache.order) > 2*cache.count+shrinkAbove {
		cache.compact()
	}
}

// compact removes the nil entries of order.
func (cache *expiredCache) compact() {
	kept := make([]*rememberedSeries, 0, cache.count)
	for _, r := range cache.order {
		if r != nil {
			r.index = len(kept)
			kept = append(kept, r)
		}
	}
	cache.order, cache.first = kept, 0
}

// oldest returns the series that expired first. There must be one.
func (cache *expiredCache) oldest() *rememberedSeries {
	for cache.order[cache.first] == nil {
		cache.first++
	}
	return cache.order[cache.first]
}

// removeFamily removes all remembered series of a family.
func (cache *expiredCache) removeFamily(s *store) {
	for _, r := range s.remembered {
		cache.remove(r)
	}
}
