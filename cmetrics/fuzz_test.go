package cmetrics

import (
	"bytes"
	"io"
	"testing"
	"unsafe"

	"github.com/promexporter/promexporter/record"
)

type seen struct {
	values, contexts, families, points int
	last                               error // of the last value
}

// readAll reads chunk to its end and checks what holds for any bytes.
func readAll(t testing.TB, chunk []byte) (s seen) {
	t.Helper()
	var (
		r Reader
		c Context
	)
	r.Reset(chunk)
	for at := 0; ; at = r.at {
		err := r.Next(&c)
		if err == io.EOF {
			if at != len(chunk) {
				t.Fatalf("the chunk ends at %d of %d", at, len(chunk))
			}
			return s
		}
		checkStep(t, err, at, r.at)
		s.last = nil
		if err != nil {
			s.last = copyOf(err)
		}
		if err == nil {
			s.contexts++
			checkContext(t, chunk, &c, &s)
		}
		if m, bad := s.last.(*record.Malformed); !bad || m.Reason != record.Undecodable {
			s.values++
		}
	}
}

// copyOf keeps a Malformed beyond the next call.
func copyOf(err error) error {
	m := *err.(*record.Malformed)
	return &m
}

// checkStep checks a Malformed against the bytes that were passed over.
func checkStep(t testing.TB, err error, from, to int) {
	t.Helper()
	if to <= from {
		t.Fatalf("the reader stays at %d", from)
	}
	if m, ok := err.(*record.Malformed); err != nil && (!ok || m.Offset != from || m.Offset+m.Size != to) {
		t.Fatalf("%v, read from %d to %d", err, from, to)
	}
}

func checkContext(t testing.TB, chunk []byte, c *Context, s *seen) {
	var v record.Value
	for _, path := range [][]string{nil, {"resource", "attributes"}, {"resource", "attributes", "service.name"}} {
		c.External(&v, path...)
	}
	for _, l := range c.Static {
		within(t, chunk, l.Name, l.Value)
	}
	var f Family
	for left := c.left; ; left-- {
		c.settle()
		from := c.at
		err := c.Next(&f)
		if err == io.EOF {
			if left != 0 {
				t.Fatalf("%d families are left", left)
			}
			return
		}
		checkStep(t, err, from, c.at)
		if err == nil {
			s.families++
			checkFamily(t, chunk, &f, s)
		}
	}
}

func checkFamily(t testing.TB, chunk []byte, f *Family, s *seen) {
	if len(f.Keys) > MaxLabels || len(f.Bounds) > MaxBuckets || len(f.Quantiles) > MaxQuantiles || len(f.Name) == 0 {
		t.Fatalf("%q: %d keys, %d bounds, %d quantiles", f.Name, len(f.Keys), len(f.Bounds), len(f.Quantiles))
	}
	within(t, chunk, append(f.Keys, f.Help, f.Unit)...)
	var p Point
	for left := f.Len(); ; left-- {
		from := f.at
		err := f.Next(&p)
		if err == io.EOF {
			if left != 0 {
				t.Fatalf("%d points are left", left)
			}
			return
		}
		checkStep(t, err, from, f.at)
		if err == nil {
			s.points++
			checkPoint(t, chunk, &p)
		}
	}
}

func checkPoint(t testing.TB, chunk []byte, p *Point) {
	within(t, chunk, p.Labels...)
	if len(p.Labels) > MaxLabels || len(p.Buckets) > MaxBuckets+1 || p.Time < 0 {
		t.Fatalf("%+v", p)
	}
	var e Exemplar
	for p.NextExemplar(&e) {
		within(t, chunk, e.TraceID, e.SpanID)
		for _, a := range e.Attributes {
			within(t, chunk, a.Name, a.Value)
		}
	}
	count, ok := p.Cumulate(false)
	if !ok {
		return
	}
	if last := p.Buckets[len(p.Buckets)-1]; last != count {
		t.Fatalf("cumulative buckets %v of %d", p.Buckets, count)
	}
	if again, ok := p.Cumulate(false); !ok && len(p.Buckets) > 1 && again != count {
		t.Fatalf("%v of %d are not cumulative", p.Buckets, again)
	}
}

// within checks that texts lie in the chunk, by address.
func within(t testing.TB, chunk []byte, texts ...[]byte) {
	t.Helper()
	from := uintptr(unsafe.Pointer(unsafe.SliceData(chunk)))
	for _, text := range texts {
		at := uintptr(unsafe.Pointer(unsafe.SliceData(text)))
		if len(text) > 0 && (at < from || at+uintptr(len(text)) > from+uintptr(len(chunk)) || cap(text) != len(text)) {
			t.Fatalf("%q does not borrow the chunk", text)
		}
	}
}

// FuzzReader: no bytes make the reader panic, hang, lose count or read past their end.
func FuzzReader(f *testing.F) {
	for _, name := range captures(f, "*/*.mp") {
		chunk := capture(f, name)
		for _, end := range contextEnds(chunk) {
			if end < 6000 {
				f.Add(chunk[:end])
			}
		}
		f.Add(chunk[:min(len(chunk), 500)])
	}
	f.Fuzz(func(t *testing.T, chunk []byte) {
		chunk = bytes.Clone(chunk)
		readAll(t, chunk[:len(chunk):len(chunk)])
	})
}

// TestAllocations: a Reader that has grown allocates nothing.
func TestAllocations(t *testing.T) {
	for _, name := range captures(t, "*/*.mp") {
		chunk := capture(t, name)
		var (
			r Reader
			c Context
			f Family
			p Point
		)
		n := testing.AllocsPerRun(10, func() { r.pass(chunk, &c, &f, &p) })
		if n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// pass reads all of a chunk and returns how many points it has.
func (r *Reader) pass(chunk []byte, c *Context, f *Family, p *Point) (points int) {
	r.Reset(chunk)
	for r.Next(c) == nil {
		for c.Next(f) == nil {
			for f.Next(p) == nil {
				points++
			}
		}
	}
	return points
}

func BenchmarkReader(b *testing.B) {
	for _, name := range []string{"fluentbit_metrics", "node_exporter_metrics", "prometheus_scrape", "otlp_all_kinds", "process_exporter_metrics"} {
		b.Run(name, func(b *testing.B) {
			chunk := capture(b, "testdata/chunks/v5.1.1/"+name+".mp")
			var (
				r Reader
				c Context
				f Family
				p Point
			)
			points := 0
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				points += r.pass(chunk, &c, &f, &p)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(points), "ns/point")
		})
	}
}
