// Package textparse parses the exporter's pages with Prometheus' own parsers. It is a separate module, so that
// Prometheus does not become a dependency of the plugin.
package textparse

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	plabels "github.com/prometheus/prometheus/model/labels"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/address"
	"github.com/promexporter/promexporter/internal/exposition"
)

// fixed is a source that always gives the same families.
type fixed []*dto.MetricFamily

func (f fixed) Gather(context.Context) ([]exposition.Family, func(), error) {
	return exposition.Families(f), func() {}, nil
}

var _ exporter.Source = fixed(nil)

// format is one that a scraper may ask for.
type format struct {
	name, accept string
	contentType  string // without the escaping
}

var formats = []format{
	{"nothing", "", "text/plain; version=0.0.4; charset=utf-8"},
	{"text 0.0.4", "text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"},
	{"text 1.0.0", "text/plain;version=1.0.0", "text/plain; version=1.0.0; charset=utf-8"},
	{"OpenMetrics 0.0.1", "application/openmetrics-text;version=0.0.1", "application/openmetrics-text; version=0.0.1; charset=utf-8"},
	{"OpenMetrics 1.0.0", "application/openmetrics-text;version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8"},
	{
		"protobuf", "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
		"application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
	},
}

var escapings = map[string]model.EscapingScheme{
	"": model.UnderscoreEscaping, "allow-utf-8": model.NoEscaping, "underscores": model.UnderscoreEscaping,
	"dots": model.DotsEscaping, "values": model.ValueEncodingEscaping, "unheard-of": model.UnderscoreEscaping,
}

