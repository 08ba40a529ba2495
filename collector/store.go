package collector

import (
	"math"
	"sync/atomic"

	"github.com/promexporter/promexporter/collector/internal/distinct"
	"github.com/promexporter/promexporter/collector/internal/quantile"
)

// store holds the series of one family as columns: series i is element i of each column. Columns can be copied fast, so
// that a scrape holds up the goroutine of the collector only briefly. Columns that the family does not need are nil.
type store struct {
	family  *Family
	removed bool // from the collector; Families that point to it look for another

	size    *atomic.Int64 // of live series, for other goroutines
	index   map[string]int32
	version uint64 // increases when keys or created change
	columns
	updated            []int64    // the last sample of a gauge, by the collector's clock; 0: not known
	signed             bool       // an observation or a bound is negative
	scale              resolution // of the natives
	changes            uint64     // counts the changes of natives
	streams            []quantile.Window
	estimator          *quantile.Estimator // of the streams
	exemplarsPerSeries int                 // of exemplars, per series
	exemplars          []exemplar
	inContext          []uint64      // the context with their last point, see contexts; nil until there are snapshots
	owners             []string      // the tags that feed the series of a received family
	incomingNames      incomingNames // of a received family
	bounds             []float64     // of the last reading
	expiry             expiry

	ledger   *ledger // of all stores together
	bytes    int64   // the share of the store in it
	rowBytes int     // per series, without its key and what varies

	rounds   *rounds // of aggregates, nil until there is one
	declared []bool  // the series of a gauge that stay on the page; nil until there is one
	windows  []distinct.Window

	overflows        int  // number of overflow series
	overflowReported bool // Options.Overflowed was called

	settingsPending bool // the next sample brings the settings of the family
	remembered      map[string]*rememberedSeries
}

// columns are the columns that survive expiry or a restart.
type columns struct {
	keys     []string
	sources  []uint32
	created  []int64 // 0: not known
	values   []float64
	rests    []float64 // rounding errors of values, see accumulate; nil until there is one
	totals   []float64 // the last running total, of a histogram its sum
	starts   []uint64  // the digest of what the last running total counts from; 0: not known
	times    []int64   // of the newest sample, or never
	inRound  []uint32  // the number of the round, or 0
	width    int       // buckets per series
	buckets  []uint64  // not cumulative, one per bound and +Inf; a summary has only its count
	lasts    []uint64  // the counts of the last running total of a histogram, like buckets
	natives  []native
	readings []reading // of received histograms and summaries
}

// never is the time of the newest sample of a series without samples.
const never = math.MinInt64

// Sources that are not a field.
const (
	anySource       = math.MaxUint32     // an overflow series, which takes samples of all fields
	unclaimedSource = math.MaxUint32 - 1 // the field of the next sample becomes the source
)

func newStore(f *Family, l *ledger) *store {
	s := &store{family: f, size: new(atomic.Int64), ledger: l, index: make(map[string]int32)}
	s.exemplarsPerSeries, s.width = f.exemplarsPerSeries(), f.width()
	s.expiry = newExpiry(f.TTL)
	s.addColumns()
	s.signed = len(f.Buckets) > 0 && f.Buckets[0] < 0
	s.charge(familySize(f))
	s.updateRowSize()
	return s
}

// addColumns makes the columns that the family needs from its first series on.
func (s *store) addColumns() {
	f := s.family
	if s.width > 0 {
		s.buckets = []uint64{}
	}
	if f.Type == Gauge {
		s.updated = []int64{}
	}
	if f.Window > 0 {
		s.windows = []distinct.Window{}
	}
	if f.isNative() {
		s.scale, s.natives = newResolution(f.Native), []native{}
	}
	if f.hasStreams() {
		s.estimator, s.streams = newEstimator(f), []quantile.Window{}
	}
	if f.Timestamps || f.Received {
		s.times = []int64{}
	}
	if f.Received {
		s.owners = []string{}
	}
	if f.hasReadings() {
		s.readings = []reading{}
	}
}

// find returns the index of the series with key, or -1.
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
	s.rests = extend(s.rests, 1, 0)
	s.buckets = extend(s.buckets, s.width, 0)
	s.totals = extend(s.totals, 1, 0)
	s.lasts = extend(s.lasts, s.width, 0)
	s.starts = extend(s.starts, 1, 0)
	s.inRound = extend(s.inRound, 1, 0)
	s.declared = extend(s.declared, 1, false)
	s.windows = extend(s.windows, 1, distinct.Window{})
	s.times = extend(s.times, 1, never)
	s.updated = extend(s.updated, 1, 0)
	s.natives = extend(s.natives, 1, native{schema: s.scale.schema})
	s.streams = extend(s.streams, 1, quantile.Window{})
	s.exemplars = extend(s.exemplars, s.exemplarsPerSeries, exemplar{})
	s.owners = extend(s.owners, 1, "")
	s.inContext = extend(s.inContext, 1, 0)
	s.readings = extend(s.readings, 1, reading{})
	s.expiry.add(now)
	s.charge(s.seriesSize(len(key)))
	s.index[key] = int32(i) // last, because it makes the series visible
	s.size.Store(int64(len(s.keys)))
	return i
}

