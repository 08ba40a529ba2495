package collector

import (
	"math/bits"

	"github.com/promexporter/promexporter/internal/exposition"
)

// ledger adds up what families and their series take, in bytes.
type ledger struct{ used, limit int64 }

// fits reports whether n more bytes stay within the limit.
func (l *ledger) fits(n int) bool { return int64(n) <= l.limit-l.used }

// What the estimate is made of: bytes on a 64-bit machine. TestEstimate compares it
// with the heap.
const (
	indexCost   = 40   // a place in an index, which is two thirds full on average
	rowCost     = 36   // in the columns that every family has
	nativeCost  = 72   // a native without its buckets
	bucketCost  = 16   // a nativeBucket
	markCost    = 40   // an exemplar without its labels
	ownerCost   = 16   // the place of a tag
	readingCost = 200  // a reading without its numbers
	linkCost    = 16   // in the columns of a life
	familyCost  = 1000 // a family without series and names
	nameCost    = 40   // a name that a family takes on a page, without its text
)

// familySize estimates what a family takes without series.
func familySize(f *Family) int {
	n := familyCost
	for _, name := range exposition.Names(f.Name, f.Type.String()) {
		n += nameCost + len(name)
	}
	return n
}

// rowSize estimates what a series takes in the columns that s has. Columns grow by a
// quarter when they are full, so that an eighth of them is unused on average.
func (s *store) rowSize() int {
	n := rowCost + 8*s.width
	if s.totals != nil {
		n += 8
	}
	if s.times != nil {
		n += 8
	}
	if s.family.Type == Gauge {
		n += 8
	}
	if s.marks != nil {
		n += markCost * s.slots
	}
	if s.life.ttl != 0 {
		n += linkCost
	}
	if s.family.isNative() {
		n += nativeCost
	}
	if s.family.Received {
		n += ownerCost
	}
	if s.readings != nil {
		n += readingCost
	}
	if s.estimator != nil {
		n += s.estimator.Size()
	}
	return indexCost + n + n/8
}

// textSize is what the Go runtime takes for a text of n bytes: a multiple of 16, of
// long texts one of an eighth of the power of two below.
func textSize(n int) int {
	if n == 0 {
		return 0
	}
	step := max(16, 1<<max(0, bits.Len(uint(n-1))-4))
	return (n + step - 1) / step * step
}

// need estimates what one more series takes whose key has that many bytes.
func (s *store) need(key int) int { return s.row + textSize(key) }

// grown is what series i has taken since it was made.
func (s *store) grown(i int) (n int) {
	if s.natives != nil {
		n = s.natives[i].capacity() * bucketCost
	}
	if s.streams != nil {
		n += s.streams[i].Extra()
	}
	if s.readings != nil {
		n += s.readings[i].size()
	}
	if s.marks != nil {
		for at := range s.slots {
			n += cap(s.marks[i*s.slots+at].pairs)
		}
	}
	return n
}

// charge adds n bytes, which may be negative, to what the family takes.
func (s *store) charge(n int) {
	s.bytes += int64(n)
	s.ledger.used += int64(n)
}

// weigh estimates all series anew after a column came or went.
func (s *store) weigh() {
	row := s.rowSize()
	s.charge((row - s.row) * len(s.keys))
	s.row = row
}

// largest returns the name of the family that takes most, or "".
func (c *Collector) largest() (name string) {
	var most int64
	for _, st := range c.stores {
		if st.bytes > most {
			name, most = st.family.Name, st.bytes
		}
	}
	return name
}
