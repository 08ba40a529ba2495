package collector

import (
	"math"
	"slices"
)

// importer builds stores of a state.
type importer struct {
	ImportOptions
	byName map[string]*Family
	room   int // series that are still allowed
	most   int // families
	ledger ledger
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
	if _, twice := im.seen[f.Name]; c.bad || !f.isReadable() || twice {
		return false
	}
	im.seen[f.Name] = struct{}{}
	known, provisional := im.wanted(f)
	family := imported{family: f, columns: columns, wanted: known != nil}
	if known != nil && len(im.stores) < im.most && im.ledger.fits(familySize(known)) {
		family.store = newStore(known, &im.ledger)
		family.store.provisional = provisional
		if columns.totals {
			family.store.totals = []float64{}
		}
		if columns.times {
			family.store.keepTimes()
		}
		family.store.weigh()
		im.stores = append(im.stores, family.store)
	}
	im.families = append(im.families, family)
	return true
}

// wanted returns what f is to be restored as, or nil.
func (im *importer) wanted(f *Family) (known *Family, provisional bool) {
	if f.Type == Gauge && !im.Gauges {
		return nil, false
	}
	return successor(f, im.byName, im.Also)
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
	if st == nil || !im.fits(st, len(key)) {
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

// fits reports whether there is room for the series that was read, whose key has that many bytes.
func (im *importer) fits(st *store, key int) bool {
	need := st.need(key) + bucketCost*(len(im.now.native.positive)+len(im.now.native.negative))
	if im.room <= 0 || !im.ledger.fits(need) {
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