// extend adds width elements for a new series to a column; nil stays nil.
func extend[T any](column []T, width int, element T) []T {
	if column == nil {
		return nil
	}
	for range width {
		column = append(column, element)
	}
	return column
}

// touch notes that series i has a sample.
func (s *store) touch(i int, now int64) {
	s.expiry.touch(i, now)
	if s.updated != nil {
		s.updated[i] = now
	}
}

// remove removes series i. The last series takes its place.
func (s *store) remove(i int) {
	if s.sources[i] == anySource {
		s.overflows--
	}
	s.version++
	s.charge(-s.seriesSize(len(s.keys[i])) - s.variableSize(i))
	delete(s.index, s.keys[i])
	s.leaveRound(i)
	if last := len(s.keys) - 1; i != last {
		s.index[s.keys[last]] = int32(i)
	}
	s.keys = cut(s.keys, i, 1)
	s.sources = cut(s.sources, i, 1)
	s.created = cut(s.created, i, 1)
	s.values = cut(s.values, i, 1)
	s.rests = cut(s.rests, i, 1)
	s.buckets = cut(s.buckets, i, s.width)
	s.totals = cut(s.totals, i, 1)
	s.lasts = cut(s.lasts, i, s.width)
	s.starts = cut(s.starts, i, 1)
	s.inRound = cut(s.inRound, i, 1)
	s.declared = cut(s.declared, i, 1)
	s.windows = cut(s.windows, i, 1)
	s.times = cut(s.times, i, 1)
	s.updated = cut(s.updated, i, 1)
	s.natives = cut(s.natives, i, 1)
	s.streams = cut(s.streams, i, 1)
	s.exemplars = cut(s.exemplars, i, s.exemplarsPerSeries)
	s.owners = cut(s.owners, i, 1)
	s.inContext = cut(s.inContext, i, 1)
	s.readings = cut(s.readings, i, 1)
	s.expiry.remove(i)
	s.size.Store(int64(len(s.keys)))
}

// cut moves the last width elements of a column to series i and shortens the column.
func cut[T any](column []T, i, width int) []T {
	if len(column) == 0 {
		return column
	}
	last := len(column) - width
	copy(column[i*width:(i+1)*width], column[last:])
	clear(column[last:]) // frees what it points to
	return column[:last]
}

// shrinkAbove is the number of series above which unused memory is freed.
const shrinkAbove = 1024

// shrink frees memory if most of it is unused.
func (s *store) shrink() {
	if cap(s.keys) <= shrinkAbove || len(s.keys) > cap(s.keys)/4 {
		return
	}
	s.keys, s.sources, s.created, s.values = clip(s.keys), clip(s.sources), clip(s.created), clip(s.values)
	s.buckets, s.rests, s.totals = clip(s.buckets), clip(s.rests), clip(s.totals)
	s.starts, s.times, s.updated = clip(s.starts), clip(s.times), clip(s.updated)
	s.lasts, s.inRound, s.declared, s.windows = clip(s.lasts), clip(s.inRound), clip(s.declared), clip(s.windows)
	s.natives, s.streams, s.exemplars = clip(s.natives), clip(s.streams), clip(s.exemplars)
	s.owners, s.inContext, s.readings = clip(s.owners), clip(s.inContext), clip(s.readings)
	s.expiry.lastSample, s.expiry.links = clip(s.expiry.lastSample), clip(s.expiry.links)
	s.index = make(map[string]int32, len(s.keys))
	for i, key := range s.keys {
		s.index[key] = int32(i)
	}
}

// clip returns a copy of column without spare capacity; nil stays nil.
func clip[T any](column []T) []T {
	if column == nil {
		return nil
	}
	return append(make([]T, 0, len(column)), column...)
}

// addTimesColumn adds the column of times, if there is none.
func (s *store) addTimesColumn() {
	if s.times != nil {
		return
	}
	s.times = make([]int64, len(s.keys), cap(s.keys))
	for i := range s.times {
		s.times[i] = never
	}
	s.updateRowSize()
}
