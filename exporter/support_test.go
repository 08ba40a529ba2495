package exporter

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/internal/logtest"
)

// source is a prometheus.TransactionalGatherer made of a function.
type source func() ([]*dto.MetricFamily, func(), error)

func (s source) Gather() ([]*dto.MetricFamily, func(), error) { return s() }

// families is a source that always gives f.
func families(f ...*dto.MetricFamily) prometheus.TransactionalGatherer {
	return source(func() ([]*dto.MetricFamily, func(), error) { return f, func() {}, nil })
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

// open opens an endpoint of o, for which it chooses what o leaves out, and closes it at the end of the test.
func open(t testing.TB, servers *Servers, o Options) *Endpoint {
	t.Helper()
	e, err := servers.Open(withDefaults(o))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func withDefaults(o Options) Options {
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
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

// offline is a server with the endpoints of os that does not listen.
func offline(os ...Options) (*server, []*Endpoint) {
	s := newServer(address{}, "1.2.3")
	s.front.Store(newFront(s, &gate{}))
	var endpoints []*Endpoint
	for _, o := range os {
		e := newEndpoint(&Servers{}, withDefaults(o))
		e.on = []*server{s}
		s.attach(e)
		endpoints = append(endpoints, e)
	}
	return s, endpoints
}

// count is how many servers there are.
func (s *Servers) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.byAddress)
}

// ask sends a request to s without a connection.
func ask(s http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
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

// until polls condition, and fails the test when it does not hold in time.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s\n%s", what, stacks())
		}
	}
}

// noGoroutines fails the test when goroutines of this package or of a server are left.
func noGoroutines(t testing.TB) {
	t.Helper()
	until(t, "goroutines are left", func() bool {
		for stack := range strings.SplitSeq(stacks(), "\n\n") {
			if strings.Contains(stack, "exporter.(*") && !strings.Contains(stack, "testing.tRunner") ||
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
