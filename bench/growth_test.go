package bench

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/promexporter/promexporter/bench/workload"
	"github.com/promexporter/promexporter/collector"
)

// growing is work of increasing size. The cost of a unit must not grow with the size.
type growing struct {
	what  string
	steps []int
	unit  string
	load  func(n int) (l *workload.Load, perChunk, units int) // the records of a chunk, and its units

	passes int // through all chunks until nothing takes more memory
}

var growth = []growing{
	{"rules that apply", []int{1, 3, 10, 30, 100}, "record and rule", func(n int) (*workload.Load, int, int) {
		return workload.Repeated(5000, workload.Counters(n, ""), workload.Record), 5000, 5000 * n
	}, 1},
	{"rules that do not apply", []int{1, 3, 10, 30, 100}, "record and rule", func(n int) (*workload.Load, int, int) {
		never := ", condition: {op: and, rules: [{field: $status, op: eq, value: 500}]}"
		return workload.Repeated(5000, workload.Counters(n, never), workload.Record), 5000, 5000 * n
	}, 1},
	{"records of a chunk", []int{1, 10, 100, 1000, 10_000, 50_000}, "record", func(n int) (*workload.Load, int, int) {
		return workload.Repeated(n, workload.Counters(2, ""), workload.Record), n, n
	}, 1},
	{"series", []int{10, 100, 1000, 10_000, 30_000, 100_000, 300_000, 1_000_000}, "record", func(n int) (*workload.Load, int, int) {
		l := workload.Wide(n)
		for len(l.Records) < 5000 {
			l.Records = append(l.Records, l.Records...)
		}
		return l, 5000, 5000
	}, 1},
	{"fields", []int{10, 30, 100, 300, 1000}, "field", func(n int) (*workload.Load, int, int) {
		return workload.Repeated(100, "", workload.Fields(n)), 100, 100 * n
	}, 1},
	{"elements", []int{1, 10, 100, 1000, 10_000}, "element", func(n int) (*workload.Load, int, int) {
		rules := "metrics:\n- {name: items, type: gauge, help: Items., each: $items, value: '$item[''value'']', labels: {name: '$item[''name'']'}}\n"
		return workload.Repeated(10, rules, workload.Elements(n)), 10, 10 * n
	}, 1},
	{"summaries", []int{1, 10, 100, 1000, 10_000}, "record", func(n int) (*workload.Load, int, int) {
		return workload.Observed(n, "type: summary, quantiles: {0.5: 0.05, 0.9: 0.01, 0.99: 0.001}"), 5000, 5000
	}, 260},
	{"native histograms", []int{1, 10, 100, 1000, 10_000}, "record", func(n int) (*workload.Load, int, int) {
		return workload.Observed(n, "type: histogram, native: {factor: 1.1}"), 5000, 5000
	}, 10},
}

// BenchmarkGrowth measures the whole path from a chunk to its series, for increasing numbers of everything that may be
// numerous.
func BenchmarkGrowth(b *testing.B) {
	for _, g := range growth {
		for _, n := range g.steps {
			b.Run(fmt.Sprintf("what=%s/unit=%s/n=%d", g.what, g.unit, n), func(b *testing.B) {
				l, perChunk, units := g.load(n)
				chunks := even(l, perChunk)
				l.Records = nil
				s := open(b, l)
				flush := func(at int) { s.flush(b, chunks[at], l.Tag) }
				for at := range g.passes * len(chunks) {
					flush(at % len(chunks))
				}
				perUnit(b, units, len(chunks), flush)
			})
		}
	}
	for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("what=tags/unit=chunk/n=%d", n), func(b *testing.B) { growTags(b, n) })
	}
	for _, n := range []int{1, 10, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("what=new series of a chunk/unit=series/n=%d", n), func(b *testing.B) { growSeries(b, n) })
	}
	for _, n := range []int{100, 1000, 10_000, 100_000, 300_000, 1_000_000} {
		b.Run(fmt.Sprintf("what=series that expire/unit=series/n=%d", n), func(b *testing.B) { expireSeries(b, n) })
	}
}

// perUnit repeats pieces of work, all with the same number of units, and reports the processor time per unit. Each
// piece was done before, because the first time costs more.
func perUnit(b *testing.B, units, pieces int, work func(at int)) {
	b.Helper()
	for at := range pieces {
		work(at)
	}
	runtime.GC()
	b.ReportAllocs()
	used, at := processorTime(b), 0
	for b.Loop() {
		work(at % pieces)
		at++
	}
	reportUnits(b, processorTime(b)-used, units)
}

func reportUnits(b *testing.B, used time.Duration, units int) {
	b.ReportMetric(float64(used.Nanoseconds())/float64(b.N)/float64(units), "cpu-ns/unit")
}

// growTags flushes chunks of ten records with n tags in turn.
func growTags(b *testing.B, n int) {
	l := workload.Repeated(10, workload.Counters(10, ", match: 'kube.*.log'"), workload.Record)
	chunk := even(l, 10)[0]
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprintf("kube.var.log.containers.shop-%06d_default_app-0123456789abcdef.log", i*7919%n)
	}
	s := open(b, l)
	perUnit(b, 1, n, func(at int) { s.flush(b, chunk, tags[at]) })
}

// growSeries flushes chunks of n records, each of which makes a series.
func growSeries(b *testing.B, n int) {
	l := workload.Repeated(1, "metrics:\n- {name: a_total, type: counter, help: A., labels: {id: $id}}\n", `{"id":"0"}`)
	s := open(b, l)
	var used time.Duration
	next := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		l.Records = l.Records[:0]
		for range n {
			l.Records = append(l.Records, fmt.Sprintf(`{"id":"%012d"}`, next))
			next++
		}
		chunk := even(l, n)[0]
		before := processorTime(b)
		b.StartTimer()
		s.flush(b, chunk, l.Tag)
		used += processorTime(b) - before
	}
	reportUnits(b, used, n)
}

// expireSeries expires n series at once, as a scrape does.
func expireSeries(b *testing.B, n int) {
	now := time.Unix(1_700_000_000, 0)
	f := &collector.Family{Name: "a_total", Type: collector.Counter, Labels: []string{"id"}, TTL: time.Minute}
	c := collector.New(collector.Options{SeriesLimit: n, Now: func() time.Time { return now }})
	defer c.Close()
	var batch collector.Batch
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		batch.Reset()
		batch.Now = now.UnixNano()
		for i := range n {
			batch.Label(fmt.Appendf(nil, "%012d", i))
			batch.Append(&collector.Sample{Family: f, Value: 1})
		}
		if err := c.Ingest(&batch, nil); err != nil {
			b.Fatal(err)
		}
		now = now.Add(time.Hour)
		before := processorTime(b)
		b.StartTimer()
		_, done, err := c.Gather(b.Context())
		used += processorTime(b) - before
		if err != nil || c.Stats().Series() != 0 {
			b.Fatal(c.Stats().Series(), err)
		}
		done()
	}
	reportUnits(b, used, n)
}
