package exporter

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	dto "github.com/prometheus/client_model/go"
)

// manySeries is one counter family of n series with three labels.
func manySeries(name string, n int) []*dto.MetricFamily {
	f := &dto.MetricFamily{Name: new(name), Help: new("Requests served."), Type: dto.MetricType_COUNTER.Enum()}
	for i := range n {
		f.Metric = append(f.Metric, &dto.Metric{
			Label: []*dto.LabelPair{
				{Name: new("host"), Value: new(fmt.Sprintf("host-%d", i%100))},
				{Name: new("method"), Value: new("GET")},
				{Name: new("path"), Value: new(fmt.Sprintf("/api/v1/resource/%d", i))},
			},
			Counter: &dto.Counter{Value: new(float64(i))},
		})
	}
	return []*dto.MetricFamily{f}
}

// BenchmarkScrape is one scrape over a connection of 100,000 series, with the client's reading.
func BenchmarkScrape(b *testing.B) {
	for _, encoding := range []string{"identity", "gzip", "zstd"} {
		b.Run(encoding, func(b *testing.B) {
			var servers Servers
			e := open(b, &servers, Options{Source: families(manySeries("http_requests_total", 100_000)...)})
			benchmarkScrape(b, "http://"+e.Addr().String()+"/metrics", encoding)
		})
	}
}

// BenchmarkScrapeMerged is the same from two instances with one family in common, 50,000 series each.
func BenchmarkScrapeMerged(b *testing.B) {
	var servers Servers
	half := manySeries("http_requests_total", 100_000)[0]
	other := &dto.MetricFamily{Name: half.Name, Help: half.Help, Type: half.Type, Metric: half.Metric[50_000:]}
	half.Metric = half.Metric[:50_000]
	e := open(b, &servers, Options{Source: families(half)})
	open(b, &servers, Options{Address: e.Addr().String(), Instance: "promexporter.1", Source: families(other)})
	benchmarkScrape(b, "http://"+e.Addr().String()+"/metrics", "identity")
}

func benchmarkScrape(b *testing.B, url, encoding string) {
	b.ReportAllocs()
	for b.Loop() {
		request, err := http.NewRequest(http.MethodGet, url, nil)
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
