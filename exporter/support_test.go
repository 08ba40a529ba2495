package exporter_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/address"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/logtest"
)

var update = flag.Bool("update", false, "write the golden files of testdata")

// source is an exporter.Source made of a function.
type source func(ctx context.Context) ([]exposition.Family, func(), error)

func (s source) Gather(ctx context.Context) ([]exposition.Family, func(), error) { return s(ctx) }

// families is a source that always gives f.
func families(f ...*dto.MetricFamily) exporter.Source {
	return source(func(context.Context) ([]exposition.Family, func(), error) {
		return exposition.Families(f), func() {}, nil
	})
}

// hanging is a source whose Gather blocks until release is closed, or until its context ends if it is polite.
type hanging struct {
	release      chan struct{}
	polite       bool
	asked, given atomic.Int64 // calls of Gather, and of done
	families     []*dto.MetricFamily
}

func newHanging(f ...*dto.MetricFamily) *hanging {
	return &hanging{release: make(chan struct{}), families: f}
}

func (h *hanging) Gather(ctx context.Context) ([]exposition.Family, func(), error) {
	h.asked.Add(1)
	var end <-chan struct{}
	if h.polite {
		end = ctx.Done()
	}
	select {
	case <-h.release:
		return exposition.Families(h.families), func() { h.given.Add(1) }, nil
	case <-end:
		return nil, nil, context.Cause(ctx)
	}
}

// gauge is a family of gauges with one label, "l", from pairs of label value and value.
func gauge(name, help string, values map[string]float64, order ...string) *dto.MetricFamily {
	f := &dto.MetricFamily{Name: new(name), Help: new(help), Type: dto.MetricType_GAUGE.Enum()}
	for _, l := range order {
		f.Metric = append(f.Metric, &dto.Metric{
			Label: []*dto.LabelPair{{Name: new("l"), Value: new(l)}},
			Gauge: &dto.Gauge{Value: new(values[l])},
		})
	}
	return f
}

// up is a gauge family with the one series name{l="label"} 1.
func up(name, label string) *dto.MetricFamily {
	return gauge(name, "Is up.", map[string]float64{label: 1}, label)
}

// manySeries is a counter family of n series with three labels.
func manySeries(name string, n int) *dto.MetricFamily {
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
	return f
}

// everyKind is one family of each kind, as a source gives them.
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

// addresses reads a list of addresses that is known to be right.
func addresses(list string) []address.Address {
	all, err := address.ParseList(list)
	if err != nil {
		panic(err)
	}
	return all
}

// open opens an endpoint of o, for which it chooses what o leaves out, and closes it at the end of the test.
func open(t testing.TB, servers *exporter.Servers, o exporter.Options) *exporter.Endpoint {
	t.Helper()
	e, err := servers.Open(withDefaults(o))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// openAll opens endpoints on one address, with the names promexporter.0 and so on where they have none.
func openAll(t testing.TB, all ...exporter.Options) []*exporter.Endpoint {
	t.Helper()
	var servers exporter.Servers
	var endpoints []*exporter.Endpoint
	for i, o := range all {
		if i > 0 {
			o.Addresses = addresses(at(endpoints[0]))
		}
		if o.Instance == "" {
			o.Instance = fmt.Sprintf("promexporter.%d", i)
		}
		endpoints = append(endpoints, open(t, &servers, o))
	}
	return endpoints
}

func withDefaults(o exporter.Options) exporter.Options {
	if o.Addresses == nil {
		o.Addresses = addresses("127.0.0.1:0")
	}
	if o.Path == "" {
		o.Path = "/metrics"
	}
	if o.Instance == "" {
		o.Instance = "promexporter.0"
	}
	if o.Version == "" {
		o.Version = "1.2.3"
	}
	if o.Source == nil {
		o.Source = families()
	}
	return o
}

// at is the first address that e listens on.
func at(e *exporter.Endpoint) string { return e.Addrs()[0].String() }

// ask sends a request to e over a connection of its own. The body is as it was sent, not decompressed. The header Host
// replaces the host.
func ask(t testing.TB, e *exporter.Endpoint, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r, err := http.NewRequest(method, "http://"+at(e)+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if host := r.Header.Get("Host"); host != "" {
		r.Host = host
	}
	response, err := (&http.Transport{DisableKeepAlives: true, DisableCompression: true}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	w := httptest.NewRecorder()
	w.Code, w.HeaderMap = response.StatusCode, response.Header
	if _, err := io.Copy(w.Body, response.Body); err != nil {
		t.Fatal(err)
	}
	return w
}

// get fetches a URL over a connection of its own.
func get(t testing.TB, url string) (code int, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// inBackground fetches a URL and gives the status code with the body, or the error.
func inBackground(url string) <-chan string {
	result := make(chan string, 1)
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		response, err := client.Get(url)
		if err != nil {
			result <- err.Error()
			return
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		result <- fmt.Sprint(response.StatusCode, " ", string(body), err)
	}()
	return result
}

// dial connects to e, sends text, and closes the connection at the end of the test.
func dial(t testing.TB, e *exporter.Endpoint, text string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", at(e))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	return c
}

var ownLine = regexp.MustCompile(`(?m)^(# (HELP|TYPE|UNIT) )?(go_|promexporter_).*\n`)

// foreign is page without the server's own metrics.
func foreign(page string) string { return ownLine.ReplaceAllString(page, "") }

// value is the value of the line of page that starts with series, or "" if there is none.
func value(page, series string) string {
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// golden compares got with a file of testdata.
func golden(t testing.TB, name, got string) {
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

// inTime is above the second that Close takes at most, for slow machines, and below what it would take if it waited for
// what it must not: for a client five seconds or a minute, for a source that hangs without end.
const inTime = 4 * time.Second

// closeInTime calls Close or Suspend of an endpoint.
func closeInTime(t testing.TB, closing func() error) error {
	t.Helper()
	started := time.Now()
	err := closing()
	if took := time.Since(started); took > inTime {
		t.Errorf("closing took %s", took)
	}
	return err
}

// until polls condition, and fails the test when it does not hold in time.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s\n%s", what, stacks())
		}
	}
}

// noGoroutines fails the test when goroutines of the package or of a server are left.
func noGoroutines(t testing.TB) {
	t.Helper()
	until(t, "no goroutines are left", func() bool {
		for stack := range strings.SplitSeq(stacks(), "\n\n") {
			if strings.Contains(stack, "promexporter/exporter.(*") && !strings.Contains(stack, "testing.tRunner") ||
				strings.Contains(stack, "net/http.(*conn)") || strings.Contains(stack, "net/http.(*Server)") {
				return false
			}
		}
		return true
	})
}

func stacks() string {
	buffer := make([]byte, 1<<20)
	return string(buffer[:runtime.Stack(buffer, true)])
}

// logged is a log and what was written to it.
type logged struct{ logtest.Buffer }

func (l *logged) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
}
