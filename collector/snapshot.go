package collector

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/promexporter/promexporter/collector/internal/distinct"
	"github.com/promexporter/promexporter/collector/internal/quantile"
	"github.com/promexporter/promexporter/internal/exposition"
)

// snapshot is a copy of all columns at one moment, with the exposition model built from it. Its memory is kept between
// scrapes: the labels of a series never change, so later scrapes only write values.
type snapshot struct {
	now      int64    // the time of the scrape, 0: not known
	frames   []*frame // frames[i] is a copy of the collector's stores[i]
	spare    []*frame // for families that are new
	sorted   []*frame // the frames by name; nil after frames changed
	families []exposition.Family
	filled   chan error
}

func newSnapshot() *snapshot { return &snapshot{filled: make(chan error, 1)} }

// frame is a copy of one store.
type frame struct {
	store              *store // identifies the original; only the collector's goroutine may read it
	family             *Family
	version            uint64 // of keys and created
	keys               []string
	created            []int64
	values             []float64
	width              int
	buckets            []uint64
	times              []int64 // only with Timestamps
	updated            []int64 // of a gauge
	signed             bool
	natives            []native
	readings           []reading
	counts             []distinct.View
	views              []quantile.View
	estimator          *quantile.Estimator // of the views
	exemplarsPerSeries int
	exemplars          []exemplar
	exposed            exposedFamily
}

// errExpiring is the answer of fillSnapshot if due series are left to remove.
var errExpiring = errors.New("series are expiring")

// fillSnapshot copies the columns into s. It runs in the collector's goroutine.
func (c *Collector) fillSnapshot(s *snapshot) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while a snapshot was taken: %v", p)
		}
		c.publishSizes()
	}()
	if s.now != 0 {
		c.advanceClock(s.now)
	}
	if c.expireSome(c.now, len(c.expiring)) {
		return errExpiring
	}
	if slices.ContainsFunc(s.frames, isRemoved) {
		s.frames = slices.DeleteFunc(s.frames, isRemoved)
		s.sorted = nil
	}
	for i, st := range c.stores {
		if i == len(s.frames) {
			s.addFrame(st)
		}
		s.frames[i].copy(st, c.now)
	}
	return nil
}

// prepare allocates what a copy of n families needs, because batches do not wait for that.
func (s *snapshot) prepare(n int) {
	s.frames = slices.Grow(s.frames, max(0, n-len(s.frames)))
	for len(s.frames)+len(s.spare) < n {
		s.spare = append(s.spare, new(frame))
	}
}

// addFrame adds the frame of a family that is new.
func (s *snapshot) addFrame(st *store) {
	f := new(frame)
	if last := len(s.spare) - 1; last >= 0 {
		f, s.spare = s.spare[last], s.spare[:last]
	}
	f.store = st
	s.frames, s.sorted = append(s.frames, f), nil
}

func isRemoved(f *frame) bool { return f.store.removed }

// copy copies s at the time now. What changes only with the series is copied only if they changed.
func (f *frame) copy(s *store, now int64) {
	if cap(f.keys) > shrinkAbove && len(s.keys) < cap(f.keys)/4 {
		*f = frame{store: s}
	}
	f.family, f.width, f.exemplarsPerSeries, f.signed = s.family, s.width, s.exemplarsPerSeries, s.signed
	if f.version != s.version {
		f.version = s.version
		f.keys = append(f.keys[:0], s.keys...)
		if s.family.Type != Gauge {
			f.created = append(f.created[:0], s.created...)
		}
	}
	f.values = append(f.values[:0], s.values...)
	f.buckets = append(f.buckets[:0], s.buckets...)
	f.updated = append(f.updated[:0], s.updated...)
	if s.family.Timestamps {
		f.times = append(f.times[:0], s.times...)
	}
	f.copyStreams(s, now)
	f.copyWindows(s, now)
	f.copyNatives(s.natives)
	f.copyReadings(s.readings)
	f.copyExemplars(s.exemplars)
}

// copyNatives copies the native histograms that changed, in the memory of earlier ones.
func (f *frame) copyNatives(natives []native) {
	f.natives = slices.Grow(f.natives[:0], len(natives))[:len(natives)]
	for i := range natives {
		if n := &f.natives[i]; n.changed != natives[i].changed || n.changed == 0 {
			n.copyFrom(&natives[i])
		}
	}
}

// copyReadings shares the readings that changed.
func (f *frame) copyReadings(readings []reading) {
	f.readings = slices.Grow(f.readings[:0], len(readings))[:len(readings)]
	for i := range readings {
		if r := &f.readings[i]; r.changed != readings[i].changed || r.changed == 0 {
			*r = readings[i].share()
		}
	}
}

// copyExemplars copies exemplars, in the memory of earlier ones.
func (f *frame) copyExemplars(exemplars []exemplar) {
	f.exemplars = slices.Grow(f.exemplars[:0], len(exemplars))[:len(exemplars)]
	for i := range exemplars {
		m := &exemplars[i]
		f.exemplars[i].pairs = append(f.exemplars[i].pairs[:0], m.pairs...)
		f.exemplars[i].value, f.exemplars[i].time = m.value, m.time
	}
}

// render builds the exposition model. It runs in the goroutine of the scrape.
func (s *snapshot) render() {
	if s.sorted == nil {
		s.sorted = slices.Clone(s.frames)
		slices.SortFunc(s.sorted, func(a, b *frame) int {
			return strings.Compare(a.family.Name, b.family.Name)
		})
	}
	s.families = s.families[:0]
	for _, f := range s.sorted {
		f.countDistinct()
		if len(f.keys) > 0 {
			s.families = append(s.families, exposition.Family{
				MetricFamily: f.exposed.render(f), Signed: f.signed, Updated: f.updated,
				Absolute: f.family.isAbsolute(),
			})
		}
	}
}
