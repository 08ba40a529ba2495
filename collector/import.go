package collector

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// ImportOptions says what of a state is wanted.
type ImportOptions struct {
	Now int64 // in nanoseconds since 1970
	// Families are those that there will be. Of a state, those that are Equal to one
	// of them are restored, with its TTL and SeriesLimit, and those for which Also,
	// if not nil, returns true. The latter take their TTL and SeriesLimit from the
	// first Family that a sample of them comes with, until then from the state.
	Families []*Family
	Also     func(*Family) bool
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

// importer builds stores of a state.
type importer struct {
	ImportOptions
	byName map[string]*Family
	room   int // series that are still allowed
	most   int // families
	budget int // bytes of pasts

	done     Imported
	families []imported          // all that the state has
	seen     map[string]struct{} // their names
	stores   []*store
	pasts    []*past
	used     int // bytes of pasts
	now      row // its memory is used for every row

	series, remembered uint64 // that the state has
}

// imported is a family of a state.
type imported struct {
	family  *Family // as the state defines it
	columns columns
	wanted  bool
	store   *store // nil when it is not wanted, or beyond the limit
}

func (im *importer) read(d *reader) error {
	kind, err := d.next()
	if err != nil {
		return err
	}
	c := &cursor{rest: d.payload}
	im.done.At = c.varint()
	if kind != headSection || c.bad || len(c.rest) > 0 {
		return errContent
	}
	for {
		kind, err := d.next()
		if err != nil {
			return err
		}
		c := &cursor{rest: d.payload}
		if !im.section(kind, c) || c.bad || len(c.rest) > 0 {
			return errContent
		}
		if kind == endSection {
			break
		}
	}
	for _, st := range im.stores {
		st.life.sort()
	}
	return d.end()
}

// section takes what a section holds. It reports false for what no collector
// writes, and leaves the rest of it to the caller.
func (im *importer) section(kind byte, c *cursor) bool {
	switch kind {
	case familySection:
		return im.define(c)
	case seriesSection:
		for len(c.rest) > 0 {
			if len(im.families) == 0 || !im.live(c, &im.families[len(im.families)-1]) {
				return false
			}
		}
		return true
	case pastSection:
		for len(c.rest) > 0 {
			number := c.uvarint()
			if number >= uint64(len(im.families)) || !im.past(c, &im.families[number]) {
				return false
			}
		}
		return true
	case endSection:
		return c.uvarint() == uint64(len(im.families)) && c.uvarint() == im.series && c.uvarint() == im.remembered
	}
	return false
}

// define begins a family.
func (im *importer) define(c *cursor) bool {
	f, columns := c.family()
	if _, twice := im.seen[f.Name]; c.bad || f.Name == "" || twice {
		return false
	}
	im.seen[f.Name] = struct{}{}
	known := im.wanted(f)
	family := imported{family: f, columns: columns, wanted: known != nil}
	if known != nil && len(im.stores) < im.most {
		family.store = newStore(known)
		family.store.provisional = known == f
		if columns.totals {
			family.store.totals = []float64{}
		}
		if columns.times {
			family.store.keepTimes()
		}
		im.stores = append(im.stores, family.store)
	}
	im.families = append(im.families, family)
	return true
}

// wanted returns the family that is to be restored as f, or nil.
func (im *importer) wanted(f *Family) *Family {
	if f.Type == Gauge && !im.Gauges {
		return nil
	}
	if known := im.byName[f.Name]; known != nil && known.Equal(f) {
		return known
	}
	if im.Also != nil && im.Also(f) {
		return f
	}
	return nil
}

// leave counts a series that is not restored.
func (im *importer) leave(f *imported) {
	switch {
	case f.wanted:
		im.done.Beyond++
	case f.family.Type != Gauge || im.Gauges:
		im.done.Redefined++
	}
}

// live reads a series.
func (im *importer) live(c *cursor, f *imported) bool {
	key := c.row(&im.now, f.columns)
	im.series++
	if c.bad || !f.valid(key, &im.now) {
		return false
	}
	st := f.store
	if st != nil && st.find(key) >= 0 {
		return false
	}
	if st == nil || !im.fits(st) {
		im.leave(f)
		return true
	}
	im.room--
	if im.now.source == anySource {
		st.overflows++
	}
	touched := im.done.At
	if f.columns.touched {
		touched = im.now.touched
	}
	st.restore(string(key), &im.now, min(touched, im.Now))
	return true
}

// fits reports whether there is room for the series that was read.
func (im *importer) fits(st *store) bool {
	if im.room <= 0 {
		return false
	}
	if im.now.source == anySource {
		return st.overflows < maxOverflowSeries
	}
	return st.family.SeriesLimit <= 0 || st.ordinary() < st.family.SeriesLimit
}

// past reads a remembered series.
func (im *importer) past(c *cursor, f *imported) bool {
	columns := f.columns
	columns.touched = false
	key := c.row(&im.now, columns)
	im.remembered++
	if c.bad || !f.valid(key, &im.now) || f.family.Type == Gauge {
		return false
	}
	if f.store == nil {
		im.leave(f)
		return true
	}
	r := &im.now
	p := &past{store: f.store, key: string(key), created: r.created, value: r.value, total: r.total, time: r.time,
		buckets: slices.Clone(r.buckets)}
	if f.columns.native {
		p.native = new(native)
		p.native.set(&r.native)
		p.native.changed = f.store.nextChange()
	}
	p.size = p.measure()
	im.pasts = append(im.pasts, p)
	// Those that do not fit are read past, since newer ones may come.
	for im.used += p.size; im.used > im.budget && len(im.pasts) > 0; im.pasts = im.pasts[1:] {
		im.used -= im.pasts[0].size
		im.done.Beyond++
	}
	return true
}

// valid reports whether a collector can have made the series.
func (f *imported) valid(key []byte, r *row) bool {
	finite := r.value-r.value == 0
	switch {
	case !wellFormed(key, len(f.family.Labels)):
		return false
	case f.family.Type == Counter && !(finite && r.value >= 0):
		return false
	case f.family.Type != Gauge && !finite:
		return false
	case !(r.total >= 0 && r.total <= math.MaxFloat64):
		return false
	}
	return !f.columns.native || r.native.schema >= coarsestSchema && r.native.schema <= pickSchema(f.family.Native.Factor)
}

// restore makes a series as r has it.
func (s *store) restore(key string, r *row, touched int64) {
	i := s.add(key, r.source, touched)
	s.created[i] = r.created
	s.values[i] = r.value
	copy(s.buckets[i*s.width:], r.buckets)
	if s.totals != nil {
		s.totals[i] = r.total
	}
	if s.times != nil {
		s.times[i] = r.time
	}
	if s.natives != nil {
		s.natives[i].set(&r.native)
		s.natives[i].changed = s.nextChange()
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
	case c.byName[st.family.Name] != nil:
		return &done.Redefined
	case c.series+len(st.keys) > limit || len(c.stores) >= limit:
		return &done.Beyond
	}
	return nil
}
