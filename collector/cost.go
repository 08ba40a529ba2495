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
	n := rowCost + 8*s.width
	if s.rests != nil {
		n += 8
	}
	if s.totals != nil {
		n += 8
	}
	if s.lasts != nil {
		n += 8 * s.width
	}
	if s.starts != nil {
		n += 8
	}
	if s.times != nil {
		n += 8
	}
	if s.family.Type == Gauge {
		n += s.gaugeSize()
	}
	if s.exemplars != nil {
		n += exemplarCost * s.exemplarsPerSeries
	}
	if s.expiry.ttl != 0 {
		n += linkCost
	}
	if s.family.isNative() {
		n += nativeCost
	}
	if s.family.Received {
		n += ownerCost
	}
	if s.inContext != nil {
		n += 8
	}
	if s.readings != nil {
		n += readingCost + 8*len(s.family.ReceivedBuckets)
	}
	if s.estimator != nil {
		n += s.estimator.Size()
	}
	return indexCost + n + n/8
}

// gaugeSize is the part of rowSize in the columns that only gauges have.
func (s *store) gaugeSize() int {
	n := 8
	if s.inRound != nil {
		n += 4
	}
	if s.declared != nil {
		n++
	}
	if s.family.Window > 0 {
		n += int(unsafe.Sizeof(distinct.Window{}))
	}
	return n
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
	for _, st := range c.stores {
		if st.bytes > most {
			name, most = st.family.Name, st.bytes
		}
	}
	return name
}
