package render

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unsafe"

	"github.com/klauspost/compress/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/internal/exposition"
)

// counters is a family of n counters.
func counters(name string, n int) exposition.Family {
	f := &dto.MetricFamily{Name: new(name), Help: new("Help."), Type: dto.MetricType_COUNTER.Enum()}
	for i := range n {
		f.Metric = append(f.Metric, &dto.Metric{
			Label:   []*dto.LabelPair{{Name: new("l"), Value: new(fmt.Sprint("value ", i))}},
			Counter: &dto.Counter{Value: new(float64(i))},
		})
	}
	return exposition.Family{MetricFamily: f}
}

// histogram is a family of one histogram with a bound.
func histogram(name string, signed bool) exposition.Family {
	sum := 1.5
	if signed {
		sum = -1.5
	}
	return exposition.Family{Signed: signed, MetricFamily: &dto.MetricFamily{
		Name: new(name), Help: new("Help."), Type: dto.MetricType_HISTOGRAM.Enum(),
		Metric: []*dto.Metric{{Histogram: &dto.Histogram{
			SampleCount: new(uint64(2)), SampleSum: new(sum),
			Bucket: []*dto.Bucket{{UpperBound: new(1.0), CumulativeCount: new(uint64(2))}},
		}}},
	}}
}

// accepting is the header of a request that accepts one format and one encoding.
func accepting(format, encoding string) http.Header {
	h := http.Header{}
	h.Set("Accept", format)
	h.Set("Accept-Encoding", encoding)
	return h
}

const (
	acceptText     = "text/plain;version=0.0.4"
	acceptText1    = "text/plain;version=1.0.0;escaping=allow-utf-8"
	acceptOpen     = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
	acceptOpen0    = "application/openmetrics-text;version=0.0.1"
	acceptProtobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)

