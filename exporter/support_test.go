package exporter_test

import (
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/address"
	"github.com/promexporter/promexporter/internal/goldentest"
	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/internal/pagetest"
)

// addresses parses a valid list of addresses.
func addresses(list string) []address.Address {
	all, err := address.ParseList(list)
	if err != nil {
		panic(err)
	}
	return all
}

// open opens an endpoint of o, with defaults for what o leaves out, and closes it at the end of the test.
func open(t testing.TB, servers *exporter.Servers, o exporter.Options) *exporter.Endpoint {
	t.Helper()
	e, err := servers.Open(withDefaults(o))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// openAll opens endpoints on one address, with the default names promexporter.0 and so on.
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

// ask sends a request to e over a new connection. It does not decompress the body. The header Host replaces the host.
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
	w.Code = response.StatusCode
	maps.Copy(w.Header(), response.Header)
	if _, err := io.Copy(w.Body, response.Body); err != nil {
		t.Fatal(err)
	}
	return w
}

// get fetches a URL over a new connection.
func get(t testing.TB, url string) (code int, body string) {
	t.Helper()
	response, body := send(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, http.MethodGet, url, "")
	return response.StatusCode, body
}

// inBackground fetches a URL and sends the status code with the body, or the error.
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

// foreign is page without the server's own metrics.
func foreign(page string) string { return pagetest.Foreign(page) }

// value is the value of a series on page, or "".
func value(page, series string) string { return pagetest.Value(page, series) }

// golden compares got with a file of testdata.
func golden(t testing.TB, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", name), got)
}

// inTime is longer than the second that Close may take, for slow machines, and shorter than a wrong wait: five seconds
// or a minute for a client, forever for a source that hangs.
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

// until polls condition, and fails the test if it does not become true in time.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(time.Millisecond) {
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

func (l *logged) log() *slog.Logger { return logtest.New(l, slog.LevelDebug) }
