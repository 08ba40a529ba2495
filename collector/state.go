package collector

import "slices"

// State is a copy of the series of a collector at one moment, between two batches, for a restart. It is read-only and
// safe for concurrent use.
//
// It holds values, counts, native buckets, created timestamps, running totals and the times of last samples, also of
// remembered series, and the chunks whose samples these series contain. It does not hold quantiles, families with a
// Window, and exemplars, which are about the last minutes.
type State struct {
	at         int64 // when it was taken, in nanoseconds since 1970
	families   []exportedFamily
	remembered []*rememberedSeries // in the order of expiry; nil where one was removed
	chunks     []appliedChunk
}

// exportedFamily is a copy of the part of a store that survives a restart.
type exportedFamily struct {
	store  *store // identifies the original; only the collector's goroutine may read it
	family *Family
	signed bool
	rounds []savedRound
	columns
	lastSample []int64 // only with a TTL
}

// Export copies the state of all families, including gauges if gauges is true. Batches wait while the memory is copied.
// After Close it returns ErrClosed.
func (c *Collector) Export(now int64, gauges bool) (*State, error) {
	s := &State{at: now}
	err := c.do(func() {
		s.families = make([]exportedFamily, 0, len(c.stores))
		for _, st := range c.stores {
			if len(st.keys)+len(st.remembered) > 0 && (gauges || st.family.Type != Gauge) && st.family.survives() {
				s.families = append(s.families, st.export(now))
			}
		}
		s.remembered = slices.Clone(c.cache.order[c.cache.first:])
		s.chunks = c.chunks.list()
	})
	return s, err
}

// export copies the columns of s.
func (s *store) export(now int64) exportedFamily {
	f := exportedFamily{store: s, family: s.family, signed: s.signed, rounds: s.saveRounds(), columns: columns{
		keys: slices.Clone(s.keys), sources: slices.Clone(s.sources), created: slices.Clone(s.created),
		values: slices.Clone(s.values), rests: slices.Clone(s.rests), totals: slices.Clone(s.totals),
		starts: slices.Clone(s.starts), times: slices.Clone(s.times), inRound: slices.Clone(s.inRound),
		width: s.width, buckets: slices.Clone(s.buckets), lasts: slices.Clone(s.lasts), natives: cloneNatives(s.natives),
		readings: shareReadings(s.readings),
	}}
	if len(f.rounds) == 0 { // there was no memory for the first one
		f.inRound = nil
	}
	if s.expiry.ttl != 0 {
		f.lastSample = slices.Clone(s.expiry.lastSample)
		for i := range f.lastSample {
			if !s.expiry.isListed(i) {
				f.lastSample[i] = now
			}
		}
	}
	return f
}

// shareReadings shares readings; nil stays nil.
func shareReadings(readings []reading) []reading {
	if readings == nil {
		return nil
	}
	all := make([]reading, len(readings))
	for i := range readings {
		all[i] = readings[i].share()
	}
	return all
}

// cloneNatives copies natives into one piece of memory.
func cloneNatives(natives []native) []native {
	size := 0
	for i := range natives {
		size += len(natives[i].positive) + len(natives[i].negative)
	}
	memory := make([]nativeBucket, 0, size)
	keep := func(buckets []nativeBucket) []nativeBucket {
		from := len(memory)
		memory = append(memory, buckets...)
		return memory[from:len(memory):len(memory)]
	}
	all := slices.Clone(natives)
	for i := range all {
		all[i].positive, all[i].negative = keep(all[i].positive), keep(all[i].negative)
	}
	return all
}
