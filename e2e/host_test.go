package e2e

import (
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/goldentest"
	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// The tests of this file need calls and chunks that a Fluent Bit never sends, so they always run in the development
// host.

var versions = []host.Version{host.V19, host.V32, host.V403, host.V41, host.V50, host.V51}

// rig is the host with its log.
type rig struct {
	*host.Host
	t   *testing.T
	log *logtest.Buffer
}

func launch(t *testing.T, v host.Version) *rig {
	t.Helper()
	r := &rig{t: t, log: &logtest.Buffer{}}
	h, err := host.Launch(host.Options{Loader: loader, Version: v, Log: r.log})
	if err != nil {
		t.Fatal(err)
	}
	r.Host = h
	t.Cleanup(func() {
		h.Kill()
		if t.Failed() {
			t.Logf("log of the host:\n%s", r.log)
		}
	})
	return r
}

func sections(lists ...property.List) host.Config {
	c := host.Config{Plugins: []string{plugin}, HotReload: true}
	for _, l := range lists {
		c.Outputs = append(c.Outputs, host.Section{Plugin: "promexporter", Properties: l})
	}
	return c
}

// startHost launches the host with sections of the plugin.
func startHost(t *testing.T, v host.Version, lists ...property.List) *rig {
	t.Helper()
	r := launch(t, v)
	if err := r.Start(t.Context(), sections(lists...)); err != nil {
		t.Fatal(err)
	}
	return r
}

// url returns the endpoint that was opened n-th.
func (r *rig) url(n int) string {
	r.t.Helper()
	var found [][]string
	until(r.t, "no endpoint in the log", func() bool {
		found = serving.FindAllStringSubmatch(r.log.String(), -1)
		return len(found) > n
	})
	return found[n][2]
}

// flush flushes a chunk and checks the answer.
func (r *rig) flush(output int, tag string, chunk []byte, want host.Status) {
	r.t.Helper()
	got, err := r.Flush(r.t.Context(), output, tag, chunk)
	if err != nil || got != want {
		r.t.Errorf("flush of %s: %v, %v, want %v", tag, got, err, want)
	}
}

// stop ends the host in order, within the time that it may take.
func (r *rig) stop() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), maxStop)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		r.t.Errorf("stop: %v", err)
	}
}

var somewhere = property.Of("listen_address", "127.0.0.1:0")

