package collector

import (
	"math"
	"time"
	"unsafe"
)

// Definition is what a metrics event says of a family, and what the rules add. Its texts are copied into the batch.
//
// Unlike a Family, it has no label names: each series brings its own. The first definition of a name decides while the
// family has series, but for Help, which is the first that is not empty.
type Definition struct {
	Name, Help, Unit []byte
	Type             Type
	// Delta says that points may be increments. Then what a series has counted is worth keeping over its TTL and a
	// restart.
	Delta bool
	TTL   time.Duration // as that of a Family
	// Snapshot says that a series leaves the page with the first context that does not have it, see Batch.EndSnapshot.
	// That does not concern increments.
	Snapshot bool
	// MaxLag is how much older than the newest point of its context a point may be; 0 means any. That does not concern
	// increments.
	MaxLag time.Duration
	// Timestamps is as that of a Family.
	Timestamps bool
	// Buckets are the upper bounds of classic buckets for exponential histograms, ascending, without +Inf; see
	// Family.ReceivedBuckets. The collector keeps them, so they must not change.
	Buckets []float64
	// SeriesLimit bounds the series of the family; points of more series are dropped. 0 means that only the limit of the
	// collector applies.
	SeriesLimit int
	// Origin, if not nil, counts what is dropped.
	Origin *Origin
	// Incoming is the name before rules changed it, or nil if there are no rules. Fingerprint identifies the rules; see
	// Collector.RetainReceived.
	Incoming    []byte
	Fingerprint uint64
}

// Point is the state of a series, or what it grew by. What it points to is copied into the batch.
type Point struct {
	Time  int64 // nanoseconds since 1970; 0 means the batch's Now
	Start int64 // since when it counts, 0: not known
	// Stale says that the series has ended. Nothing else of the point counts then.
	Stale bool
	// Add says that the point is an increment.
	Add   bool
	Value float64 // of a counter, gauge or untyped family; otherwise the sum
	Count uint64  // of a histogram or summary
	// Bounds and Counts are the buckets of a histogram without +Inf. Counts are cumulative.
	Bounds []float64
	Counts []uint64
	// Quantiles and Levels are those of a summary and their values.
	Quantiles, Levels []float64
	// Exponential, when not nil, makes the histogram a native one.
	Exponential *Exponential
}

// pointSet is the points of a batch.
type pointSet struct {
	tag            string
	definitions    []defined
	texts          []byte
	points         []point
	pointExemplars []pointExemplar
	floats         []float64
	counts         []uint64
	buckets        []nativeBucket
	refusals       [reasons]uint64
	turnedAway     []refusedPoints // the same by family
	refusing       refusing
	context        int  // where the points of the current context start
	isCut          bool // points of the current context had no room
	contexts       []contextMark
	firstExemplar  int // where the exemplars of the current point start

	most struct{ definitions, texts, points, exemplars, floats, counts, buckets, contexts int } // that a use since the last shrink has needed
}

// defined is a Definition in a batch.
type defined struct {
	settings
	name, help, unit, incoming [2]uint32 // where they are in texts
	origin                     *Origin
	fingerprint                uint64
	store                      *store // set by the collector
	counts                     *receivedCounts
	applied                    uint64 // points
}

// settings are the part of a Definition that is not text.
type settings struct {
	kind       Type
	delta      bool
	timestamps bool
	snapshot   bool
	ttl        time.Duration
	maxLag     time.Duration
	limit      int // of series
	bounds     []float64
}

// point is a Point in a batch.
type point struct {
	time, start int64
	value       float64
	count       uint64
	threshold   float64 // of a native histogram
	zero        uint64
	definition  uint32
	context     uint32 // the index of its mark, if it will have one
	key, end    uint32
	bounds      uint32 // where bounds or quantiles are in floats, which levels follow
	counts      uint32 // where counts stand
	width       uint32 // how many bounds or quantiles there are
	positive    uint32 // where the buckets stand, the negative ones after the positive ones
	negative    uint32
	last        uint32
	exemplars   uint32 // where the exemplars stand, up to the one before endExemplar
	endExemplar uint32
	schema      int8
	dropped     Reason
	stale, add  bool
	native      bool
}

func (s *pointSet) reset() {
	m := &s.most
	m.exemplars = max(m.exemplars, len(s.pointExemplars))
	s.pointExemplars, s.firstExemplar = s.pointExemplars[:0], 0
	m.definitions, m.texts, m.points = max(m.definitions, len(s.definitions)), max(m.texts, len(s.texts)), max(m.points, len(s.points))
	m.floats, m.counts, m.buckets = max(m.floats, len(s.floats)), max(m.counts, len(s.counts)), max(m.buckets, len(s.buckets))
	m.contexts = max(m.contexts, len(s.contexts))
	s.tag = ""
	clear(s.definitions) // lets the garbage collector have the stores
	s.definitions, s.texts, s.points = s.definitions[:0], s.texts[:0], s.points[:0]
	s.floats, s.counts, s.buckets = s.floats[:0], s.counts[:0], s.buckets[:0]
	s.refusals, s.turnedAway, s.refusing = [reasons]uint64{}, s.turnedAway[:0], refusing{}
	s.context, s.isCut, s.contexts = 0, false, s.contexts[:0]
}

