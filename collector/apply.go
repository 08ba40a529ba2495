package collector

import (
	"errors"
	"fmt"
)

// apply applies the samples of b. A panic is a bug of ours; it costs the rest of
// the batch and not the agent.
func (c *Collector) apply(b *Batch) error {
	return errors.Join(c.applySamples(b), c.applyPoints(b))
}

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
		c.stats.samples.count(uint64(len(b.samples))+b.refused, &dropped)
		c.count()
	}()
	c.begin(b)
	for i := range b.samples {
		s := &b.samples[i]
		if r := c.sample(s, b); r != Kept {
			dropped[r]++
			s.Origin.drop(r)
			c.complain(c.blame(s.Family, r), r)
		}
		done++
	}
	return nil
}

// begin does what a batch brings with it beside its samples.
func (c *Collector) begin(b *Batch) {
	c.advance(b.Now)
	c.swept, c.blamed = false, ""
	c.expireSome(c.now)
	if b.refused > 0 {
		c.complain("", BatchLimit)
	}
}

func (c *Collector) sample(s *Sample, b *Batch) Reason {
	f := s.Family
	if r := f.check(s); r != Kept {
		return r
	}
	at := b.time(s)
	if f.early(s, at, c.now) {
		return TooNew
	}
	st := f.store
	if st == nil || st.gone {
		var r Reason
		if st, r = c.link(f); r != Kept {
			return r
		}
	}
	source := min(s.Source, openSource)
	i := st.find(b.keys[s.key:s.end])
	if i < 0 {
		var r Reason
		if i, r = c.enter(st, s, b, source); r != Kept {
			return r
		}
	} else if f.Type == Gauge && st.life.due(i, c.now) {
		st.restart(i, source)
	}
	if have := st.sources[i]; have != source && have != anySource && !st.claim(i, source) {
		return NameCollision
	}
	if r := st.apply(i, s, at, c.now); r != Kept {
		return r
	}
	st.life.touch(i, c.now)
	if st.updated != nil && s.Op != Declare {
		st.updated[i] = c.now
	}
	if s.pair != s.last || s.badExemplar {
		c.mark(st, i, s, b.pairs[s.pair:s.last], at)
	}
	return Kept
}

// claim reports whether series i, which has another source, takes samples of source:
// those that feed it first, and who only declares it.
func (s *store) claim(i int, source uint32) bool {
	if s.sources[i] == openSource {
		s.sources[i] = source
	}
	return s.sources[i] == source || source == openSource
}

// mark keeps the exemplar of a sample, or counts that it is dropped.
func (c *Collector) mark(st *store, i int, s *Sample, pairs []byte, at int64) {
	if !s.badExemplar && st.mark(i, pairs, s.Value, at) {
		return
	}
	c.stats.exemplars.Add(1)
}

// blame returns the family that a loss of a sample of f is about.
func (c *Collector) blame(f *Family, r Reason) string {
	switch r {
	case FamilyConflict:
		return f.refusedBy.family.Name // f cannot be there because of it
	case MemoryLimit:
		if c.blamed == "" {
			c.blamed = c.largest()
		}
		return c.blamed
	}
	return f.Name
}

// complain reports the first loss of each kind. The table is bounded because
// families are: one that was never made complains under an empty name.
func (c *Collector) complain(family string, r Reason) {
	if c.byName[family] == nil {
		family = ""
	}
	k := complaint{family, r}
	dropped := c.options.Load().Dropped
	if _, ok := c.told[k]; ok || dropped == nil {
		return
	}
	c.told[k] = struct{}{}
	dropped(family, r)
}

// count publishes the sizes.
func (c *Collector) count() {
	c.stats.series.Store(int64(c.series))
	c.stats.bytes.Store(c.ledger.used)
	c.stats.families.Store(int64(c.filled))
	c.stats.remembered.Store(int64(c.memory.count))
	c.listSizes()
}
