package collector

import "sync/atomic"

// Stats counts what the collector did. Its methods are safe for concurrent use.
type Stats struct {
	samples          outcome
	points           outcome
	rebased          atomic.Uint64
	overflowed       atomic.Uint64
	exemplarsDropped atomic.Uint64
	expired          atomic.Uint64
	forgotten        atomic.Uint64
	series           atomic.Int64
	bytes            atomic.Int64
	families         atomic.Int64
	remembered       atomic.Int64
}

// Stats returns the live counts of the collector.
func (c *Collector) Stats() *Stats { return &c.stats }

// Applied returns the number of samples that changed a series.
func (s *Stats) Applied() uint64 { return s.samples.applied.Load() }

// Dropped returns the number of samples that were dropped for r.
func (s *Stats) Dropped(r Reason) uint64 { return s.samples.dropped[r].Load() }

// PointsApplied returns the number of points of metrics events that reached a series.
func (s *Stats) PointsApplied() uint64 { return s.points.applied.Load() }

// PointsDropped returns the number of points that were dropped for r.
func (s *Stats) PointsDropped(r Reason) uint64 { return s.points.dropped[r].Load() }

// Rebased returns the number of increments of histograms that began their series again, because their buckets are not
// those of the increments before.
func (s *Stats) Rebased() uint64 { return s.rebased.Load() }

// Overflowed returns the number of samples that went to an overflow series. Applied includes them.
func (s *Stats) Overflowed() uint64 { return s.overflowed.Load() }

// ExemplarsDropped returns the number of exemplars that were dropped because they are too long or not UTF-8, because
// their family takes none, or because of Options.MemoryLimit. Their samples were applied.
func (s *Stats) ExemplarsDropped() uint64 { return s.exemplarsDropped.Load() }

// Expired returns the number of series that expired.
func (s *Stats) Expired() uint64 { return s.expired.Load() }

// Remembered returns the number of remembered series, which continue from their old value when they come back.
func (s *Stats) Remembered() int64 { return s.remembered.Load() }

// Forgotten returns the number of expired series that did not fit into Options.Remembered and would start from 0.
func (s *Stats) Forgotten() uint64 { return s.forgotten.Load() }

// Series returns the number of live series.
func (s *Stats) Series() int64 { return s.series.Load() }

// Bytes estimates the memory of live series and families, within a fifth of their share of the heap. It does not
// include snapshots, remembered series, and unused places in columns.
func (s *Stats) Bytes() int64 { return s.bytes.Load() }

// Families returns the number of families that have series.
func (s *Stats) Families() int64 { return s.families.Load() }

// outcome counts what became of samples or points.
type outcome struct {
	applied atomic.Uint64
	dropped [reasons]atomic.Uint64
}

// addBatch adds the counts of one batch.
func (o *outcome) addBatch(all uint64, dropped *[reasons]uint64) {
	for r, n := range dropped {
		if n > 0 {
			o.dropped[r].Add(n)
			all -= n
		}
	}
	o.applied.Add(all)
}

// Origin counts the samples of one rule that were dropped, or went to an overflow series. The zero Origin is ready. Its
// methods are safe for concurrent use.
type Origin struct {
	dropped    [reasons]atomic.Uint64
	overflowed atomic.Uint64
}

// Overflowed returns the number of samples that went to an overflow series.
func (o *Origin) Overflowed() uint64 { return o.overflowed.Load() }

// Dropped returns the number of samples that were dropped for r, without those that a full batch refused.
func (o *Origin) Dropped(r Reason) uint64 { return o.dropped[r].Load() }

// Add counts samples or points that were dropped for r before they reached the collector.
func (o *Origin) Add(r Reason, n uint64) { o.dropped[r].Add(n) }

func (o *Origin) drop(r Reason) {
	if o != nil {
		o.dropped[r].Add(1)
	}
}

// FamilyStats is the size of one family.
type FamilyStats struct {
	Name   string
	Type   Type
	Series int // live series
}

// familyCount is the size of a family, readable at any time.
type familyCount struct {
	name     string
	kind     Type
	received bool
	series   *atomic.Int64
}

// Families returns the size of each family, in no particular order, as of the last batch or scrape. It does not wait
// for the collector.
func (c *Collector) Families() []FamilyStats {
	sizes := *c.sizes.Load()
	all := make([]FamilyStats, len(sizes))
	for i := range sizes {
		all[i] = FamilyStats{sizes[i].name, sizes[i].kind, int(sizes[i].series.Load())}
	}
	return all
}

// listSizes makes sizes of listed, which has the first families, and of the others. A reader of listed does not see what
// is appended to it.
func (c *Collector) listSizes(listed []familyCount) {
	for _, st := range c.stores[len(listed):] {
		listed = append(listed, familyCount{st.family.Name, st.family.Type, st.family.Received, st.size})
	}
	c.sizes.Store(&listed)
}
