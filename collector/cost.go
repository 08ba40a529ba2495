package collector

import (
	"math"
	"math/bits"
	"unsafe"

	"github.com/promexporter/promexporter/collector/internal/distinct"
	"github.com/promexporter/promexporter/internal/metric"
)

// ledger counts the bytes that families and their series take.
type ledger struct{ used, limit int64 }

// fits reports whether n more bytes are within the limit.
func (l *ledger) fits(n int) bool { return int64(n) <= l.limit-l.used }

// room returns how many more bytes are within the limit.
func (l *ledger) room() int { return int(min(max(l.limit-l.used, 0), math.MaxInt)) }

// Parts of the estimate, in bytes on a 64-bit machine. TestEstimate compares it with the heap.
const (
	indexCost    = 40   // an entry of an index, which is two thirds full on average
	rowCost      = 36   // in the columns that every family has
	nativeCost   = 72   // a native without its buckets
	bucketCost   = 16   // a nativeBucket
	exemplarCost = 40   // an exemplar without its labels
	ownerCost    = 16   // the place of a tag
	readingCost  = 200  // a reading without its numbers
	linkCost     = 16   // in the columns of an expiry
	familyCost   = 1430 // a family without series and names
	nameCost     = 40   // an exposed name without its text
)

// familySize estimates the bytes of a family without series.
func familySize(f *Family) int {
	n := familyCost
	for _, name := range metric.Names(f.Name, f.Type) {
		n += nameCost + len(name)
	}
	return n
}

// rowSize estimates the bytes of a series in the columns of s. Full columns grow by a quarter, so an eighth of them is
// unused on average.
func (s *store) rowSize() int {
	n := rowCost + cell(s.rests, 8) + cell(s.buckets, 8*s.width) + cell(s.totals, 8) + cell(s.lasts, 8*s.width)
	n += cell(s.starts, 8) + cell(s.inRound, 4) + cell(s.declared, 1) + cell(s.windows, int(unsafe.Sizeof(distinct.Window{})))
	n += cell(s.times, 8) + cell(s.updated, 8) + cell(s.natives, nativeCost) + cell(s.exemplars, exemplarCost*s.exemplarsPerSeries)
	n += cell(s.owners, ownerCost) + cell(s.inContext, 8) + cell(s.readings, readingCost+8*len(s.family.ReceivedBuckets))
	if s.expiry.ttl != 0 {
		n += linkCost
	}
	if s.estimator != nil {
		n += s.estimator.Size()
	}
	return indexCost + n + n/8
}

// cell returns the size of an element of a column, which is 0 if the family does not need the column.
func cell[T any](column []T, size int) int {
	if column == nil {
		return 0
	}
	return size
}

// textSize returns the bytes that the Go runtime allocates for a text of n bytes: a multiple of 16, or of an eighth of
// the power of two below n if that is more.
func textSize(n int) int {
	if n == 0 {
		return 0
	}
	step := max(16, 1<<max(0, bits.Len(uint(n-1))-4))
	return (n + step - 1) / step * step
}

// seriesSize estimates the bytes of one more series with a key of that length.
func (s *store) seriesSize(key int) int { return s.rowBytes + textSize(key) }

// variableSize returns the bytes that series i took since it was made.
func (s *store) variableSize(i int) (n int) {
	if s.natives != nil {
		n = s.natives[i].capacity() * bucketCost
	}
	if s.streams != nil {
		n += s.streams[i].Extra()
	}
	if s.windows != nil {
		n += s.windows[i].Size()
	}
	if s.readings != nil {
		n += s.readings[i].size()
	}
	if s.exemplars != nil {
		for at := range s.exemplarsPerSeries {
			n += cap(s.exemplars[i*s.exemplarsPerSeries+at].pairs)
		}
	}
	return n
}

// charge adds n bytes, which may be negative, to the memory of the family.
func (s *store) charge(n int) {
	s.bytes += int64(n)
	s.ledger.used += int64(n)
}

// updateRowSize updates the estimate of all series after a column was added or removed.
func (s *store) updateRowSize() {
	row := s.rowSize()
	s.charge((row - s.rowBytes) * len(s.keys))
	s.rowBytes = row
}

// largest returns the name of the family that takes most memory, or "".
func (c *Collector) largest() (name string) {
	var most int64
	c.list()
	for _, st := range c.stores {
		if st.bytes > most {
			name, most = st.family.Name, st.bytes
		}
	}
	return name
}
