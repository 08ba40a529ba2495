package collector

import (
	"errors"
	"fmt"
)

// applyBatch applies what b holds, unless its chunk was applied before.
func (c *Collector) applyBatch(b *Batch) error {
	if err := c.chunks.repeated(b.Chunk, b.Now); err != nil {
		return err
	}
	defer c.chunks.add(b.Chunk, b.Now)
	return errors.Join(c.applySamples(b), c.applyPoints(b))
}

// applySamples applies the samples of b. A panic is a bug in this program; it costs the rest of the batch, not the
// agent.
func (c *Collector) applySamples(b *Batch) (err error) {
	var dropped [reasons]uint64
	dropped[BatchLimit] = b.refused
	done := 0
	defer func() {
		if p := recover(); p != nil {
			for i := range b.samples[done:] {
				b.samples[done+i].Origin.drop(Panicked)
			}
			dropped[Panicked] += uint64(len(b.samples) - done)
			err = fmt.Errorf("panic while samples were applied: %v", p)
		}
		c.stats.samples.addBatch(uint64(len(b.samples))+b.refused, &dropped)
		c.publishSizes()
	}()
	c.beginBatch(b)
	for i := range b.samples {
		s := &b.samples[i]
		if r := c.applySample(s, b); r != Kept {
			dropped[r]++
			s.Origin.drop(r)
			c.reportLoss(c.blame(s.Family, r), r)
		}
		done++
	}
	c.endRounds(b)
	return nil
}

// beginBatch does what precedes the samples of a batch.
func (c *Collector) beginBatch(b *Batch) {
	c.advanceClock(b.Now)
	c.allExpired, c.emptiesGone, c.blamed = false, false, ""
	c.expireSome(c.now, expireStores)
	if b.refused > 0 {
		c.reportLoss("", BatchLimit)
	}
}

func (c *Collector) applySample(s *Sample, b *Batch) Reason {
	f := s.Family
	if r := f.checkSample(s); r != Kept {
		return r
	}
	at := b.time(s)
	if f.tooNew(s, at, c.now) {
		return TooNew
	}
	st := f.store
	if st == nil || st.removed {
		var r Reason
		if st, r = c.storeFor(f); r != Kept {
			return r
		}
	}
	in, r := c.roundFor(st, s, b.tag, at)
	if r != Kept {
		return r
	}
	source := min(s.Source, unclaimedSource)
	i := st.find(b.keys[s.keyStart:s.keyEnd])
	if i < 0 {
		if i, r = c.addSeries(st, s, b, source); r != Kept {
			return r
		}
	} else if f.Type == Gauge && st.expiry.due(i, c.now) {
		st.resetGauge(i, source)
	}
	if !st.takes(i, source) {
		return NameCollision
	}
	if s.Op.merges() {
		return st.applyMerge(i, s, b, at, c.now)
	}
	r = st.applyOp(i, s, at, c.now, in)
	if r != Kept && r != RoundedAway && r != Slip || s.Op == Declare {
		return r
	}
	st.touch(i, c.now)
	if s.exemplarStart != s.exemplarEnd || s.badExemplar {
		c.addExemplar(st, i, s, b.exemplars[s.exemplarStart:s.exemplarEnd], at)
	}
	return r
}

// roundFor returns the round that a sample belongs to, or nil if it does not aggregate.
func (c *Collector) roundFor(st *store, s *Sample, tag string, at int64) (*round, Reason) {
	if !s.Op.hasRounds() {
		return nil, Kept
	}
	return c.enterRound(st, tag, at)
}

// applyOp applies a checked sample to series i. at is the time of the sample, now the clock of the collector, and r the
// round of an aggregate.
func (s *store) applyOp(i int, m *Sample, at, now int64, r *round) (why Reason) {
	switch m.Op {
	case Declare:
		s.declare(i)
		return Kept
	case Add:
		if s.inRound != nil {
			s.leaveRound(i)
		}
		why = s.accumulate(i, m.Value)
	case Observe:
		why = s.observe(i, m, now)
	case Set:
		if s.family.Timestamps && at < s.times[i] {
			return OutOfOrder
		}
		s.leaveRound(i)
		s.assign(i, m.Value)
	case Total:
		why = s.addTotal(i, m, at)
	case Distinct:
		why = s.addDistinct(i, m.Count, now)
	default:
		why = s.aggregate(i, m, at, r)
	}
	if s.times != nil && (why == Kept || why == Slip) {
		s.times[i] = max(s.times[i], at)
	}
	return why
}

// takes reports whether series i takes a sample of source.
func (s *store) takes(i int, source uint32) bool {
	have := s.sources[i]
	return have == source || have == anySource || s.claim(i, source)
}

// claim reports whether series i, which has another source, takes a sample of source. A series without a source takes
// the source of its first sample. A declaration has no source.
func (s *store) claim(i int, source uint32) bool {
	if s.sources[i] == unclaimedSource {
		s.sources[i] = source
	}
	return s.sources[i] == source || source == unclaimedSource
}

// addExemplar stores the exemplar of a sample, or counts it as dropped.
func (c *Collector) addExemplar(st *store, i int, s *Sample, pairs []byte, at int64) {
	if !s.badExemplar && st.setExemplar(i, pairs, s.Value, at) {
		return
	}
	c.stats.exemplarsDropped.Add(1)
}

// blame returns the family to report for a dropped sample of f.
func (c *Collector) blame(f *Family, r Reason) string {
	switch r {
	case FamilyConflict:
		return f.refusedBy.family.Name // its definition excludes that of f
	case MemoryLimit:
		if c.blamed == "" {
			c.blamed = c.largest()
		}
		return c.blamed
	}
	return f.Name
}

// reportLoss reports the first loss of each kind. The map is bounded because families are: a family that was never made
// is reported under an empty name.
func (c *Collector) reportLoss(family string, r Reason) {
	if c.byName[family] == nil {
		family = ""
	}
	k := lossKind{family, r}
	dropped := c.options.Load().Dropped
	if _, ok := c.reported[k]; ok || dropped == nil {
		return
	}
	c.reported[k] = struct{}{}
	dropped(family, r)
}

// publishSizes updates the gauges of Stats.
func (c *Collector) publishSizes() {
	c.list()
	c.stats.series.Store(int64(c.series))
	c.stats.bytes.Store(c.ledger.used)
	c.stats.families.Store(int64(c.nonEmpty))
	c.stats.remembered.Store(int64(c.cache.count))
	if listed := *c.sizes.Load(); len(listed) < len(c.stores) {
		c.listSizes(listed)
	}
}
