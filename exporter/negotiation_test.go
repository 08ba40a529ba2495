package exporter

import (
	"compress/gzip"
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/types/known/timestamppb"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

const (
	typeText      = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
	typeText1     = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
	typeOpen      = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
	typeText1UTF8 = "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
	typeOpenUTF8  = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
	typeOpen0     = "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores"
	typeProtobuf  = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores"

	acceptProtobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	// What Prometheus 3 sends by default.
	acceptPrometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
		"application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3," +
		"text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)

// everyKind is one family of each kind.
func everyKind() []*dto.MetricFamily {
	created := timestamppb.New(time.Unix(1_700_000_000, 0))
	label := []*dto.LabelPair{{Name: new("path"), Value: new(`/"a"\b`)}}
	return []*dto.MetricFamily{
		{
			Name: new("load"), Help: new("Load."), Type: dto.MetricType_GAUGE.Enum(),
			Metric: []*dto.Metric{{Label: label, Gauge: &dto.Gauge{Value: new(0.25)}}},
		},
		{
			Name: new("requests_total"), Help: new("Requests served."), Type: dto.MetricType_COUNTER.Enum(),
			Metric: []*dto.Metric{{Label: label, Counter: &dto.Counter{
				Value: new(3.0), CreatedTimestamp: created,
				Exemplar: &dto.Exemplar{Label: []*dto.LabelPair{{Name: new("trace_id"), Value: new("1f")}}, Value: new(1.0)},
			}}},
		},
		{
			Name: new("wait_seconds"), Help: new("Time waited."), Type: dto.MetricType_HISTOGRAM.Enum(), Unit: new("seconds"),
			Metric: []*dto.Metric{{Histogram: &dto.Histogram{
				SampleCount: new(uint64(3)), SampleSum: new(1.5), CreatedTimestamp: created,
				Bucket: []*dto.Bucket{
					{UpperBound: new(1.0), CumulativeCount: new(uint64(2))},
					{UpperBound: new(2.0), CumulativeCount: new(uint64(3))},
				},
				Schema: new(int32(3)), ZeroThreshold: new(1e-128), ZeroCount: new(uint64(0)),
				PositiveSpan: []*dto.BucketSpan{{Offset: new(int32(-8)), Length: new(uint32(1))}}, PositiveDelta: []int64{3},
			}}},
		},
	}
}

func TestNegotiation(t *testing.T) {
	s, _ := offline(Options{Source: families(everyKind()...)})
	for _, test := range []struct{ accept, contentType, file string }{
		{"", typeText, "text.prom"},
		{"*/*", typeText, "text.prom"},
		{"text/plain", typeText, "text.prom"},
		{"text/html,application/xhtml+xml,*/*;q=0.8", typeText, "text.prom"},
		{"garbage;;q=x", typeText, "text.prom"},
		{"text/plain;version=1.0.0", typeText1, "text.prom"},
		{"text/plain;version=1.0.0;escaping=allow-utf-8,text/plain;version=0.0.4;q=0.9", typeText1UTF8, "text.prom"},
		{"application/openmetrics-text;version=1.0.0", typeOpen, "openmetrics.prom"},
		{"application/openmetrics-text;version=0.0.1", typeOpen0, "openmetrics.prom"},
		{acceptPrometheus, typeOpenUTF8, "openmetrics.prom"},
		{acceptProtobuf, typeProtobuf, "text.prom"},
		{acceptProtobuf + ";q=0.5," + acceptPrometheus, typeProtobuf, "text.prom"},
	} {
		for _, encoding := range []string{"", "identity", "gzip", "zstd", "br", "*;q=0", "gzip;q=0.5, zstd"} {
			w := ask(s, http.MethodGet, "/metrics", "Accept", test.accept, "Accept-Encoding", encoding)
			if w.Code != http.StatusOK || w.Header().Get("Content-Type") != test.contentType {
				t.Errorf("%q, %q: %d %q", test.accept, encoding, w.Code, w.Header().Get("Content-Type"))
			}
			if got, want := w.Header().Get("Content-Encoding"), encodingFor(encoding); got != want {
				t.Errorf("%q, %q: encoded as %q, want %q", test.accept, encoding, got, want)
			}
			page := decompressed(t, w)
			if test.contentType == typeProtobuf {
				page = protobufAsText(t, page)
			}
			golden(t, test.file, foreign(page))
		}
	}
}

func encodingFor(accepted string) string {
	switch {
	case strings.HasSuffix(accepted, "zstd"):
		return "zstd"
	case accepted == "gzip":
		return "gzip"
	}
	return ""
}

// Prometheus gets created timestamps in protobuf only.
func TestCreatedTimestamps(t *testing.T) {
	s, _ := offline(Options{Source: families(everyKind()...)})
	const header = "X-Prometheus-Scrape-Timeout-Seconds"
	text := decompressed(t, ask(s, http.MethodGet, "/metrics", "Accept", acceptPrometheus, header, "10"))
	golden(t, "openmetrics_prometheus.prom", foreign(text))
	page := decompressed(t, ask(s, http.MethodGet, "/metrics", "Accept", acceptProtobuf, header, "10"))
	for _, f := range protobufFamilies(t, page) {
		if f.GetName() == "requests_total" && f.Metric[0].Counter.CreatedTimestamp.GetSeconds() != 1_700_000_000 {
			t.Errorf("got %v", f)
		}
	}
}

func TestNamesSelectFamilies(t *testing.T) {
	s, _ := offline(Options{Source: families(everyKind()...)})
	w := ask(s, http.MethodGet, "/metrics?name[]=load&name[]=promexporter_http_panics_total&name[]=none")
	golden(t, "names.prom", w.Body.String())
}

func TestHeadHasTheLengthOfGet(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{Source: families(manySeries("a", 1000)...)})
	response, err := http.Head("http://" + e.Addr().String() + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ContentLength < 10_000 {
		t.Errorf("got %s, %d bytes", response.Status, response.ContentLength)
	}
}

// A family that cannot be encoded costs nothing but itself, in no format, and wherever it fails.
func TestUnencodableFamily(t *testing.T) {
	good := up("a", "1")
	bad := up("bad", "1")
	bad.Metric = append(bad.Metric, &dto.Metric{Counter: &dto.Counter{}})
	worse := up("worse", "1")
	worse.Metric = append(worse.Metric, nil)
	var out logged
	s, _ := offline(Options{Source: families(good, bad, worse, up("z", "1")), Log: out.log()})
	for _, accept := range []string{"", "application/openmetrics-text;version=1.0.0"} {
		w := ask(s, http.MethodGet, "/metrics", "Accept", accept, "Accept-Encoding", "gzip")
		page := decompressed(t, w)
		if w.Code != http.StatusOK || strings.Contains(page, "bad") || strings.Contains(page, "worse") ||
			value(page, `a{l="1"}`) == "" || value(page, `z{l="1"}`) == "" {
			t.Errorf("%q: %d\n%s", accept, w.Code, foreign(page))
		}
	}
	const counted = `promexporter_scrape_families_dropped_total{path="/metrics",reason="encoding"}`
	if got := value(ask(s, http.MethodGet, "/metrics").Body.String(), counted); got != "4" {
		t.Errorf("counted %s, want 4", got)
	}
	if got := strings.Count(out.String(), "the family cannot be encoded"); got != 2 {
		t.Errorf("%d lines, want one for each family:\n%s", got, out.String())
	}
}

func decompressed(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	var body io.Reader = w.Body
	switch w.Header().Get("Content-Encoding") {
	case "gzip":
		r, err := gzip.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		body = r
	case "zstd":
		r, err := zstd.NewReader(body)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		body = r
	}
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func protobufFamilies(t *testing.T, page string) (list []*dto.MetricFamily) {
	t.Helper()
	for decoder := expfmt.NewDecoder(strings.NewReader(page), expfmt.FmtProtoDelim); ; {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, &f)
	}
}

func protobufAsText(t *testing.T, page string) string {
	t.Helper()
	return write(t, protobufFamilies(t, page))
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\ngot\n%s\nwant\n%s", file, got, want)
	}
}
