package exporter_test

import (
	"io"
	"net/http"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter"
)

// BenchmarkScrape is one scrape over a connection of 100,000 series, with the client's reading.
func BenchmarkScrape(b *testing.B) {
	for _, encoding := range []string{"identity", "gzip", "zstd"} {
		b.Run(encoding, func(b *testing.B) {
			e := open(b, new(exporter.Servers), exporter.Options{Source: families(manySeries("http_requests_total", 100_000))})
			benchmarkScrape(b, e, encoding)
		})
	}
}

// BenchmarkScrapeMerged is the same from two instances with one family in common, 50,000 series each.
func BenchmarkScrapeMerged(b *testing.B) {
	half := manySeries("http_requests_total", 100_000)
	other := &dto.MetricFamily{Name: half.Name, Help: half.Help, Type: half.Type, Metric: half.Metric[50_000:]}
	half.Metric = half.Metric[:50_000]
	e := openAll(b, exporter.Options{Source: families(half)}, exporter.Options{Source: families(other)})[0]
	benchmarkScrape(b, e, "identity")
}

func benchmarkScrape(b *testing.B, e *exporter.Endpoint, encoding string) {
	b.ReportAllocs()
	for b.Loop() {
		request, err := http.NewRequest(http.MethodGet, "http://"+at(e)+"/metrics", nil)
		if err != nil {
			b.Fatal(err)
		}
		request.Header.Set("Accept-Encoding", encoding)
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			b.Fatal(err)
		}
		n, err := io.Copy(io.Discard, response.Body)
		if err != nil {
			b.Fatal(err)
		}
		response.Body.Close()
		b.SetBytes(n)
	}
}
