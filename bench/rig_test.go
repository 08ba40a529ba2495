package bench

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/bench/baseline"
	"github.com/promexporter/promexporter/bench/workload"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/pipeline"
)

// The subjects of the benchmarks: the last part of a benchmark's name.
const (
	ours     = "by=promexporter"
	floor    = "by=floor"
	msgpSkip = "by=msgp.Skip"
	vectors  = "by=fluent-bit-go+client_golang"
	registry = "by=client_golang"
	victoria = "by=VictoriaMetrics"
	bytes    = "by=bytes" // a page that was made before
)

// section is a running [OUTPUT] section.
type section struct {
	*pipeline.Pipeline
	url string
}

// open starts a section with the rules of l, whose series are not limited.
func open(b *testing.B, l *workload.Load) *section {
	b.Helper()
	keys := map[string]string{"listen_address": freeAddress(b), "series_limit": "10000000", "series_memory_limit": "1024GiB", "flush_timeout": "5s", "max_requests": "512"}
	if l.Rules != "" {
		keys["rules_file"] = filepath.Join(b.TempDir(), "rules.yaml")
		if err := os.WriteFile(keys["rules_file"], []byte(l.Rules), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	p, err := pipeline.Open(pipeline.Options{
		Property:  func(key string) string { return keys[key] },
		Instance:  "promexporter.0",
		Log:       slog.New(slog.DiscardHandler),
		Instances: new(pipeline.Instances),
		Version:   "bench",
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(p.Close)
	return &section{p, "http://" + keys["listen_address"] + "/metrics"}
}

func freeAddress(b *testing.B) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *section) flush(b *testing.B, chunk []byte, tag string) {
	if status := s.Flush(chunk, tag); status != flb.OK {
		b.Fatalf("the chunk was answered %d", status)
	}
}

// worker returns a function that turns chunks into series.
func worker(b *testing.B, l *workload.Load, by string) func(chunk []byte) {
	switch by {
	case ours:
		s := open(b, l)
		return func(chunk []byte) { s.flush(b, chunk, l.Tag) }
	case vectors:
		p := baseline.NewPlugin(l)
		return func(chunk []byte) { p.Flush(chunk) }
	case msgpSkip:
		return func(chunk []byte) { skip(b, chunk, baseline.Skip) }
	}
	return func(chunk []byte) { skip(b, chunk, baseline.Floor) }
}

func skip(b *testing.B, chunk []byte, by func(chunk []byte) (n int, err error)) {
	if _, err := by(chunk); err != nil {
		b.Fatal(err)
	}
}

// perRecord repeatedly runs work over the chunks, all of which have the same number of records. It reports the time and
// the processor time, of all threads, per record.
func perRecord(b *testing.B, chunks [][]byte, work func(chunk []byte)) {
	b.Helper()
	perRecords(b, chunks, workload.Events(chunks[0]), work)
}

// perRecords is like perRecord, for work with a given number of records.
func perRecords(b *testing.B, chunks [][]byte, records int, work func(chunk []byte)) {
	b.Helper()
	for _, chunk := range chunks { // makes the series
		work(chunk)
	}
	runtime.GC()
	b.ReportAllocs()
	used, at := processorTime(b), 0
	for b.Loop() {
		work(chunks[at])
		if at++; at == len(chunks) {
			at = 0
		}
	}
	used = processorTime(b) - used
	all := float64(b.N) * float64(records)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/all, "ns/record")
	b.ReportMetric(float64(used.Nanoseconds())/all, "cpu-ns/record")
	b.ReportMetric(float64(records), "records/op")
}

// processorTime returns the processor time of this process, in user and kernel mode.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// server serves h and returns the URL of its page.
func server(b *testing.B, h http.Handler) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &http.Server{Handler: h}
	go func() { _ = s.Serve(l) }()
	b.Cleanup(func() { s.Close() })
	return "http://" + l.Addr().String() + "/metrics"
}

// scraper reads pages as Prometheus does.
type scraper struct {
	client http.Client
	accept string
	coding string
	buffer []byte
}

// formats maps the name of a format to the header Accept.
var formats = map[string]string{
	"text":        "text/plain;version=0.0.4",
	"openmetrics": "application/openmetrics-text;version=1.0.0",
	"protobuf":    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited",
}

func newScraper(format, coding string) *scraper {
	return &scraper{
		client: http.Client{Transport: &http.Transport{DisableCompression: true}},
		accept: formats[format],
		coding: coding,
		buffer: make([]byte, 256<<10),
	}
}

func (s *scraper) get(url string) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", s.accept)
	r.Header.Set("Accept-Encoding", s.coding)
	r.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", "60")
	response, err := s.client.Do(r)
	if err == nil && response.StatusCode != http.StatusOK {
		response.Body.Close()
		err = fmt.Errorf("the scrape was answered %s", response.Status)
	}
	return response, err
}

// scrape reads a page and returns its size.
func (s *scraper) scrape(url string) (n int64, err error) {
	response, err := s.get(url)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	return io.CopyBuffer(struct{ io.Writer }{io.Discard}, response.Body, s.buffer)
}

func (s *scraper) close() { s.client.CloseIdleConnections() }
