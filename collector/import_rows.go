package collector

import (
	"cmp"
	"math"
	"slices"
)

// rows reads a block of series.
func (im *importer) rows(d *decoder, kind byte) bool {
	number, n := d.number(len(im.families)-1), d.number(blockRows)
	if d.err != nil {
		return false
	}
	f := &im.families[number]
	rows, lastSample := d.rows(&f.definition, n, kind)
	for i := 0; i < n && d.err == nil; i++ {
		at := im.done.At
		if lastSample != nil {
			at = lastSample[i]
		}
		switch {
		case !f.valid(&rows, i):
			return false
		case kind == rememberedBlock:
			im.addRemembered(f, &rows, i)
		case !im.addSeries(f, &rows, i, min(at, im.Now)):
			return false
		}
	}
	return kind == seriesBlock || f.Type != Gauge
}

// valid reports whether a collector could have written row i.
func (f *importedFamily) valid(c *columns, i int) bool {
	v := c.values[i]
	finite := v-v == 0
	switch {
	case f.Received && !wellFormedPairs([]byte(c.keys[i])):
		return false
	case !f.Received && !wellFormed([]byte(c.keys[i]), len(f.Labels)):
		return false
	case f.Type == Counter && !(finite && v >= 0):
		return false
	case f.Type != Gauge && !f.Received && !finite:
		return false
	case c.rests != nil && !isRest(v, c.rests[i]):
		return false
	case c.inRound != nil && int(c.inRound[i]) > len(f.Rounds):
		return false
	case c.totals != nil && !(math.Abs(c.totals[i]) <= math.MaxFloat64 && (c.totals[i] >= 0 || f.Type == Histogram)):
		return false
	}
	return c.natives == nil || c.natives[i].schema >= coarsestSchema && c.natives[i].schema <= pickSchema(f.Native.Factor)
}

// isRest reports whether rest may be the rest of the value v.
func isRest(v, rest float64) bool { return rest == 0 || v-v == 0 && v+rest == v }

// addSeries adds a series. It returns false if the family already has it.
func (im *importer) addSeries(f *importedFamily, rows *columns, i int, lastSample int64) bool {
	im.seriesRead++
	st := f.store
	if st == nil {
		im.skip(f)
		return true
	}
	if _, twice := st.index[rows.keys[i]]; twice {
		return false
	}
	need := st.seriesSize(len(rows.keys[i]))
	if rows.natives != nil {
		need += rows.natives[i].capacity() * bucketCost
	}
	if rows.readings != nil {
		need += rows.readings[i].size()
	}
	if im.collector.limitReached(need) != Kept || !st.allows(rows.sources[i]) {
		im.skip(f)
		return true
	}
	im.collector.restoreRow(st, rows, i, lastSample)
	return true
}

// skip counts a series that is not restored.
func (im *importer) skip(f *importedFamily) {
	switch {
	case f.wanted:
		im.done.OverLimit++
	case f.Type != Gauge || im.Gauges:
		im.done.Redefined++
	}
}

// allows reports whether the limit of s allows one more series with that source.
func (s *store) allows(source uint32) bool {
	if source == anySource {
		return s.overflows < maxOverflowSeries
	}
	return s.family.SeriesLimit <= 0 || s.ordinary() < s.family.SeriesLimit
}

// addRemembered adds a remembered series.
func (im *importer) addRemembered(f *importedFamily, rows *columns, i int) {
	im.rememberedRead++
	if f.store == nil {
		im.skip(f)
		return
	}
	r := rows.rememberedRow(f.store, i)
	if r.native != nil {
		r.native.changed = f.store.nextChange()
	}
	im.remembered = append(im.remembered, r)
	// If they do not fit, the oldest are left out.
	for im.used += r.size; im.used > im.budget && len(im.remembered) > 0; im.remembered = im.remembered[1:] {
		im.used -= im.remembered[0].size
		im.done.OverLimit++
	}
}

// restoreRow makes a series from row i of rows, and takes over its native buckets.
func (c *Collector) restoreRow(s *store, rows *columns, i int, lastSample int64) {
	c.series++
	if len(s.keys) == 0 {
		c.nonEmpty++
	}
	if rows.sources[i] == anySource {
		s.overflows++
	}
	at := s.add(rows.keys[i], rows.sources[i], lastSample)
	s.created[at], s.values[at] = rows.created[i], rows.values[i]
	copy(s.buckets[at*s.width:], rows.buckets[i*s.width:(i+1)*s.width])
	if rows.rests != nil {
		s.rests[at] = rows.rests[i]
	}
	if rows.totals != nil {
		s.totals[at] = rows.totals[i]
	}
	if rows.lasts != nil {
		copy(s.lasts[at*s.width:], rows.lasts[i*s.width:(i+1)*s.width])
	}
	if rows.starts != nil {
		s.starts[at] = rows.starts[i]
	}
	if rows.times != nil {
		s.times[at] = rows.times[i]
	}
	if rows.inRound != nil {
		s.rejoin(at, rows.inRound[i])
	}
	if rows.natives != nil {
		s.natives[at] = rows.natives[i]
		s.natives[at].changed = s.nextChange()
		s.charge(s.natives[at].capacity() * bucketCost)
	}
	if rows.readings != nil {
		s.readings[at] = rows.readings[i]
		s.readings[at].changed = s.nextChange()
		s.charge(s.readings[at].size())
	}
}

// sort orders the list by the last sample, least recent first.
func (l *expiry) sort() {
	order := make([]int32, len(l.lastSample))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(l.lastSample[a], l.lastSample[b]) })
	l.head, l.tail = listEnd, listEnd
	for _, i := range order {
		l.push(i)
	}
}