func open(t *testing.T, source exporter.Source) (url string) {
	t.Helper()
	var servers exporter.Servers
	e, err := servers.Open(exporter.Options{
		Addresses: []address.Address{{Host: "127.0.0.1"}}, Path: "/metrics", Instance: "promexporter.0", Version: "1.2.3", Source: source,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return "http://" + e.Addrs()[0].String() + "/metrics"
}

// scrape gives a page, decompressed, and its Content-Type.
func scrape(t *testing.T, url string, header http.Header) (page []byte, contentType string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var body io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		if body, err = gzip.NewReader(body); err != nil {
			t.Fatal(err)
		}
	}
	if page, err = io.ReadAll(body); err != nil || response.StatusCode != http.StatusOK {
		t.Fatal(response.Status, err)
	}
	return page, response.Header.Get("Content-Type")
}

// TestEveryNegotiation parses the page in every format, with every escaping scheme, compressed and not, as Prometheus
// and as another client.
func TestEveryNegotiation(t *testing.T) {
	url := open(t, fixed(everyKind()))
	for _, f := range formats {
		for escaping, scheme := range escapings {
			for _, scraper := range []string{"", "10"} {
				for _, encoding := range []string{"identity", "gzip"} {
					t.Run(fmt.Sprint(f.name, " ", escaping, " ", encoding, " ", scraper), func(t *testing.T) {
						header := http.Header{"Accept-Encoding": {encoding}}
						if f.accept != "" {
							header.Set("Accept", with(f.accept, escaping))
						}
						if scraper != "" {
							header.Set("X-Prometheus-Scrape-Timeout-Seconds", scraper)
						}
						page, contentType := scrape(t, url, header)
						if f.accept == "" {
							scheme = model.UnderscoreEscaping
						}
						if want := f.contentType + "; escaping=" + scheme.String(); contentType != want {
							t.Errorf("got %q, want %q", contentType, want)
						}
						check(t, f, scheme, scraper != "", parse(t, page, contentType))
					})
				}
			}
		}
	}
}

func with(accept, escaping string) string {
	if escaping == "" {
		return accept
	}
	return accept + ";escaping=" + escaping
}

// check compares the parsed page with everyKind.
func check(t *testing.T, f format, scheme model.EscapingScheme, prometheus bool, got *parsed) {
	t.Helper()
	name := func(s string) string {
		if model.LegacyValidation.IsValidMetricName(s) {
			return s // needs no escaping, and gets none
		}
		return model.EscapeName(s, scheme)
	}
	series := func(of string, pairs ...string) string {
		all := []string{model.MetricNameLabel, name(of)}
		for i := 0; i < len(pairs); i += 2 {
			all = append(all, name(pairs[i]), pairs[i+1])
		}
		return plabels.FromStrings(all...).String()
	}
	for key, want := range map[string]float64{
		series("http.requests_total", "k8s.pod", "a\"b\\c\nd", "path", "/ä/日本"): 3,
		series("http.requests_total", "k8s.pod", "", "path", "/"):               math.MaxUint64,
		series("load", "of", "nan"):                                             math.NaN(),
		series("load", "of", "-inf"):                                            math.Inf(-1),
		series("load", "of", "small"):                                           1e-300,
		series("size_bytes", "quantile", "0.5"):                                 1,
		series("size_bytes_sum"):                                                3,
		series("wait_seconds_count", "path", "/"):                               3,
		series("wait_seconds_bucket", "path", "/", "le", "0.1"):                 2,
		series("日本"):                                                            7,
	} {
		v, ok := got.series[key]
		if !ok || v != want && !(math.IsNaN(v) && math.IsNaN(want)) {
			t.Errorf("%s: %v %t, want %v; there are\n%v", key, v, ok, want, got.series)
		}
	}
	for family, want := range map[string]model.MetricType{
		"load": model.MetricTypeGauge, "size_bytes": model.MetricTypeSummary, "wait_seconds": model.MetricTypeHistogram,
	} {
		if got.types[family] != want {
			t.Errorf("%s is a %s", family, got.types[family])
		}
	}
	open, proto := strings.Contains(f.name, "Open"), f.name == "protobuf"
	// The text format has neither; OpenMetrics shows created timestamps to clients that do not store them as series.
	if (got.exemplars > 0) != (open || proto) || (got.native > 0) != proto {
		t.Errorf("%d exemplars, %d native histograms", got.exemplars, got.native)
	}
	if (got.started > 0) != (proto || open && !prometheus) {
		t.Errorf("%d created timestamps", got.started)
	}
}

// What Prometheus itself sends, in the order of its preferences.
func TestPrometheusAsks(t *testing.T) {
	url := open(t, fixed(everyKind()))
	const texts = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5," +
		"application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3," +
		"text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
	for accept, want := range map[string]string{
		texts: "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
		formats[5].accept + ";escaping=allow-utf-8;q=0.6," + texts: formats[5].contentType + "; escaping=allow-utf-8",
	} {
		page, contentType := scrape(t, url, http.Header{"Accept": {accept}, "X-Prometheus-Scrape-Timeout-Seconds": {"10"}})
		if contentType != want {
			t.Errorf("got %q, want %q", contentType, want)
		}
		if got := parse(t, page, contentType); len(got.series) < 15 {
			t.Errorf("%d series", len(got.series))
		}
	}
}

// A client that accepts no available format gets text, not an error.
func TestUnknownFormats(t *testing.T) {
	url := open(t, fixed(everyKind()))
	for _, accept := range []string{
		"garbage;;q=x", "\xff\xfe", ",,,;;;", strings.Repeat("a/b,", 2000), "*/*", "*/*;q=0", "text/html", "image/*, text/*;q=0.1",
		"application/json", "text/plain;version=2.0.0", "text/plain;version=", "application/openmetrics-text;version=99.0.0",
		"application/vnd.google.protobuf;proto=some.other.Family;encoding=delimited", formats[3].accept + "x",
	} {
		page, contentType := scrape(t, url, http.Header{"Accept": {accept}})
		if want := formats[0].contentType + "; escaping=underscores"; contentType != want {
			t.Errorf("%.40q: got %q, want %q", accept, contentType, want)
			continue
		}
		check(t, formats[0], model.UnderscoreEscaping, false, parse(t, page, contentType))
	}
}
