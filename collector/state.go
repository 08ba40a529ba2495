package collector

import "slices"

// State is a copy of the series of a collector at one moment, between two batches,
// for a restart. It is read-only and safe for concurrent use.
//
// It holds values, counts, native buckets, created timestamps, the last running
// totals, and when series were last touched, also of remembered series. Quantiles
// and exemplars are not in it: they are about the last minutes.
type State struct {
	at       int64 // when it was taken, in nanoseconds since 1970
	families []saved
	pasts    []*past // nil where one was dropped, the one that expired first first
}

// saved is a copy of what a restart should not lose of one store.
type saved struct {
	store  *store // to know whose copy it is; only the collector's goroutine looks into it
	family *Family
	signed bool
	columns
	touched []int64 // only with a TTL
}

// Export copies what a restart should not lose; gauges only if gauges is true. It
// holds up batches for as long as memory takes to copy. After Close it returns
// ErrClosed.
func (c *Collector) Export(now int64, gauges bool) (*State, error) {
	s := &State{at: now}
	err := c.between(func() {
		s.families = make([]saved, 0, len(c.stores))
		for _, st := range c.stores {
			if len(st.keys)+len(st.past) > 0 && (gauges || st.family.Type != Gauge) && !st.family.isAbsolute() {
				s.families = append(s.families, st.save(now))
			}
		}
		s.pasts = slices.Clone(c.memory.order[c.memory.first:])
	})
	return s, err
}

// save copies the columns of s.
func (s *store) save(now int64) saved {
	f := saved{store: s, family: s.family, signed: s.signed, columns: columns{
		keys: slices.Clone(s.keys), sources: slices.Clone(s.sources), created: slices.Clone(s.created),
		values: slices.Clone(s.values), totals: slices.Clone(s.totals), times: slices.Clone(s.times),
		width: s.width, buckets: slices.Clone(s.buckets), natives: saveNatives(s.natives),
		readings: saveReadings(s.readings),
	}}
	if s.life.ttl != 0 {
		f.touched = slices.Clone(s.life.touched)
		for i := range f.touched {
			if s.life.links[i].before == pinned {
				f.touched[i] = now
			}
		}
	}
	return f
}

// saveReadings copies readings.
func saveReadings(readings []reading) []reading {
	all := make([]reading, len(readings))
	for i := range readings {
		all[i].set(&readings[i])
	}
	return all
}

// saveNatives copies natives into one piece of memory.
func saveNatives(natives []native) []native {
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
