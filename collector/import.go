package collector

import (
	"cmp"
	"io"
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

// Import restores the series of a state that WriteTo wrote. It is to come before
// the first batch, which waits while from is read: families that the collector already
// has stay as they are, and count as redefined. Series that were not touched for their
// TTL, the time since the export included, expire at once. When there is an error,
// nothing is restored.
func (c *Collector) Import(from io.Reader, o ImportOptions) (Imported, error) {
	d, err := newDecoder(from)
	if err != nil {
		return Imported{}, err
	}
	im := &importer{
		ImportOptions: o, collector: c, budget: c.options.Load().Remembered,
		byName: make(map[string]*Family, len(o.Families)), seen: make(map[string]struct{}),
	}
	for _, f := range o.Families {
		im.byName[f.Name] = f
	}
	failed := c.between(func() {
		defer im.end()
		err = im.read(d)
		im.good = err == nil
	})
	if err = cmp.Or(failed, err); err != nil {
		return Imported{}, err
	}
	return im.done, nil
}

// importer restores a state, in the goroutine of the collector.
type importer struct {
	ImportOptions
	collector *Collector
	byName    map[string]*Family
	good      bool // the whole state was read

	done     Imported
	families []imported          // all that the state has
	seen     map[string]struct{} // their names
	stores   []*store            // that were made, in the collector already
	pasts    []*past             // not there yet
	used     int                 // bytes of them
	budget   int

	series, remembered int // that the state has
}

// imported is a family of a state.
type imported struct {
	definition
	wanted bool
	store  *store // nil when it is not wanted, or beyond the limit
}

// end completes what was read, or takes all of it out.
func (im *importer) end() {
	c := im.collector
	if !im.good {
		c.remove(im.stores)
		c.count()
		return
	}
	c.now = max(c.now, im.Now)
	for _, st := range im.stores {
		st.life.sort()
		im.done.Families++
		im.done.Series += len(st.keys)
	}
	for _, p := range im.pasts {
		if p.store.find([]byte(p.key)) < 0 {
			c.keep(p)
			im.done.Remembered++
		}
	}
	c.expireAll(im.Now)
	c.count()
}

// read takes all blocks. What no collector writes is an error.
func (im *importer) read(d *decoder) error {
	im.done.At = d.varint()
	for kind := byte(0); kind != endBlock && d.err == nil; {
		kind = d.kind()
		if !im.block(d, kind) {
			d.fail(errContent)
		}
	}
	return d.end()
}

func (im *importer) block(d *decoder, kind byte) bool {
	switch kind {
	case familyBlock:
		f := d.definition()
		return d.err == nil && im.define(f)
	case seriesBlock, pastBlock:
		return im.rows(d, kind)
	case endBlock:
		return d.varint() == int64(len(im.families)) && d.varint() == int64(im.series) && d.varint() == int64(im.remembered)
	}
	return false
}

// define begins a family.
func (im *importer) define(f definition) bool {
	if _, twice := im.seen[f.Name]; twice || f.Type >= types || !f.isReadable() || f.isAbsolute() || !f.Received && f.Type == Untyped {
		return false
	}
	im.seen[f.Name] = struct{}{}
	c := im.collector
	var known *Family
	var provisional bool
	if (f.Type != Gauge || im.Gauges) && c.rival(f.Family) == nil {
		known, provisional = successor(f.Family, im.byName, im.Also)
	}
	family := imported{definition: f, wanted: known != nil}
	if known != nil && len(c.stores) < c.SeriesLimit() && c.ledger.fits(familySize(known)) {
		st := newStore(known, &c.ledger)
		st.provisional = provisional
		st.signed = st.signed || f.Signed
		if f.Totals {
			st.totals = []float64{}
		}
		if f.Times {
			st.keepTimes()
		}
		st.weigh()
		c.enlist(st)
		family.store = st
		im.stores = append(im.stores, st)
	}
	im.families = append(im.families, family)
	return true
}
