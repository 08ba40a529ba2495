package collector

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// ImportOptions says what of a state is wanted.
type ImportOptions struct {
	Now int64 // in nanoseconds since 1970
	// Families are those that there will be. Of a state, those that are Equal to one
	// of them are restored, with its TTL and SeriesLimit, and those for which Also,
	// if not nil, returns an equal. The latter take their TTL and SeriesLimit from the
	// first Family that a sample of them comes with, until then from that equal.
	Families []*Family
	Also     func(*Family) *Family
	Gauges   bool // whether gauges are restored
}

// Imported tells of an Import.
type Imported struct {
	At         int64 // when the state was exported, in nanoseconds since 1970
	Families   int   // that were restored
	Series     int   // that were restored, those that have expired since included
	Remembered int   // expired series that were restored as such
	Redefined  int   // series that were left out because nobody wants their family as it was defined
	Beyond     int   // series that were left out because of a limit
}

func duration(nanos int64) time.Duration { return time.Duration(nanos) }

// Import restores the series of a state that WriteTo wrote. It is to come before
// the first batch: families that the collector already has stay as they are, and
// count as redefined. Series that were not touched for their TTL, the time since
// the export included, expire at once. When there is an error, nothing is restored.
func (c *Collector) Import(from io.Reader, o ImportOptions) (done Imported, err error) {
	defer func() {
		if p := recover(); p != nil {
			done, err = Imported{}, fmt.Errorf("panic while a state was read: %v", p)
		}
	}()
	d, err := newReader(from)
	if err != nil {
		return Imported{}, err
	}
	limits := c.options.Load()
	im := &importer{
		ImportOptions: o,
		byName:        make(map[string]*Family, len(o.Families)),
		room:          max(0, limits.SeriesLimit-int(c.stats.series.Load())),
		most:          limits.SeriesLimit,
		ledger:        ledger{used: c.stats.bytes.Load(), limit: limits.MemoryLimit},
		budget:        limits.Remembered,
		seen:          make(map[string]struct{}),
	}
	for _, f := range o.Families {
		im.byName[f.Name] = f
	}
	if err := im.read(d); err != nil {
		return Imported{}, err
	}
	err = c.between(func() { c.attach(im) })
	if err != nil {
		return Imported{}, err
	}
	return im.done, nil
}

// attach makes the stores of an importer the collector's. It runs in the
// collector's goroutine.
func (c *Collector) attach(im *importer) {
	c.now = max(c.now, im.Now)
	for _, st := range im.stores {
		if left := c.refuse(st, &im.done); left != nil {
			*left += len(st.keys)
			st.gone = true
			continue
		}
		c.enlist(st)
		c.series += len(st.keys)
		st.ledger = &c.ledger
		c.ledger.used += st.bytes
		if len(st.keys) > 0 {
			c.filled++
		}
		im.done.Families++
		im.done.Series += len(st.keys)
	}
	for _, p := range im.pasts {
		if p.store.gone || p.store.find([]byte(p.key)) >= 0 {
			continue
		}
		c.keep(p)
		im.done.Remembered++
	}
	c.expireAll(im.Now)
	c.count()
}

// refuse returns where the series of a store count that cannot be attached, or nil.
func (c *Collector) refuse(st *store, done *Imported) *int {
	limit := c.options.Load().SeriesLimit
	switch {
	case c.rival(st.family) != nil:
		return &done.Redefined
	case c.series+len(st.keys) > limit || len(c.stores) >= limit || !c.ledger.fits(int(st.bytes)):
		return &done.Beyond
	}
	return nil
}

// restore makes a series as r has it.
func (s *store) restore(key string, r *row, touched int64) {
	i := s.add(key, r.source, touched)
	s.created[i] = r.created
	s.values[i] = r.value
	s.signed = s.signed || r.value < 0 && s.family.Type != Gauge
	copy(s.buckets[i*s.width:], r.buckets)
	if s.totals != nil {
		s.totals[i] = r.total
	}
	if s.times != nil {
		s.times[i] = r.time
	}
	if s.natives != nil {
		n := &r.native
		s.natives[i] = native{s.nextChange(), n.schema, n.zero, clip(n.positive), clip(n.negative)}
		s.charge(s.natives[i].capacity() * bucketCost)
	}
}

// sort puts the longest untouched series first.
func (l *life) sort() {
	order := make([]int32, len(l.touched))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(l.touched[a], l.touched[b]) })
	l.head, l.tail = end, end
	for _, i := range order {
		l.push(i)
	}
}
