package collector_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/goldentest"
)

// noon is the time of the batches, 2023-11-14T22:13:20Z.
const noon = 1_700_000_000 * int64(time.Second)

// patience bounds the wait for what should happen at once.
const patience = time.Minute

func open(t testing.TB, o collector.Options) *collector.Collector {
	t.Helper()
	if o.SeriesLimit == 0 {
		o.SeriesLimit = 100_000
	}
	c := collector.New(o)
	t.Cleanup(c.Close)
	return c
}

// batchAt builds a batch; each of the given functions appends to it.
func batchAt(now int64, adds ...func(*collector.Batch)) *collector.Batch {
	b := &collector.Batch{Now: now}
	for _, add := range adds {
		add(b)
	}
	return b
}

// of appends a sample with its label values.
func of(s collector.Sample, labels ...string) func(*collector.Batch) {
	return func(b *collector.Batch) {
		for _, l := range labels {
			b.Label([]byte(l))
		}
		b.Append(&s)
	}
}

func add(f *collector.Family, v float64, labels ...string) func(*collector.Batch) {
	return of(collector.Sample{Family: f, Op: collector.Add, Value: v}, labels...)
}

func set(f *collector.Family, v float64, labels ...string) func(*collector.Batch) {
	return of(collector.Sample{Family: f, Op: collector.Set, Value: v}, labels...)
}

func observe(f *collector.Family, v float64, labels ...string) func(*collector.Batch) {
	return of(collector.Sample{Family: f, Op: collector.Observe, Value: v}, labels...)
}

func ingest(t testing.TB, c *collector.Collector, adds ...func(*collector.Batch)) {
	t.Helper()
	ingestAt(t, c, noon, adds...)
}

func ingestAt(t testing.TB, c *collector.Collector, now int64, adds ...func(*collector.Batch)) {
	t.Helper()
	if err := c.Ingest(batchAt(now, adds...), nil); err != nil {
		t.Fatalf("Ingest: %v", err)
	}
}

var (
	textFormat  = expfmt.NewFormat(expfmt.TypeTextPlain)
	openFormat  = expfmt.NewFormat(expfmt.TypeOpenMetrics)
	protoFormat = expfmt.NewFormat(expfmt.TypeProtoDelim).WithEscapingScheme(model.NoEscaping)
)

// scrape returns the exposition in a format.
func scrape(t testing.TB, c *collector.Collector, format expfmt.Format) string {
	t.Helper()
	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatalf("Gather: %v", err)
	}
	return encode(t, families, format)
}

func encode(t testing.TB, families []exposition.Family, format expfmt.Format) string {
	t.Helper()
	var out bytes.Buffer
	encoder := expfmt.NewEncoder(&out, format, expfmt.WithCreatedLines())
	for _, f := range families {
		if err := encoder.Encode(f.MetricFamily); err != nil {
			t.Fatalf("encoding %s: %v", f.GetName(), err)
		}
	}
	if closer, ok := encoder.(expfmt.Closer); ok {
		if err := closer.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

// wantText compares the text exposition.
func wantText(t testing.TB, c *collector.Collector, want string) {
	t.Helper()
	if got := scrape(t, c, textFormat); got != want {
		t.Errorf("exposition is\n%s\nwant\n%s", got, want)
	}
}

// golden compares the exposition in all formats with testdata/name.prom (text) and testdata/name.om (OpenMetrics). The
// protobuf one must read back as what was gathered.
func golden(t *testing.T, c *collector.Collector, name string) {
	t.Helper()
	compareFile(t, name+".prom", scrape(t, c, textFormat))
	compareFile(t, name+".om", scrape(t, c, openFormat))

	families, done, err := c.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	decoder := expfmt.NewDecoder(bytes.NewReader([]byte(encode(t, families, protoFormat))), protoFormat)
	for _, want := range families {
		var got dto.MetricFamily
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("decoding %s: %v", want.GetName(), err)
		}
		if !proto.Equal(&got, want.MetricFamily) {
			t.Errorf("protobuf of %s reads back as\n%v\nwant\n%v", want.GetName(), &got, want.MetricFamily)
		}
	}
	if err := decoder.Decode(&dto.MetricFamily{}); !errors.Is(err, io.EOF) {
		t.Errorf("after the last family: %v, want EOF", err)
	}
}

func compareFile(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", name), got)
}

// eventually polls until holds returns true.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !holds() {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
		time.Sleep(time.Millisecond)
	}
}

// receive waits for a channel.
func receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("not within %v: %s", patience, what)
		panic("unreachable")
	}
}