// shrink gives memory back as Batch.Shrink does.
func (s *pointSet) shrink() (freed int) {
	var n [8]int
	s.definitions, n[0] = shrunk(s.definitions, s.most.definitions)
	s.texts, n[1] = shrunk(s.texts, s.most.texts)
	s.points, n[2] = shrunk(s.points, s.most.points)
	s.floats, n[3] = shrunk(s.floats, s.most.floats)
	s.counts, n[4] = shrunk(s.counts, s.most.counts)
	s.buckets, n[5] = shrunk(s.buckets, s.most.buckets)
	s.pointExemplars, n[6] = shrunk(s.pointExemplars, s.most.exemplars)
	s.contexts, n[7] = shrunk(s.contexts, s.most.contexts)
	clear(s.definitions[:cap(s.definitions)])
	s.most.definitions, s.most.texts, s.most.points, s.most.exemplars = 0, 0, 0, 0
	s.most.floats, s.most.counts, s.most.buckets, s.most.contexts = 0, 0, 0, 0
	return n[0]*int(unsafe.Sizeof(defined{})) + n[1] + n[2]*int(unsafe.Sizeof(point{})) + 8*(n[3]+n[4]) +
		n[5]*int(unsafe.Sizeof(nativeBucket{})) + n[6]*int(unsafe.Sizeof(pointExemplar{})) +
		n[7]*int(unsafe.Sizeof(contextMark{}))
}

// Define begins a family: Put adds points of it.
func (b *Batch) Define(d *Definition) {
	b.definitions = append(b.definitions, defined{
		settings: settings{d.Type, d.Delta, d.Timestamps, d.Snapshot, d.TTL, d.MaxLag, d.SeriesLimit, d.Buckets},
		name:     b.text(d.Name), help: b.text(d.Help), unit: b.text(d.Unit), incoming: b.text(d.Incoming),
		origin: d.Origin, fingerprint: d.Fingerprint,
	})
}

func (b *Batch) text(t []byte) [2]uint32 {
	from := len(b.texts)
	b.texts = append(b.texts, t...)
	return [2]uint32{uint32(from), uint32(len(b.texts))}
}

func (b *Batch) textOf(at [2]uint32) []byte { return b.texts[at[0]:at[1]] }

// Points returns the number of points.
func (b *Batch) Points() int { return len(b.points) }

// PointLabels returns the labels of the point with that index, names and values in turn.
func (b *Batch) PointLabels(i int) (labels []string) {
	key := b.keys[b.points[i].key:b.points[i].end]
	for len(key) > 0 {
		text, rest, ok := cutLabel(key)
		if !ok {
			return labels
		}
		labels, key = append(labels, string(text)), rest
	}
	return labels
}

// PointReason returns what became of the point with that index after Ingest, until Reset.
func (b *Batch) PointReason(i int) Reason { return b.points[i].dropped }

// Put completes a point of the last family that was defined, with the labels given since the last Append, Put or Drop:
// names and values in turn, in the order of the names, each name once, without empty values. They must be valid UTF-8,
// and a name one that a page may have.
func (b *Batch) Put(p *Point) {
	key, end := uint32(b.keyStart), uint32(len(b.keys))
	if b.isFull() {
		b.refusals[BatchLimit]++
		b.isCut = true
		b.Discard()
		return
	}
	q := point{
		time: p.Time, start: p.Start, value: p.Value, count: p.Count, stale: p.Stale, add: p.Add,
		definition: uint32(len(b.definitions) - 1), context: uint32(len(b.contexts)), key: key, end: end,
	}
	if q.time == 0 {
		q.time = b.Now
	}
	b.keyStart = len(b.keys)
	q.exemplars, q.endExemplar = uint32(b.firstExemplar), uint32(len(b.pointExemplars))
	b.firstExemplar = len(b.pointExemplars)
	if !p.Stale {
		q.dropped = b.shape(&q, p)
	}
	b.points = append(b.points, q)
}

// maxBodies bounds the numbers of a batch in addition to its points and labels.
const maxBodies = 8 << 20

// isFull reports whether the batch has no room for one more point.
func (b *Batch) isFull() bool {
	return len(b.keys)+len(b.exemplars) > MaxBatchBytes || len(b.texts) > MaxBatchBytes || len(b.points) >= MaxBatchSamples ||
		len(b.pointExemplars)+len(b.floats)+len(b.counts)+len(b.buckets) > maxBodies
}

// shape copies what p has in addition to a value into the batch, and reports whether its type may have that value.
func (b *Batch) shape(q *point, p *Point) Reason {
	finite := p.Value-p.Value == 0
	d := &b.definitions[q.definition]
	switch d.kind {
	case Counter:
		switch {
		case !finite:
			return NotFinite
		case p.Value < 0:
			return NegativeCounter
		}
	case Histogram:
		switch {
		case int(q.end-q.key)*max(len(p.Bounds), len(d.bounds)) > maxBucketLabels:
			return TooLarge
		case p.Exponential != nil:
			return b.exponential(q, p)
		}
		return b.classic(q, p)
	case Summary:
		if len(p.Quantiles) != len(p.Levels) {
			return Inconsistent
		}
		q.width, q.bounds = uint32(len(p.Quantiles)), uint32(len(b.floats))
		b.floats = append(append(b.floats, p.Quantiles...), p.Levels...)
	}
	return Kept
}

// maxBucketLabels bounds the bytes that the labels of a histogram take on a page, where each bucket repeats them.
const maxBucketLabels = 1 << 20

// classic copies the buckets of a histogram. One that claims a bucket for +Inf has it in Count.
func (b *Batch) classic(q *point, p *Point) Reason {
	n := len(p.Bounds)
	if n > 0 && math.IsInf(p.Bounds[n-1], 1) {
		n--
	}
	if len(p.Counts) < n || !areBuckets(p.Bounds[:n], p.Counts, p.Count) {
		return Inconsistent
	}
	q.width, q.bounds, q.counts = uint32(n), uint32(len(b.floats)), uint32(len(b.counts))
	b.floats = append(b.floats, p.Bounds[:n]...)
	b.counts = append(b.counts, p.Counts[:n]...)
	return Kept
}
