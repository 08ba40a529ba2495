package collector

import "encoding/binary"

// overflowValue replaces every label value that comes from records in an overflow series.
const overflowValue = "overflow"

// maxOverflowSeries bounds the overflow series of a family, one per combination of the values that do not come from
// records.
const maxOverflowSeries = 100

// ordinary returns the number of series that count towards Family.SeriesLimit.
func (s *store) ordinary() int { return len(s.keys) - s.overflows }

// overflow returns the overflow series for a sample beyond the limit of its family.
func (c *Collector) overflow(st *store, s *Sample, b *Batch) (int, Reason) {
	if s.Op == Declare {
		return 0, SeriesLimit
	}
	key := b.keys[s.keyStart:s.keyEnd]
	c.scratch = appendOverflowKey(c.scratch[:0], key, s.Family)
	i := st.find(c.scratch)
	if i < 0 {
		if st.overflows >= maxOverflowSeries {
			return 0, SeriesLimit
		}
		i = c.newSeries(st, string(c.scratch), anySource)
		st.overflows++
	} else if st.sources[i] != anySource {
		st.sources[i] = anySource // records with these values made it
		st.overflows++
	}
	if s.Origin != nil {
		s.Origin.overflowed.Add(1)
	}
	c.reportOverflow(st)
	return i, Kept
}

func (c *Collector) reportOverflow(st *store) {
	c.stats.overflowed.Add(1)
	if report := c.options.Load().Overflowed; report != nil && !st.overflowReported {
		st.overflowReported = true
		report(st.family.Name, st.busiestLabel())
	}
}

// appendOverflowKey appends the key of the overflow series of a sample with key.
func appendOverflowKey(to, key []byte, f *Family) []byte {
	for i := range f.Labels {
		var value []byte
		value, key, _ = cutLabel(key)
		if f.fixed(i) {
			to = AppendLabel(to, value)
			continue
		}
		to = binary.AppendUvarint(to, uint64(len(overflowValue)))
		to = append(to, overflowValue...)
	}
	return to
}

// countedSeries bounds the series that busiestLabel counts.
const countedSeries = 10_000

// busiestLabel returns the label with most values among those that come from records, the first of several. It is
// called once per family.
func (s *store) busiestLabel() string {
	seen := make([]map[string]struct{}, len(s.family.Labels))
	for i := range seen {
		seen[i] = make(map[string]struct{})
	}
	for _, key := range s.keys[:min(len(s.keys), countedSeries)] {
		for i := range seen {
			var value string
			value, key, _ = cutLabel(key)
			seen[i][value] = struct{}{}
		}
	}
	name, most := "", 0
	for i, values := range seen {
		if !s.family.fixed(i) && len(values) > most {
			name, most = s.family.Labels[i], len(values)
		}
	}
	return name
}
