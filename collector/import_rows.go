package collector

import (
	"cmp"
	"math"
	"slices"
)

// rows takes a block of series.
func (im *importer) rows(d *decoder, kind byte) bool {
	number, n := d.number(len(im.families)-1), d.number(blockRows)
	if d.err != nil {
		return false
	}
	f := &im.families[number]
	rows, touched := d.rows(&f.definition, n, kind)
	for i := 0; i < n && d.err == nil; i++ {
		at := im.done.At
		if touched != nil {
			at = touched[i]
		}
		switch {
		case !f.valid(&rows, i):
			return false
		case kind == pastBlock:
			im.past(f, &rows, i)
		case !im.live(f, &rows, i, min(at, im.Now)):
			return false
		}
	}
	return kind == seriesBlock || f.Type != Gauge
}

// valid reports whether a collector can have made row i.
func (f *imported) valid(c *columns, i int) bool {
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
	case c.totals != nil && !(c.totals[i] >= 0 && c.totals[i] <= math.MaxFloat64):
		return false
	}
	return c.natives == nil || c.natives[i].schema >= coarsestSchema && c.natives[i].schema <= pickSchema(f.Native.Factor)
}

// live takes a series, unless the family has it already.
func (im *importer) live(f *imported, rows *columns, i int, touched int64) bool {
	im.series++
	st := f.store
	if st == nil {
		im.leave(f)
		return true
	}
	if _, twice := st.index[rows.keys[i]]; twice {
		return false
	}
	need := st.need(len(rows.keys[i]))
	if rows.natives != nil {
		need += rows.natives[i].capacity() * bucketCost
	}
	if rows.readings != nil {
		need += rows.readings[i].size()
	}
	if im.collector.lacks(need) != Kept || !st.allows(rows.sources[i]) {
		im.leave(f)
		return true
	}
	im.collector.restore(st, rows, i, touched)
	return true
}

// leave counts a series that is not restored.
func (im *importer) leave(f *imported) {
	switch {
	case f.wanted:
		im.done.Beyond++
	case f.Type != Gauge || im.Gauges:
		im.done.Redefined++
	}
}

// allows reports whether the limit of s allows one more series that is fed by source.
func (s *store) allows(source uint32) bool {
	if source == anySource {
		return s.overflows < maxOverflowSeries
	}
	return s.family.SeriesLimit <= 0 || s.ordinary() < s.family.SeriesLimit
}

// past takes a remembered series.
func (im *importer) past(f *imported, rows *columns, i int) {
	im.remembered++
	if f.store == nil {
		im.leave(f)
		return
	}
	p := rows.toPast(f.store, i)
	if p.native != nil {
		p.native.changed = f.store.nextChange()
	}
	im.pasts = append(im.pasts, p)
	// Those that do not fit are read past, since newer ones may come.
	for im.used += p.size; im.used > im.budget && len(im.pasts) > 0; im.pasts = im.pasts[1:] {
		im.used -= im.pasts[0].size
		im.done.Beyond++
	}
}

// restore makes a series as row i of rows has it. It takes native buckets over.
func (c *Collector) restore(s *store, rows *columns, i int, touched int64) {
	c.series++
	if len(s.keys) == 0 {
		c.filled++
	}
	if rows.sources[i] == anySource {
		s.overflows++
	}
	at := s.add(rows.keys[i], rows.sources[i], touched)
	s.created[at], s.values[at] = rows.created[i], rows.values[i]
	copy(s.buckets[at*s.width:], rows.buckets[i*s.width:(i+1)*s.width])
	if rows.totals != nil {
		s.totals[at] = rows.totals[i]
	}
	if rows.times != nil {
		s.times[at] = rows.times[i]
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

// sort puts the longest untouched series first.
func (l *life) sort() {
	order := make([]int32, len(l.touched))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(l.touched[a], l.touched[b]) })
	l.head, l.tail = end, end
	for _, i := range order {
		l.push(i)
	}
}
