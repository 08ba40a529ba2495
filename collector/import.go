package collector

import (
	"cmp"
	"io"
)

// ImportOptions selects what Import restores.
type ImportOptions struct {
	Now int64 // in nanoseconds since 1970
	// Families are the families of the rules. Import restores the families of a state that are Equal to one of them,
	// with its TTL and SeriesLimit, and those for which Also, if not nil, returns an equal family. The latter take TTL
	// and SeriesLimit from that family until a sample comes with its own Family.
	Families []*Family
	Also     func(*Family) *Family
	Gauges   bool // whether gauges are restored
}

// Imported is the result of an Import.
type Imported struct {
	At         int64 // when the state was exported, in nanoseconds since 1970
	Families   int   // that were restored
	Series     int   // that were restored, including those that expired in the meantime
	Remembered int   // expired series that were restored as such
	Redefined  int   // series that were left out because no family has their definition
	OverLimit  int   // series that were left out because of a limit
	Chunks     int   // whose samples are in the state
}

// Import restores the series of a state that WriteTo wrote. Call it before the first batch, which waits while Import
// reads from. Families that the collector already has stay as they are, and count as redefined. Series that have had no
// sample for their TTL, including the time since the export, expire at once. If Import returns an error, it restored
// nothing.
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
	failed := c.do(func() {
		defer im.finish()
		err = im.read(d)
		im.complete = err == nil
	})
	if err = cmp.Or(failed, err); err != nil {
		return Imported{}, err
	}
	return im.done, nil
}

// importer restores a state in the goroutine of the collector.
type importer struct {
	ImportOptions
	collector *Collector
	byName    map[string]*Family
	complete  bool // the whole state was read

	done       Imported
	families   []importedFamily    // all families of the state
	seen       map[string]struct{} // their names
	stores     []*store            // that were made, already registered
	remembered []*rememberedSeries // not in the cache yet
	chunks     []appliedChunk      // all chunks of the state
	used       int                 // bytes of them
	budget     int

	seriesRead, rememberedRead int // read from the state
}

// importedFamily is a family of a state.
type importedFamily struct {
	definition
	wanted bool
	store  *store // nil if it is not wanted, or beyond the limit
}

// finish completes the import, or undoes it if the state was not read completely.
func (im *importer) finish() {
	c := im.collector
	if !im.complete {
		c.remove(im.stores)
		c.publishSizes()
		return
	}
	c.now = max(c.now, im.Now)
	for _, st := range im.stores {
		st.expiry.sort()
		im.done.Families++
		im.done.Series += len(st.keys)
	}
	for _, r := range im.remembered {
		if r.store.find([]byte(r.key)) < 0 {
			c.cacheSeries(r)
			im.done.Remembered++
		}
	}
	for _, a := range im.chunks {
		c.chunks.add(a.digest, a.at)
	}
	im.done.Chunks = len(im.chunks)
	for c.expireSome(im.Now, len(c.expiring)) {
	}
	c.publishSizes()
}

// read reads all blocks.
func (im *importer) read(d *decoder) error {
	im.done.At = d.varint()
	for kind := byte(0); kind != endBlock && d.err == nil; {
		kind = d.blockKind()
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
		return d.err == nil && im.addFamily(f)
	case seriesBlock, rememberedBlock:
		return im.rows(d, kind)
	case chunksBlock:
		im.chunks = append(im.chunks, d.chunks(d.number(blockRows))...)
		return len(im.chunks) <= maxChunks
	case endBlock:
		return d.varint() == int64(len(im.families)) && d.varint() == int64(im.seriesRead) &&
			d.varint() == int64(im.rememberedRead) && d.varint() == int64(len(im.chunks))
	}
	return false
}

// addFamily adds a family.
func (im *importer) addFamily(f definition) bool {
	if _, twice := im.seen[f.Name]; twice || f.Type >= types || !f.isReadable() || !f.survives() || !f.Received && f.Type == Untyped ||
		len(f.Rounds) > 0 && (f.Type != Gauge || !f.Times) {
		return false
	}
	im.seen[f.Name] = struct{}{}
	c := im.collector
	var known *Family
	var provisional bool
	if (f.Type != Gauge || im.Gauges) && c.conflicting(f.Family) == nil {
		known, provisional = successor(f.Family, im.byName, im.Also)
	}
	family := importedFamily{definition: f, wanted: known != nil}
	if known != nil && len(c.byName) < c.SeriesLimit() && c.ledger.fits(familySize(known)+roundsSize(f.Rounds)) {
		st := newStore(known, &c.ledger)
		st.settingsPending = provisional
		st.prepare(&f)
		c.register(st)
		family.store = st
		im.stores = append(im.stores, st)
	}
	im.families = append(im.families, family)
	return true
}

// prepare adds the columns of a family of a state to an empty store.
func (s *store) prepare(f *definition) {
	s.signed = s.signed || f.Signed
	if f.Rests {
		s.rests = []float64{}
	}
	if f.Totals {
		s.totals = []float64{}
	}
	if f.Lasts {
		s.lasts = []uint64{}
	}
	if f.Starts {
		s.starts = []uint64{}
	}
	if f.Times {
		s.addTimesColumn()
	}
	s.restoreRounds(f.Rounds)
	s.updateRowSize()
}
