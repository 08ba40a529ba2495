package collector

import (
	"math"
	"sync/atomic"

	"github.com/promexporter/promexporter/collector/internal/quantile"
)

// store holds the series of one family, a column per property: series i is the
// i-th of every column. Columns copy at the speed of memory, which keeps the
// collector's goroutine free while a scrape takes its snapshot. Columns that the
// family does not need are nil.
type store struct {
	family *Family
	gone   bool // taken out of the collector; Families that point here look again

	size    *atomic.Int64 // of live series, for who is not in the collector's goroutine
	index   map[string]int32
	version uint64 // changes when keys or created do
	columns
	updated   []int64    // when a gauge last had a sample, by the collector's clock; 0: not known
	signed    bool       // an observation was negative, or a bound is
	scale     resolution // of the natives
	changes   uint64     // of any of them
	streams   []quantile.Window
	estimator *quantile.Estimator // of the streams
	slots     int                 // of exemplars, per series
	marks     []exemplar
	owners    []string  // the tags that feed the series of a received family
	bounds    []float64 // the last ones that a reading had
	life      life

	ledger *ledger // of all stores together
	bytes  int64   // what the store adds to it
	row    int     // what every series takes beside its key and what grows

	overflows int  // overflow series
	told      bool // Options.Overflowed was called

	provisional bool // the family's settings are not yet those of a sample's
	past        map[string]*past
}

// columns are those of a store that outlive a series or a restart.
type columns struct {
	keys     []string
	sources  []uint32
	created  []int64 // 0: not known
	values   []float64
	totals   []float64 // the last running total
	times    []int64   // of the newest sample, never before the first
	width    int       // of buckets, per series
	buckets  []uint64  // not cumulative, one per bound and one above; one alone is the count
	natives  []native
	readings []reading // of received histograms and summaries
}

// never is the time of the newest sample where there was none.
const never = math.MinInt64

// What stands for the source of a series that no field feeds alone.
const (
	anySource  = math.MaxUint32     // an overflow series, which takes samples of all fields
	openSource = math.MaxUint32 - 1 // the next field that feeds it becomes its source
)

func newStore(f *Family, l *ledger) *store {
	s := &store{family: f, size: new(atomic.Int64), ledger: l, index: make(map[string]int32), slots: f.exemplarSlots()}
	s.width = f.width()
	s.life = newLife(f.TTL)
	if f.isNative() {
		s.scale = newResolution(f.Native)
	}
	if f.hasStreams() {
		s.estimator = newEstimator(f)
	}
	if f.Timestamps || f.Received {
		s.times = []int64{}
	}
	if f.hasReadings() {
		s.readings = []reading{}
	}
	s.signed = len(f.Buckets) > 0 && f.Buckets[0] < 0
	s.charge(familySize(f))
	s.weigh()
	return s
}

// find returns the series of key, or -1.
func (s *store) find(key []byte) int {
	if i, ok := s.index[string(key)]; ok {
		return int(i)
	}
	return -1
}

// add makes a series.
func (s *store) add(key string, source uint32, now int64) int {
	i := len(s.keys)
	s.version++
	s.keys = append(s.keys, key)
	s.sources = append(s.sources, source)
	s.created = append(s.created, now)
	s.values = append(s.values, 0)
	for range s.width {
		s.buckets = append(s.buckets, 0)
	}
	if s.totals != nil {
		s.totals = append(s.totals, 0)
	}
	if s.times != nil {
		s.times = append(s.times, never)
	}
	if s.family.Type == Gauge {
		s.updated = append(s.updated, 0)
	}
	if s.family.isNative() {
		s.natives = append(s.natives, native{schema: s.scale.schema})
	}
	if s.family.hasStreams() {
		s.streams = append(s.streams, quantile.Window{})
	}
	if s.marks != nil {
		s.marks = append(s.marks, make([]exemplar, s.slots)...)
	}
	if s.family.Received {
		s.owners = append(s.owners, "")
	}
	if s.readings != nil {
		s.readings = append(s.readings, reading{})
	}
	s.life.add(now)
	s.charge(s.need(len(key)))
	s.index[key] = int32(i) // last: a series is found when all of it is there
	s.size.Store(int64(len(s.keys)))
	return i
}

