package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// garbage is what hostile clients send.
var garbage = [][]byte{
	[]byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
	[]byte("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\xff\x04\x00\xff\xff\xff\xff"),
	[]byte("GET /metrics\r\n\r\n"),
	[]byte("GET /metrics HTTP/9.9\r\nHost: x\r\n\r\n"),
	[]byte("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n"),
	[]byte("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"),
	append([]byte("PUT /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n"), make([]byte, 1<<20)...),
	append([]byte("GET /metrics HTTP/1.1\r\nHost: x\r\nX: "), bytes.Repeat([]byte("a"), 1<<17)...),
	append([]byte("GET /metrics?"), bytes.Repeat([]byte("name[]=\xff&"), 4000)...),
	bytes.Repeat([]byte{0}, 1<<16),
}

// hostile is a number of clients that run until the end of the test, or stop.
type hostile struct {
	address string
	all     sync.WaitGroup
	stopped context.Context
	stop    func() // waits for all
}

func beHostile(t *testing.T, address string) *hostile {
	ctx, cancel := context.WithCancel(context.Background())
	h := &hostile{address: address, stopped: ctx}
	h.stop = func() { cancel(); h.all.Wait() }
	t.Cleanup(h.stop)
	return h
}

// each has n clients call do repeatedly, each time with a new connection.
func (h *hostile) each(n int, do func(net.Conn)) {
	for range n {
		h.all.Go(func() {
			for h.stopped.Err() == nil {
				c, err := net.Dial("tcp", h.address)
				if err != nil {
					continue
				}
				end := context.AfterFunc(h.stopped, func() { c.Close() })
				do(c)
				end()
				c.Close()
			}
		})
	}
}

const hostileRequest = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"

// pause is between two bytes of a slow client.
const pause = 20 * time.Millisecond

func slowWriter(c net.Conn) {
	for n := range hostileRequest {
		if _, err := io.WriteString(c, hostileRequest[n:n+1]); err != nil {
			return
		}
		time.Sleep(pause)
	}
	slowReader(c)
}

func slowReader(c net.Conn) {
	_ = c.(*net.TCPConn).SetReadBuffer(4096)
	_, err := io.WriteString(c, hostileRequest)
	for one := make([]byte, 1); err == nil; time.Sleep(pause) {
		_, err = c.Read(one)
	}
}

func (h *hostile) sendGarbage(c net.Conn) {
	for _, bytes := range garbage {
		one, err := net.Dial("tcp", h.address)
		if err != nil {
			continue
		}
		_ = one.SetDeadline(time.Now().Add(100 * time.Millisecond))
		_, _ = one.Write(bytes)
		_, _ = io.Copy(io.Discard, one)
		one.Close()
	}
}

func silent(c net.Conn) { _, _ = io.Copy(io.Discard, c) }

// honest is a client with a different address than the hostile ones.
func honest() *http.Client {
	from := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	return &http.Client{Transport: &http.Transport{DialContext: from.DialContext, DisableKeepAlives: true}, Timeout: patience}
}

// memory returns the resident memory of a process in bytes: the current one (VmRSS) or the peak (VmHWM).
func memory(t *testing.T, pid int, field string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), field+":")
	var kib int
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// maxGrowth is how much memory hostile clients may take: 512 connections with their buffers, and garbage that is not
// collected yet.
const maxGrowth = 64 << 20

// TestHostileClients runs hostile clients of every kind at once, with 2000 records per second. It runs in a real Fluent
// Bit when FLUENT_BIT names one.
func TestHostileClients(t *testing.T) {
	const inputs, rate, samples = 4, 500, 4000
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, rules, "metrics:\n- {name: seen_total, type: counter, help: Seen.}\n")
	var args []string
	for range inputs {
		args = append(args, dummy("t", `{"status":200,"path":"/api/7","size":512}`)...)
		args = append(args, "-p", fmt.Sprint("rate=", rate), "-p", fmt.Sprint("samples=", samples))
	}
	a := start(t, "", withPlugin(append(args, "-o", "promexporter", "-m", "*", "-p", anyPort, "-p", "rules_file="+rules)...)...)
	page, err := url.Parse(a.url(0))
	if err != nil {
		t.Fatal(err)
	}
	a.page(page.String(), "no record", func(page string) bool { return value(page, "seen_total") != "" })
	before := memory(t, a.pluginPID(), "VmRSS")
	h := beHostile(t, page.Host)
	h.each(1000, silent)
	h.each(20, slowWriter)
	h.each(20, slowReader)
	h.each(5, h.sendGarbage)
	scrapes, client := 0, honest()
	longest := time.Duration(0)
	until(t, "not all records were counted", func() bool {
		begin := time.Now()
		code, text := request(t, client, page.String(), "", "")
		if longest = max(longest, time.Since(begin)); code != 200 {
			t.Fatalf("scrape %d: %d %s", scrapes, code, text)
		}
		scrapes++
		return value(text, "seen_total") == fmt.Sprint(inputs*samples)
	})
	h.stop()
	after := memory(t, a.pluginPID(), "VmHWM")
	t.Logf("%d scrapes, the longest %s; memory %d MiB before, %d MiB at most", scrapes, longest, before>>20, after>>20)
	if after-before > maxGrowth {
		t.Errorf("memory grew from %d to %d bytes", before, after)
	}
	const answered = `promexporter_chunks_answered_total{output="promexporter.0",status="ok"}`
	var text, flushes string
	until(t, "not every chunk is answered with ok", func() bool {
		_, text = request(t, client, page.String(), "", "")
		flushes = value(text, `promexporter_flush_duration_seconds_count{output="promexporter.0"}`)
		return flushes == value(text, answered)
	})
	expect(t, text, map[string]string{
		`promexporter_flush_duration_seconds_bucket{output="promexporter.0",le="1"}`: flushes,
		`promexporter_http_panics_total`:                                             "0",
	})
	if n := number(t, text, `promexporter_http_connections_closed_total{reason="client"}`); n == 0 {
		t.Error("the hostile client was not refused")
	}
	if lines := strings.Count(a.log.String(), "\n"); lines > 100 {
		t.Errorf("the log has %d lines", lines)
	}
	a.stop()
}