func mustRender(t testing.TB, r *Renderer, f Format, all ...exposition.Family) *Page {
	t.Helper()
	p, err := r.Render(t.Context(), all, f, func(bad *FamilyError) { t.Error(bad) })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// content is the page as a client that decompresses sees it.
func content(t testing.TB, p *Page) string {
	t.Helper()
	var written bytes.Buffer
	encoding := p.ContentEncoding()
	if n, err := p.WriteTo(&written); err != nil || n != p.Size() || int64(written.Len()) != n {
		t.Fatalf("wrote %d of %d bytes: %v", n, p.Size(), err)
	}
	var plain io.Reader = &written
	var err error
	switch encoding {
	case "gzip":
		plain, err = gzip.NewReader(&written)
	case "zstd":
		plain, err = zstd.NewReader(&written)
	}
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(plain)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestPagesEqualExpfmt checks that each format, in each encoding, has the bytes that expfmt writes.
func TestPagesEqualExpfmt(t *testing.T) {
	var r Renderer
	other := counters("e_total", 3) // one label name is only valid as UTF-8
	other.Metric[2].Label = []*dto.LabelPair{other.Metric[0].Label[0], {Name: new("l.m"), Value: new("v")}}
	all := []exposition.Family{counters("a_total", 5000), histogram("b", false), counters("c.d_total", 3), other}
	for accept, format := range map[string]expfmt.Format{
		acceptText:     expfmt.NewFormat(expfmt.TypeTextPlain).WithEscapingScheme(model.UnderscoreEscaping),
		acceptText1:    expfmt.NewFormat(expfmt.TypeTextPlain).WithEscapingScheme(model.NoEscaping),
		acceptOpen:     expfmt.FmtOpenMetrics_1_0_0.WithEscapingScheme(model.NoEscaping),
		acceptOpen0:    expfmt.FmtOpenMetrics_0_0_1.WithEscapingScheme(model.UnderscoreEscaping),
		acceptProtobuf: expfmt.NewFormat(expfmt.TypeProtoDelim).WithEscapingScheme(model.UnderscoreEscaping),
	} {
		var want bytes.Buffer
		e := expfmt.NewEncoder(&want, format)
		for _, f := range all {
			if err := e.Encode(f.MetricFamily); err != nil {
				t.Fatal(err)
			}
		}
		if closer, ok := e.(expfmt.Closer); ok {
			if err := closer.Close(); err != nil {
				t.Fatal(err)
			}
		}
		for _, encoding := range []string{"", "gzip", "zstd"} {
			for range 2 { // with new memory and with used one
				got := content(t, mustRender(t, &r, Negotiate(accepting(accept, encoding), false), all...))
				if got != want.String() && !sameFamilies(t, got, want.String()) {
					t.Errorf("%s, %q: %d bytes differ from the %d of expfmt", accept, encoding, len(got), want.Len())
				}
			}
		}
	}
}

// sameFamilies reports whether two protobuf pages hold equal families: the order of fields is free.
func sameFamilies(t *testing.T, a, b string) bool {
	t.Helper()
	read := func(text string) (all []*dto.MetricFamily) {
		d := expfmt.NewDecoder(strings.NewReader(text), expfmt.NewFormat(expfmt.TypeProtoDelim))
		for {
			var f dto.MetricFamily
			if err := d.Decode(&f); err != nil {
				if !errors.Is(err, io.EOF) {
					t.Error(err)
				}
				return all
			}
			all = append(all, &f)
		}
	}
	first, second := read(a), read(b)
	if len(first) != len(second) || len(first) == 0 {
		return false
	}
	for i := range first {
		if !proto.Equal(first[i], second[i]) {
			return false
		}
	}
	return true
}

// TestSharedPage checks that every reader gets the whole page, and that its memory is not used again.
func TestSharedPage(t *testing.T) {
	var r Renderer
	f := Negotiate(accepting(acceptText, ""), false)
	want := content(t, mustRender(t, &r, f, counters("a_total", 20_000)))
	shared := mustRender(t, &r, f, counters("a_total", 20_000))
	shared.Share()
	for range 3 {
		if got := content(t, shared); got != want {
			t.Error("a reader gets another page")
		}
		shared.Discard()
		mustRender(t, &r, f, counters("b_total", 20_000)).Discard() // would overwrite it
	}
}

// TestPieceFitsTheHeap checks that a piece fills whole pages of the Go heap.
func TestPieceFitsTheHeap(t *testing.T) {
	if size := unsafe.Sizeof(piece{}); size != 56<<10 {
		t.Errorf("a piece takes %d bytes", size)
	}
}

// TestReaderThatFails checks that the memory of a page is returned if its client disconnects.
func TestReaderThatFails(t *testing.T) {
	var r Renderer
	f := Negotiate(accepting(acceptText, ""), false)
	p := mustRender(t, &r, f, counters("a_total", 20_000))
	left := errors.New("the client left")
	if n, err := p.WriteTo(failing{left}); !errors.Is(err, left) || n != 0 {
		t.Errorf("wrote %d: %v", n, err)
	}
	if r.pieces.pool.Get() == nil {
		t.Error("the memory is not returned")
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestRenderEndsWithItsContext checks that rendering ends with its context, in each format, compressed or not.
func TestRenderEndsWithItsContext(t *testing.T) {
	late := errors.New("too late")
	for _, accept := range []string{acceptText, acceptOpen, acceptProtobuf} {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			var r Renderer
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(late)
			p, err := r.Render(ctx, []exposition.Family{counters("a_total", 10_000)}, Negotiate(accepting(accept, encoding), false),
				func(bad *FamilyError) { t.Error(bad) })
			if p != nil || !errors.Is(err, late) {
				t.Errorf("%s, %q: %v", accept, encoding, err)
			}
		}
	}
}

// TestBadFamily checks that only the family that cannot be encoded is left out.
func TestBadFamily(t *testing.T) {
	var r Renderer
	broken := exposition.Family{MetricFamily: &dto.MetricFamily{
		Name: new("b"), Type: dto.MetricType_HISTOGRAM.Enum(), Metric: []*dto.Metric{{}},
	}}
	panics := exposition.Family{MetricFamily: &dto.MetricFamily{
		Name: new("c"), Type: dto.MetricType_COUNTER.Enum(), Metric: []*dto.Metric{nil},
	}}
	for _, encoding := range []string{"", "gzip", "zstd"} {
		f := Negotiate(accepting(acceptText, encoding), false)
		want := content(t, mustRender(t, &r, f, counters("a_total", 5000), counters("d_total", 1)))
		var failed []string
		p, err := r.Render(t.Context(), []exposition.Family{counters("a_total", 5000), broken, panics, counters("d_total", 1)}, f,
			func(bad *FamilyError) { failed = append(failed, bad.Family) })
		if err != nil || fmt.Sprint(failed) != "[b c]" {
			t.Fatalf("failed %v, %v", failed, err)
		}
		if got := content(t, p); got != want {
			t.Errorf("%q: got\n%.500s\nwant\n%.500s", encoding, got, want)
		}
	}
}

// TestSumsThatOpenMetricsForbids checks that such sums are left out in OpenMetrics, and only there.
func TestSumsThatOpenMetricsForbids(t *testing.T) {
	var r Renderer
	all := []exposition.Family{histogram("a", true), histogram("b.c", true), counters("d_total", 2)}
	for accept, want := range map[string]int{
		acceptText: 2, acceptText1: 2, acceptOpen: 0, "application/openmetrics-text;version=1.0.0": 0,
	} {
		page := content(t, mustRender(t, &r, Negotiate(accepting(accept, ""), false), all...))
		if got := strings.Count(page, "_sum"); got != want {
			t.Errorf("%s: %d sums, want %d\n%s", accept, got, want, page)
		}
		if strings.Count(page, "_count") != want || strings.Count(page, "_bucket") != 4 || strings.Count(page, "d_total{") != 2 {
			t.Errorf("%s: something else is missing\n%s", accept, page)
		}
	}
}

func TestNegotiateEncoding(t *testing.T) {
	for accepted, want := range map[string]string{
		"": "", "identity": "", "gzip": "gzip", "zstd": "zstd", "br": "", "*": "", "*;q=0": "", "GZIP": "gzip",
		"gzip, zstd": "gzip", "zstd, gzip": "gzip", "gzip;q=0.5, zstd": "zstd", "gzip;q=0": "", "gzip;q=0.1, *;q=0.5": "",
		"identity;q=0.5, gzip": "gzip", "gzip;q=x": "", "gzip;q=2": "", ",;,": "", "br;q=1.0, gzip;q=0.8, *;q=0.1": "gzip",
	} {
		if got := negotiateEncoding(accepting("", accepted)); got != want {
			t.Errorf("%q: %q, want %q", accepted, got, want)
		}
	}
}

// TestBuffersDoNotGrow checks that no buffer grows with the page, because the runtime cannot preempt the copy of a
// large one.
func TestBuffersDoNotGrow(t *testing.T) {
	var r Renderer
	all := []exposition.Family{counters("a_total", 30_000)}
	for i := range 3000 {
		all = append(all, counters(fmt.Sprintf("b%04d_total", i), 1))
	}
	delimited := strings.TrimSuffix(acceptProtobuf, "delimited")
	for _, accept := range []string{acceptText, acceptOpen, acceptProtobuf, delimited + "text", delimited + "compact-text"} {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			f := Negotiate(accepting(accept, encoding), false)
			size := mustRender(t, &r, f, all...).Size()
			writes := &largest{}
			if err := r.write(writes, all, f); err != nil {
				t.Fatal(err)
			}
			if writes.n > pieceSize {
				t.Errorf("%s: a write of %d bytes", accept, writes.n)
			}
			if size < 100 {
				t.Errorf("%s: a page of %d bytes", accept, size)
			}
		}
	}
}

// largest is a writer that remembers its largest write.
type largest struct{ n int }

func (l *largest) Write(b []byte) (int, error) {
	l.n = max(l.n, len(b))
	return len(b), nil
}

// BenchmarkRender renders 100,000 counters.
func BenchmarkRender(b *testing.B) {
	all := []exposition.Family{counters("a_total", 100_000)}
	for _, accept := range []string{acceptText, acceptOpen, acceptProtobuf} {
		for _, encoding := range []string{"identity", "gzip", "zstd"} {
			b.Run(strings.Split(accept, ";")[0]+"/"+encoding, func(b *testing.B) {
				var r Renderer
				f := Negotiate(accepting(accept, encoding), false)
				b.ReportAllocs()
				for b.Loop() {
					p := mustRender(b, &r, f, all...)
					b.ReportMetric(float64(p.Size()), "B/page")
					p.Discard()
				}
			})
		}
	}
}

// TestPageIsBounded refuses a page that would be too large, in each format, compressed or not.
func TestPageIsBounded(t *testing.T) {
	small, large := []exposition.Family{counters("a_total", 1)}, []exposition.Family{counters("a_total", 100_000)}
	for _, accept := range []string{acceptText, acceptOpen, acceptProtobuf} {
		for _, encoding := range []string{"", "gzip", "zstd"} {
			r := Renderer{maxPage: 1} // which is a piece
			f := Negotiate(accepting(accept, encoding), true)
			unexpected := func(bad *FamilyError) { t.Error(bad) }
			if _, err := r.Render(t.Context(), large, f, unexpected); !errors.Is(err, ErrTooLarge) {
				t.Errorf("%s, %q: %v", accept, encoding, err)
			}
			if p, err := r.Render(t.Context(), small, f, unexpected); err != nil || !strings.Contains(content(t, p), "a_total") {
				t.Errorf("%s, %q: %v", accept, encoding, err)
			}
		}
	}
}
