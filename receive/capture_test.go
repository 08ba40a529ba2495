package receive_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/address"
	"github.com/promexporter/promexporter/internal/goldentest"
	"github.com/promexporter/promexporter/internal/pagetest"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
)

// text and openMetrics are what a scraper may accept.
const (
	text        = "text/plain;version=1.0.0;escaping=allow-utf-8"
	openMetrics = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8"
)

// TestCaptures serves what each input of real Fluent Bits sends, and compares the pages.
func TestCaptures(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "cmetrics", "testdata", "chunks", "v[45]*", "[^t]*.mp"))
	if err != nil || len(files) < 40 {
		t.Fatalf("%d captures, %v", len(files), err)
	}
	for _, file := range files {
		version := filepath.Base(filepath.Dir(file))
		name := strings.TrimSuffix(filepath.Base(file), ".mp")
		t.Run(version+"/"+name, func(t *testing.T) {
			chunk, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t)
			r.read(chunk, "tag", cmetrics.Newest(chunk)+int64(time.Second))
			golden(t, version+"_"+name+".prom", r.drops()+r.page(text))
			golden(t, version+"_"+name+".om", r.page(openMetrics))
			promtool(t, r.page("text/plain;version=0.0.4"))
		})
	}
}

// rig is a section that receives metrics events.
type rig struct {
	t         *testing.T
	collector *collector.Collector
	endpoint  *exporter.Endpoint
	batch     collector.Batch
	scratch   receive.Scratch
}

type source struct{ *collector.Collector }

func newRig(t *testing.T) *rig {
	r := &rig{t: t, collector: collector.New(collector.Options{SeriesLimit: 100_000})}
	t.Cleanup(r.collector.Close)
	addresses, err := address.ParseList("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var servers exporter.Servers
	r.endpoint, err = servers.Open(exporter.Options{Addresses: addresses, Path: "/metrics", Instance: "a", Source: source{r.collector}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.endpoint.Close() })
	return r
}

// read receives a chunk at the time now.
func (r *rig) read(chunk []byte, tag string, now int64) {
	r.t.Helper()
	r.batch.Reset()
	r.batch.Now = now
	r.scratch.Read(chunk, tag, &r.batch, func(m *record.Malformed) { r.t.Error(m) })
	r.scratch.Release()
	if err := r.collector.Ingest(&r.batch, nil); err != nil {
		r.t.Fatal(err)
	}
}

// page scrapes the page without what the server says of itself.
func (r *rig) page(accept string) string {
	r.t.Helper()
	request, err := http.NewRequest("GET", "http://"+r.endpoint.Addrs()[0].String()+"/metrics", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Accept", accept)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		r.t.Fatal(response.Status, err)
	}
	return pagetest.Foreign(string(page))
}

// drops says what was not taken, as comments.
func (r *rig) drops() string {
	s := r.collector.Stats()
	var all strings.Builder
	fmt.Fprintf(&all, "# %d applied\n", s.PointsApplied())
	for _, reason := range collector.PointReasons() {
		if n := s.PointsDropped(reason); n > 0 {
			fmt.Fprintf(&all, "# %d dropped: %s\n", n, reason)
		}
	}
	return all.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", name), got)
}

// promtool holds that Prometheus' own checker reads a page. It exits with 3 where it only has advice on names.
func promtool(t *testing.T, page string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		return
	}
	check := exec.Command(path, "check", "metrics")
	check.Stdin = strings.NewReader(page)
	out, err := check.CombinedOutput()
	if err != nil && check.ProcessState.ExitCode() != 3 || strings.Contains(string(out), "error while linting") {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