// remove takes series i out. The last one gets its place.
func (s *store) remove(i int) {
	if s.sources[i] == anySource {
		s.overflows--
	}
	s.version++
	s.charge(-s.need(len(s.keys[i])) - s.grown(i))
	delete(s.index, s.keys[i])
	if last := len(s.keys) - 1; i != last {
		s.index[s.keys[last]] = int32(i)
	}
	s.keys = cut(s.keys, i, 1)
	s.sources = cut(s.sources, i, 1)
	s.created = cut(s.created, i, 1)
	s.values = cut(s.values, i, 1)
	s.buckets = cut(s.buckets, i, s.width)
	s.totals = cut(s.totals, i, 1)
	s.times = cut(s.times, i, 1)
	s.updated = cut(s.updated, i, 1)
	s.natives = cut(s.natives, i, 1)
	s.streams = cut(s.streams, i, 1)
	s.marks = cut(s.marks, i, s.slots)
	s.owners = cut(s.owners, i, 1)
	s.readings = cut(s.readings, i, 1)
	s.life.remove(i)
	s.size.Store(int64(len(s.keys)))
}

// cut moves the last width elements of a column to series i and shortens it.
func cut[T any](column []T, i, width int) []T {
	if len(column) == 0 {
		return column
	}
	last := len(column) - width
	copy(column[i*width:(i+1)*width], column[last:])
	clear(column[last:]) // lets the garbage collector have what it points to
	return column[:last]
}

// shrinkAbove is the number of series from which on unused memory is given back.
const shrinkAbove = 1024

// shrink gives memory back when most of it is unused.
func (s *store) shrink() {
	if cap(s.keys) <= shrinkAbove || len(s.keys) > cap(s.keys)/4 {
		return
	}
	s.keys, s.sources, s.created, s.values = clip(s.keys), clip(s.sources), clip(s.created), clip(s.values)
	s.buckets, s.totals, s.times, s.updated = clip(s.buckets), clip(s.totals), clip(s.times), clip(s.updated)
	s.natives, s.streams, s.marks = clip(s.natives), clip(s.streams), clip(s.marks)
	s.owners, s.readings = clip(s.owners), clip(s.readings)
	s.life.touched, s.life.links = clip(s.life.touched), clip(s.life.links)
	s.index = make(map[string]int32, len(s.keys))
	for i, key := range s.keys {
		s.index[key] = int32(i)
	}
}

// clip is column in memory of its own size; nil stays nil.
func clip[T any](column []T) []T {
	if column == nil {
		return nil
	}
	return append(make([]T, 0, len(column)), column...)
}

// apply gives a checked sample of the time at to series i, by the collector's clock at the time now.
func (s *store) apply(i int, m *Sample, at, now int64) Reason {
	switch m.Op {
	case Declare:
		s.life.pin(i)
		return Kept
	case Add:
		if r := s.increase(i, m.Value); r != Kept {
			return r
		}
	case Observe:
		if r := s.observe(i, m, now); r != Kept {
			return r
		}
	case Set:
		if s.family.Timestamps && at < s.times[i] {
			return OutOfOrder
		}
		s.values[i] = m.Value
	case Total:
		if r := s.total(i, m.Value, at); r != Kept {
			return r
		}
	default:
		if r := s.aggregate(i, m, at); r != Kept {
			return r
		}
	}
	if s.times != nil {
		s.times[i] = max(s.times[i], at)
	}
	return Kept
}

// keepTimes gives every series the time of its newest sample from now on.
func (s *store) keepTimes() {
	if s.times != nil {
		return
	}
	s.times = make([]int64, len(s.keys), cap(s.keys))
	for i := range s.times {
		s.times[i] = never
	}
	s.weigh()
}
