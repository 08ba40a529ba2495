package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// The tests of this file time flushes and need a page that does not fit into the buffers of a connection, so they
// always run in the development host.

// bigSeries is the number of series of a page of several megabytes.
const bigSeries = 80_000

// bigPage starts the host with a section that has bigSeries series, and returns their page.
func bigPage(t *testing.T) (r *rig, page *url.URL) {
	t.Helper()
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, rules, "metrics:\n- {name: seen_total, type: counter, help: Seen., labels: {l: $l}}\n")
	r = startHost(t, host.V51, property.Of("listen_address", "127.0.0.1:0", "rules_file", rules, "max_requests", "10",
		"flush_timeout", "5s"))
	var records []string
	for n := range bigSeries {
		records = append(records, fmt.Sprintf(`{"l":"%s%d"}`, strings.Repeat("x", 60), n))
		if len(records) == 1000 {
			r.flush(0, "t", chunktest.Events(strings.Join(records, "\n")), host.StatusOK)
			records = records[:0]
		}
	}
	page, err := url.Parse(r.url(0))
	if err != nil {
		t.Fatal(err)
	}
	return r, page
}

// maxSlowGrowth is how much memory sixty slow readers may take: two pages of 8 MB, those of concurrent scrapes, garbage
// that is not collected yet, and the snapshot of the series.
const maxSlowGrowth = 160 << 20

// TestSlowReaders has sixty clients read a big page one byte at a time, and checks that flushes and scrapes continue.
func TestSlowReaders(t *testing.T) {
	r, page := bigPage(t)
	before := memory(t, r.PID(), "VmRSS")
	h := beHostile(t, page.Host)
	h.each(60, slowReader)
	inFlight := func(least float64) func() bool {
		return func() bool {
			_, text := request(t, honest(), page.String()+"?name[]=promexporter_scrapes_in_flight", "", "")
			return number(t, text, `promexporter_scrapes_in_flight{path="/metrics"}`) >= least
		}
	}
	// They have one address, which may have a quarter of all scrapes. The scrape that reads this value is one more.
	until(t, "the slow readers have no scrape in flight", inFlight(10/4+1))
	chunk := chunktest.Events(`{"l":"one"}`)
	longest := time.Duration(0)
	const flushes = 500
	for n := range flushes {
		begin := time.Now()
		r.flush(0, "t", chunk, host.StatusOK)
		longest = max(longest, time.Since(begin))
		if n%100 > 0 {
			continue
		}
		if code, text := request(t, honest(), page.String(), "", ""); code != 200 || value(text, `seen_total{l="one"}`) != fmt.Sprint(n+1) {
			t.Errorf("after %d flushes: %d, %s", n+1, code, value(text, `seen_total{l="one"}`))
		}
	}
	after := memory(t, r.PID(), "VmHWM")
	t.Logf("the longest flush took %s; memory %d MiB before, %d MiB at most", longest, before>>20, after>>20)
	// If it waited for a slow reader, it would take the five seconds of the reader, or those of flush_timeout.
	if longest > 3*time.Second {
		t.Errorf("a flush took %s", longest)
	}
	if after-before > maxSlowGrowth {
		t.Errorf("memory grew from %d to %d bytes", before, after)
	}
	h.stop()
	_, text := request(t, honest(), page.String(), "", "")
	expect(t, text, map[string]string{
		`promexporter_chunks_answered_total{output="promexporter.0",status="retry"}`: "0",
		`promexporter_chunks_answered_total{output="promexporter.0",status="ok"}`:    fmt.Sprint(bigSeries/1000 + flushes),
	})
	r.stop()
}

// TestScrapeGivesUp checks that a scrape ends at the timeout of its client, whether the page is not made by then or not
// read.
func TestScrapeGivesUp(t *testing.T) {
	r, page := bigPage(t)
	for seconds, want := range map[string]bool{"0.002": false, "10": true, "nonsense": true} {
		ask, err := http.NewRequest(http.MethodGet, page.String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ask.Header.Set("X-Prometheus-Scrape-Timeout-Seconds", seconds)
		begin := time.Now()
		response, err := honest().Do(ask)
		got := err == nil && response.StatusCode == 200
		if err == nil {
			_, err = io.Copy(io.Discard, response.Body)
			got = got && err == nil
			response.Body.Close()
		}
		took := time.Since(begin)
		if got != want {
			t.Errorf("a scrape of %s s: a page %v after %s, want %v", seconds, got, took, want)
		}
		if !want && took > 4*time.Second { // without a limit, a source alone may take five
			t.Errorf("a scrape of %s s was given up after %s", seconds, took)
		}
	}

	c, err := net.Dial("tcp", page.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	begin := time.Now()
	if _, err := fmt.Fprintf(c, "GET /metrics HTTP/1.1\r\nHost: x\r\nX-Prometheus-Scrape-Timeout-Seconds: 2\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	alone := func(want string) func() bool {
		return func() bool {
			_, text := request(t, honest(), page.String()+"?name[]=promexporter_scrapes_in_flight", "", "")
			return value(text, `promexporter_scrapes_in_flight{path="/metrics"}`) == want
		}
	}
	until(t, "the scrape does not begin", alone("2"))
	until(t, "the scrape does not end", alone("1"))
	if took := time.Since(begin); took < time.Second || took > 20*time.Second { // without a limit, it may take sixty
		t.Errorf("a scrape that nobody reads ended after %s, want 2 s", took)
	}
	r.stop()
}
