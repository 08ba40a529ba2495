package collector

import (
	"fmt"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
)

// maxIdleSnapshots bounds the snapshots that are kept for later scrapes. Two
// serve a pair of Prometheus servers; more at once make garbage.
const maxIdleSnapshots = 2

// snapshot is a copy of all columns at one moment, and the exposition model
// built from it. It serves one scrape at a time. Its memory is kept between
// scrapes: the labels of a series never change, so from the second scrape on
// only values are written.
type snapshot struct {
	frames   []*frame // frames[i] is a copy of the collector's stores[i]
	sorted   []*frame // the same, by name
	families []*dto.MetricFamily
	taken    chan error
}

// frame is a copy of one store.
type frame struct {
	family  *Family
	keys    []string
	created []int64
	values  []float64
	buckets []uint64
	page    page
}

// Gather returns all families that have series, sorted by name, as they stand
// between two batches. The families are read-only and stand until done is
// called. It implements prometheus.TransactionalGatherer.
func (c *Collector) Gather() (families []*dto.MetricFamily, done func(), err error) {
	s := c.idle()
	select {
	case c.requests <- s:
		err = <-s.taken
	case <-c.closed:
		err = ErrClosed
	}
	if err != nil {
		return nil, func() {}, err
	}
	return s.render(), func() { c.release(s) }, nil
}

func (c *Collector) idle() *snapshot {
	select {
	case s := <-c.snapshots:
		return s
	default:
		return &snapshot{taken: make(chan error, 1)}
	}
}

func (c *Collector) release(s *snapshot) {
	select {
	case c.snapshots <- s:
	default:
	}
}

// fill copies the columns into s. It runs in the collector's goroutine.
func (c *Collector) fill(s *snapshot) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic while a snapshot was taken: %v", p)
		}
	}()
	for i, st := range c.stores {
		if i == len(s.frames) {
			s.frames = append(s.frames, &frame{family: st.family})
		}
		s.frames[i].copy(st)
	}
	return nil
}

func (f *frame) copy(s *store) {
	f.keys = append(f.keys[:0], s.keys...)
	f.values = append(f.values[:0], s.values...)
	if s.family.Type != Gauge {
		f.created = append(f.created[:0], s.created...)
	}
	f.buckets = append(f.buckets[:0], s.buckets...)
}

// render builds the exposition model. It runs in the goroutine of the scrape.
func (s *snapshot) render() []*dto.MetricFamily {
	if len(s.sorted) != len(s.frames) {
		s.sorted = append(s.sorted[:0], s.frames...)
		slices.SortFunc(s.sorted, func(a, b *frame) int {
			return strings.Compare(a.family.Name, b.family.Name)
		})
	}
	s.families = s.families[:0]
	for _, f := range s.sorted {
		if len(f.keys) > 0 {
			s.families = append(s.families, f.page.render(f))
		}
	}
	return s.families
}
