package exporter_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/promexporter/promexporter/exporter"
)

const (
	typeText      = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores"
	typeText1     = "text/plain; version=1.0.0; charset=utf-8; escaping=underscores"
	typeOpen      = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"
	typeText1UTF8 = "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
	typeOpenUTF8  = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8"
	typeOpen0     = "application/openmetrics-text; version=0.0.1; charset=utf-8; escaping=underscores"
	typeProtobuf  = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores"

	acceptOpen     = "application/openmetrics-text;version=1.0.0"
	acceptProtobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
	// What Prometheus 3 sends by default.
	acceptPrometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
		"application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3," +
		"text/plain;version=0.0.4;q=0.2,*/*;q=0.1"

	timeoutHeader = "X-Prometheus-Scrape-Timeout-Seconds"
)

func TestNegotiation(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{Source: families(everyKind()...)})
	for _, test := range []struct{ accept, contentType, file string }{
		{"", typeText, "text.prom"},
		{"*/*", typeText, "text.prom"},
		{"text/plain", typeText, "text.prom"},
		{"text/html,application/xhtml+xml,*/*;q=0.8", typeText, "text.prom"},
		{"garbage;;q=x", typeText, "text.prom"},
		{"text/plain;version=1.0.0", typeText1, "text.prom"},
		{"text/plain;version=1.0.0;escaping=allow-utf-8,text/plain;version=0.0.4;q=0.9", typeText1UTF8, "text.prom"},
		{acceptOpen, typeOpen, "openmetrics.prom"},
		{"application/openmetrics-text;version=0.0.1", typeOpen0, "openmetrics.prom"},
		{acceptPrometheus, typeOpenUTF8, "openmetrics.prom"},
		{acceptProtobuf, typeProtobuf, "text.prom"},
		{acceptProtobuf + ";q=0.5," + acceptPrometheus, typeProtobuf, "text.prom"},
	} {
		for accepted, encoding := range map[string]string{"": "", "br, gzip": "gzip", "gzip;q=0.5, zstd": "zstd"} {
			w := ask(t, e, "GET", "/metrics", "Accept", test.accept, "Accept-Encoding", accepted)
			if h := w.Header(); w.Code != 200 || h.Get("Content-Type") != test.contentType ||
				h.Get("Content-Encoding") != encoding || h.Get("Vary") != "Accept, Accept-Encoding" {
				t.Errorf("%q, %q: %d %v", test.accept, accepted, w.Code, h)
			}
			golden(t, test.file, foreign(asText(t, w)))
		}
	}
}

// Prometheus gets created timestamps in protobuf only.
func TestCreatedTimestamps(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{Source: families(everyKind()...)})
	w := ask(t, e, "GET", "/metrics", "Accept", acceptPrometheus, timeoutHeader, "10")
	golden(t, "openmetrics_prometheus.prom", foreign(asText(t, w)))
	w = ask(t, e, "GET", "/metrics", "Accept", acceptProtobuf, timeoutHeader, "10")
	created := make(map[string]int64)
	for _, f := range protobufFamilies(t, w.Body) {
		created[f.GetName()] = f.Metric[0].GetCounter().GetCreatedTimestamp().GetSeconds() +
			f.Metric[0].GetHistogram().GetCreatedTimestamp().GetSeconds()
	}
	if created["requests_total"] != 1_700_000_000 || created["wait_seconds"] != 1_700_000_000 {
		t.Errorf("got %v", created)
	}
}

func TestNamesSelectFamilies(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{Source: families(everyKind()...)})
	for _, more := range []string{"", "&%zz&other=load"} { // what cannot be read of a query is ignored
		w := ask(t, e, "GET", "/metrics?name[]=load&name[]=promexporter_http_panics_total&name[]=none"+more)
		golden(t, "names.prom", w.Body.String())
	}
}

func TestHeadHasTheLengthOfGet(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{Source: families(manySeries("a", 1000))})
	const page = "/metrics?name[]=a"
	got, head := ask(t, e, "GET", page), ask(t, e, "HEAD", page)
	length := head.Header().Get("Content-Length")
	if head.Code != 200 || head.Body.Len() != 0 || got.Body.Len() < 10_000 || length != strconv.Itoa(got.Body.Len()) {
		t.Errorf("%d with %d bytes of %s, want none of %d", head.Code, head.Body.Len(), length, got.Body.Len())
	}
}

// Only the family that cannot be encoded is left out, in every format, and wherever it fails.
func TestUnencodableFamily(t *testing.T) {
	bad := up("bad", "1")
	bad.Metric = append(bad.Metric, &dto.Metric{Counter: &dto.Counter{}})
	worse := up("worse", "1")
	worse.Metric = append(worse.Metric, nil)
	var out logged
	e := open(t, new(exporter.Servers), exporter.Options{
		Source: families(up("a", "1"), bad, worse, up("z", "1")), Log: out.log(),
	})
	for _, accept := range []string{"", acceptOpen} {
		w := ask(t, e, "GET", "/metrics", "Accept", accept, "Accept-Encoding", "gzip")
		page := asText(t, w)
		if w.Code != 200 || strings.Contains(page, "bad") || strings.Contains(page, "worse") ||
			value(page, `a{l="1"}`) == "" || value(page, `z{l="1"}`) == "" {
			t.Errorf("%q: %d\n%s", accept, w.Code, foreign(page))
		}
	}
	const counted = `promexporter_scrape_families_dropped_total{path="/metrics",reason="encoding"}`
	if got := value(ask(t, e, "GET", "/metrics").Body.String(), counted); got != "4" {
		t.Errorf("counted %s, want 4", got)
	}
	if got := strings.Count(out.String(), "the family cannot be encoded"); got != 2 {
		t.Errorf("%d lines, want one for each family:\n%s", got, out.String())
	}
}

// asText is the page of w, decompressed, and in the text format if it is in protobuf.
func asText(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	body := io.Reader(bytes.NewReader(w.Body.Bytes()))
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
	var text strings.Builder
	if !strings.HasPrefix(w.Header().Get("Content-Type"), "application/vnd.google.protobuf") {
		if _, err := io.Copy(&text, body); err != nil {
			t.Fatal(err)
		}
		return text.String()
	}
	for _, f := range protobufFamilies(t, body) {
		if _, err := expfmt.MetricFamilyToText(&text, f); err != nil {
			t.Fatal(err)
		}
	}
	return text.String()
}

func protobufFamilies(t *testing.T, page io.Reader) (all []*dto.MetricFamily) {
	t.Helper()
	for decoder := expfmt.NewDecoder(page, expfmt.FmtProtoDelim); ; {
		var f dto.MetricFamily
		if err := decoder.Decode(&f); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, &f)
	}
}