// TestCaptures flushes what real Fluent Bits sent, each version in its layout.
func TestCaptures(t *testing.T) {
	captures := filepath.Join("..", "record", "testdata", "chunks")
	for dir, v := range map[string]host.Version{
		"v1.9.10": host.V19, "v2.2.3": host.V32, "v3.2.10": host.V32, "v4.0.14": host.V403, "v5.1.1": host.V51,
	} {
		files, err := filepath.Glob(filepath.Join(captures, dir, "*.mp"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no captures of %s: %v", dir, err)
		}
		for _, file := range files {
			name := strings.TrimSuffix(filepath.Base(file), ".mp")
			t.Run(dir+"/"+name, func(t *testing.T) {
				t.Parallel()
				chunk, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				r := startHost(t, v, somewhere)
				r.flush(0, name, chunk, host.StatusOK)
				page := scrape(t, r.url(0))
				golden(t, dir+"-"+name, foreign(page))
				r.stop()
			})
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", "golden", name+".prom"), got)
}

func TestBadChunks(t *testing.T) {
	a, b := chunktest.Events(`{"a":1}`), chunktest.Events(`{"b":2}`)
	both := map[string]string{`a{tag="t"}`: "1", `b{tag="t"}`: "2"}
	onlyA := map[string]string{`a{tag="t"}`: "1", `b{tag="t"}`: ""}
	for name, test := range map[string]struct {
		chunk  []byte
		reason string
		want   map[string]string
	}{
		"garbage":            {[]byte("hello world"), "not_an_event", nil},
		"nil in the middle":  {concat(a, []byte{0xc0}, b), "not_an_event", both},
		"truncated":          {concat(a, b[:len(b)-2]), "undecodable", onlyA},
		"invalid byte":       {concat(a, []byte{0xc1}, b), "undecodable", both},
		"cut, then another":  {concat(a, b[:len(b)-3], b), "undecodable", both},
		"a map as a key":     {concat(a, b[:len(b)-4], []byte{0x81, 0x80, 1}, b), "bad_key", both},
		"claims four gibi":   {concat(a, []byte{0xdf, 0xff, 0xff, 0xff, 0xff}), "undecodable", onlyA},
		"timestamp is a map": {concat(a, []byte{0x92, 0x80, 0x80}, b), "bad_timestamp", both},
	} {
		t.Run(name, func(t *testing.T) {
			r := startHost(t, host.V51, somewhere)
			r.flush(0, "t", test.chunk, host.StatusError)
			page := scrape(t, r.url(0))
			expect(t, page, test.want)
			expect(t, page, map[string]string{
				`promexporter_records_failed_total{output="promexporter.0",reason="` + test.reason + `"}`: "1",
				`promexporter_chunks_answered_total{output="promexporter.0",status="error"}`:              "1",
			})
			r.flush(0, "t", chunktest.Events(`{"after":3}`), host.StatusOK)
			expect(t, scrape(t, r.url(0)), map[string]string{`after{tag="t"}`: "3"})
			r.stop()
		})
	}
}

func concat(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// TestLegacyForms sends every form of event that Fluent Bit has written.
func TestLegacyForms(t *testing.T) {
	body := chunktest.JSON(nil, `{"v":1}`)
	stamp := binary.BigEndian.AppendUint32(nil, 1700000000)
	var chunk []byte
	for _, head := range [][]byte{
		concat([]byte{0x92, 0xce}, stamp),
		concat([]byte{0x92, 0xd7, 0x00}, stamp, []byte{0, 0, 0, 1}),
		concat([]byte{0x92, 0xc7, 0x08, 0x00}, stamp, []byte{0, 0, 0, 1}),
		concat([]byte{0xdc, 0, 2, 0xdd, 0, 0, 0, 2, 0xd7, 0x00}, stamp, []byte{0, 0, 0, 1, 0xde, 0, 0}),
	} {
		chunk = concat(chunk, head, body)
	}
	r := startHost(t, host.V32, somewhere)
	r.flush(0, "t", chunk, host.StatusOK)
	expect(t, scrape(t, r.url(0)), map[string]string{
		`v{tag="t"}`: "1",
		`promexporter_records_received_total{output="promexporter.0"}`: "4",
	})
	r.stop()
}

func TestLayouts(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			r := startHost(t, v, somewhere)
			r.flush(0, "t", chunktest.Events(`{"a":1}`), host.StatusOK)
			expect(t, scrape(t, r.url(0)), map[string]string{`a{tag="t"}`: "1"})
			r.stop()
		})
	}
}

func TestDryRunOfEveryLayout(t *testing.T) {
	for _, v := range versions {
		t.Run(string(v), func(t *testing.T) {
			r := launch(t, v)
			if err := r.DryRun(t.Context(), sections(somewhere, somewhere)); err != nil {
				t.Error(err)
			}
			if strings.Contains(r.log.String(), "serving") {
				t.Error("a dry run opened a port")
			}
			r.stop()
		})
	}
}

// TestFailedStart has the second of three sections fail: the first one is closed, the third one was never opened.
func TestFailedStart(t *testing.T) {
	address := freePort(t)
	r := launch(t, host.V51)
	err := r.Start(t.Context(), sections(property.Of("listen_address", address), property.Of("series_limit", "many"), somewhere))
	if err == nil || !strings.Contains(r.log.String(), `many`) {
		t.Errorf("start: %v", err)
	}
	portIsFree(t, "http://"+address+"/metrics")
	r.stop()
}

func TestWorkers(t *testing.T) {
	r := startHost(t, host.V51, property.Of("listen_address", "127.0.0.1:0", "workers", "4"))
	var wg sync.WaitGroup
	for n := range 100 {
		wg.Go(func() {
			r.flush(0, fmt.Sprint("t", n%10), chunktest.Events(`{"a":1}`), host.StatusOK)
		})
	}
	wg.Wait()
	page := scrape(t, r.url(0))
	expect(t, page, map[string]string{`promexporter_chunks_received_total{output="promexporter.0"}`: "100"})
	if n := strings.Count(page, "\na{"); n != 10 {
		t.Errorf("%d series, want 10", n)
	}
	if n := strings.Count(r.log.String(), "section has workers"); n != 1 {
		t.Errorf("%d warnings", n)
	}
	if err := r.Reload(t.Context(), sections(somewhere), nil); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(r.log.String(), "reloads a section with workers"); n != 1 {
		t.Errorf("%d errors at the reload", n)
	}
	r.stop()
}

// TestReloads reloads twenty times, every second time with a failure, and then checks that no resources are left.
func TestReloads(t *testing.T) {
	address := freePort(t)
	section := property.Of("listen_address", address, "dedupe_window", "0") // the chunks are equal
	r := startHost(t, host.V51, section)
	broken := sections(section)
	broken.Outputs = append(broken.Outputs, host.Section{Plugin: "no_such_plugin"})
	var before resources
	for n := range 20 {
		if err := r.Reload(t.Context(), broken, nil); err == nil {
			t.Fatal("a broken reload went through")
		}
		if err := r.Reload(t.Context(), sections(section), nil); err != nil {
			t.Fatal(err)
		}
		r.flush(0, "t", chunktest.Events(`{"a":1}`), host.StatusOK)
		expect(t, scrape(t, "http://"+address+"/metrics"), map[string]string{
			`a{tag="t"}`: "1",
			`promexporter_records_received_total{output="promexporter.0"}`: fmt.Sprint(n + 1),
		})
		if n == 4 {
			before = r.resources(address)
		}
	}
	// Connections of the last scrapes may still be closing, and the Go runtime may start a few threads. One per reload
	// would be a leak.
	until(t, fmt.Sprintf("more is held than after five reloads, %+v", before), func() bool {
		after := r.resources(address)
		return after.threads <= before.threads+10 && after.files <= before.files && after.goroutines <= before.goroutines
	})
	r.stop()
	portIsFree(t, "http://"+address+"/metrics")
}

// resources are the resources of a process.
type resources struct{ threads, files, goroutines int }

func (r *rig) resources(address string) resources {
	r.t.Helper()
	count := func(what string) int {
		entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/%s", r.PID(), what))
		if err != nil {
			r.t.Fatal(err)
		}
		return len(entries)
	}
	var goroutines int
	fmt.Sscan(value(scrape(r.t, "http://"+address+"/metrics"), "go_goroutines"), &goroutines)
	return resources{count("task"), count("fd"), goroutines}
}

// TestNullContext stops a configuration whose section was never opened, while another one in the same process keeps
// running.
func TestNullContext(t *testing.T) {
	r := startHost(t, host.V32, somewhere)
	broken := sections(somewhere)
	broken.Outputs = append(broken.Outputs, host.Section{Plugin: "no_such_plugin"})
	if err := r.Reload(t.Context(), broken, nil); err == nil {
		t.Fatal("a broken reload went through")
	}
	r.flush(0, "t", chunktest.Events(`{"a":1}`), host.StatusOK)
	expect(t, scrape(t, r.url(0)), map[string]string{`a{tag="t"}`: "1"})
	r.stop()
}

// TestStopWithHangingScrape stops while a client has sent half a request.
func TestStopWithHangingScrape(t *testing.T) {
	r := startHost(t, host.V51, somewhere)
	address := regexp.MustCompile(`//([^/]+)`).FindStringSubmatch(r.url(0))[1]
	hang(t, address)
	r.stop()
	portIsFree(t, r.url(0))
}
