package collector_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
)

// contextsModel is the simplest page that could be right for contexts with snapshots: series by name and label.
type contextsModel struct {
	series map[string]*modelledPoint
	newest map[string]int64 // by tag
}

type modelledPoint struct {
	tag        string
	value      float64
	time       int64
	isSnapshot bool
}

// apply applies a context of a tag whose points are of one time.
func (m *contextsModel) apply(tag string, at int64, isComplete bool, points map[string]float64) {
	isOld := at < m.newest[tag]
	had := make(map[string]bool)
	for name, v := range points {
		isSnapshot := name[0] == 's'
		if s := m.series[name]; isOld && isSnapshot || s != nil && (s.tag != tag || at < s.time) {
			continue
		}
		m.series[name] = &modelledPoint{tag, v, at, isSnapshot}
		had[name] = true
	}
	if isOld {
		return
	}
	m.newest[tag] = at
	for name, s := range m.series {
		if isComplete && s.tag == tag && s.isSnapshot && !had[name] {
			delete(m.series, name)
		}
	}
}

func (m *contextsModel) shown() map[string]float64 {
	all := make(map[string]float64)
	for name, s := range m.series {
		all[name] = s.value
	}
	return all
}

// putPoints puts a context into b: names are those of families and the value of the label l.
func putPoints(b *collector.Batch, tag string, at int64, isComplete bool, points map[string]float64) {
	b.Begin(tag)
	for name, v := range points {
		b.Define(&collector.Definition{
			Name: []byte(name[:2]), Type: collector.Gauge, TTL: time.Hour, Snapshot: name[0] == 's', MaxLag: time.Minute,
		})
		b.Label([]byte("l"))
		b.Label([]byte(name[2:]))
		b.Put(&collector.Point{Time: at, Value: v})
	}
	b.EndSnapshot(at, isComplete)
}

// receivedPage returns the values on the page of families with the label l.
func receivedPage(t *testing.T, c *collector.Collector) map[string]float64 {
	t.Helper()
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]float64)
	for _, f := range families {
		for _, m := range f.Metric {
			all[f.GetName()+m.Label[0].GetValue()] = m.Gauge.GetValue()
		}
	}
	return all
}

// TestContextsAgainstModel sends random contexts of several tags, some of them late or not complete, several in a batch,
// and compares the page with the model.
func TestContextsAgainstModel(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := open(t, collector.Options{})
		m := &contextsModel{series: make(map[string]*modelledPoint), newest: make(map[string]int64)}
		now := noon
		for step := range 200 {
			now += int64(r.IntN(3)) * second
			b, tag := batchAt(now), fmt.Sprint("tag", r.IntN(3))
			for range 1 + r.IntN(3) {
				at, isComplete := now-int64(r.IntN(2)*r.IntN(3))*second, r.IntN(4) > 0
				points := make(map[string]float64)
				for range r.IntN(6) {
					points[fmt.Sprintf("%c%d%d", "sk"[r.IntN(2)], r.IntN(2), r.IntN(5))] = float64(r.IntN(9))
				}
				putPoints(b, tag, at, isComplete, points)
				m.apply(tag, at, isComplete, points)
			}
			if err := c.Ingest(b, nil); err != nil {
				t.Fatal(err)
			}
			if got, want := receivedPage(t, c), m.shown(); !maps.Equal(got, want) {
				t.Fatalf("seed %d, step %d: the page has\n%v\nwant\n%v", seed, step, got, want)
			}
			recount(t, c)
		}
	}
}

// TestContextWithoutRoom: a context of which the batch has no room for a point removes nothing.
func TestContextWithoutRoom(t *testing.T) {
	c := open(t, collector.Options{})
	ingest(t, c, func(b *collector.Batch) { putPoints(b, "t", noon, true, map[string]float64{"s0a": 1, "s0b": 1}) })
	ingest(t, c, func(b *collector.Batch) {
		b.Begin("t")
		b.Define(&collector.Definition{Name: []byte("k0"), Type: collector.Gauge})
		for range collector.MaxBatchSamples + 1 {
			b.Put(&collector.Point{Time: noon, Stale: true})
		}
		b.EndSnapshot(noon, true)
	})
	if n := len(receivedPage(t, c)); n != 2 {
		t.Errorf("%d series", n)
	}
}

// TestManyContextTags: tags are remembered only so far.
func TestManyContextTags(t *testing.T) {
	c := open(t, collector.Options{})
	for i := range 10_000 {
		ingest(t, c, func(b *collector.Batch) {
			putPoints(b, fmt.Sprint("t", i), noon, true, map[string]float64{"s0a": 1})
		})
	}
	if n := c.Stats().PointsDropped(collector.OtherSource); n != 9_999 {
		t.Errorf("%d dropped", n)
	}
}
