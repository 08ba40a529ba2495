package exporter_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/exposition"
)

const secret = "hunter2"

// scraper scrapes a URL repeatedly, each time over a new connection, and collects answers other than 200.
type scraper struct {
	done    chan struct{}
	stopped chan string
}

func scrapeAlong(url string) *scraper {
	s := &scraper{make(chan struct{}), make(chan string, 1)}
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
		wrong := ""
		for n := 0; ; n++ {
			select {
			case <-s.done:
				s.stopped <- wrong
				return
			default:
			}
			response, err := client.Get(url)
			if err != nil {
				wrong += fmt.Sprintf("scrape %d: %v\n", n, err)
				continue
			}
			if _, err := io.Copy(io.Discard, response.Body); err != nil || response.StatusCode != 200 {
				wrong += fmt.Sprintf("scrape %d: %s %v\n", n, response.Status, err)
			}
			response.Body.Close()
		}
	}()
	return s
}

func (s *scraper) stop() string {
	close(s.done)
	return <-s.stopped
}

func suspend(t testing.TB, e *exporter.Endpoint) {
	t.Helper()
	if err := closeInTime(t, e.Suspend); err != nil {
		t.Error(err)
	}
}

func resume(t testing.TB, e *exporter.Endpoint, o exporter.Options) {
	t.Helper()
	if err := e.Resume(withDefaults(o)); err != nil {
		t.Fatal(err)
	}
}

// awaitScrapes waits until so many scrapes of /metrics are in flight.
func awaitScrapes(t testing.TB, servers *exporter.Servers, address string, n int) {
	t.Helper()
	awaitScrapesAs(t, servers, address, exporter.AccessSettings{}, n)
}

// awaitScrapesAs is like awaitScrapes, for an address with users.
func awaitScrapesAs(t testing.TB, servers *exporter.Servers, address string, web exporter.AccessSettings, n int) {
	t.Helper()
	eye := open(t, servers, exporter.Options{Addresses: addresses(address), Path: "/eye", Instance: "eye", Access: web})
	defer eye.Close()
	credentials := base64.StdEncoding.EncodeToString([]byte(web.Username + ":" + web.Password))
	series := `promexporter_scrapes_in_flight{path="/metrics"}`
	until(t, "scrapes in flight", func() bool {
		page := ask(t, eye, http.MethodGet, "/eye", "Authorization", "Basic "+credentials).Body.String()
		return value(page, series) == fmt.Sprint(n)
	})
}

// TestReloadsAreNotSeen has twenty reloads of two instances: no scrape fails, and no resources are left.
func TestReloadsAreNotSeen(t *testing.T) {
	endpoints := openAll(t, exporter.Options{Source: families(up("a", "1"))}, exporter.Options{Source: families(up("b", "1"))})
	endpoints[0].MarkReady()
	address := at(endpoints[0])
	url := "http://" + address
	along := []*scraper{scrapeAlong(url + "/metrics"), scrapeAlong(url + "/-/healthy"), scrapeAlong(url + "/")}
	goroutines, scrapes := 0, -1
	for round := range 20 {
		for _, e := range endpoints {
			suspend(t, e)
		}
		for i, e := range endpoints {
			resume(t, e, exporter.Options{
				Addresses: addresses(address), Instance: fmt.Sprint("promexporter.", i), Source: families(up(string(rune('a'+i)), "1")),
			})
		}
		_, page := get(t, url+"/metrics")
		if value(page, `a{l="1"}`) != "1" || value(page, `b{l="1"}`) != "1" {
			t.Fatalf("round %d:\n%s", round, foreign(page))
		}
		var n int
		if _, err := fmt.Sscan(value(page, `promexporter_scrapes_total{code="200",path="/metrics"}`), &n); err != nil || n <= scrapes {
			t.Errorf("round %d: %d scrapes, %d before", round, n, scrapes)
		}
		scrapes = n
		if round == 0 {
			goroutines = runtime.NumGoroutine()
		}
	}
	for _, s := range along {
		if wrong := s.stop(); wrong != "" {
			t.Error(wrong)
		}
	}
	until(t, "goroutines are as many as after the first round", func() bool { return runtime.NumGoroutine() <= goroutines+5 })
	for _, e := range endpoints {
		if err := closeInTime(t, e.Close); err != nil {
			t.Error(err)
		}
	}
	noGoroutines(t)
}

// TestScrapeWaitsForReload checks that a scrape which arrives while its instance is suspended gets the page after the
// reload.
func TestScrapeWaitsForReload(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: families(up("old", "1"))})
	address := at(e)
	suspend(t, e)
	result := inBackground("http://" + address + "/metrics")
	awaitScrapes(t, &servers, address, 1)
	if code, _ := get(t, "http://"+address+"/-/healthy"); code != 200 {
		t.Errorf("healthy: %d", code)
	}
	if _, page := get(t, "http://"+address+"/"); !strings.Contains(page, "reloading") {
		t.Errorf("got\n%s", page)
	}
	resume(t, e, exporter.Options{Addresses: addresses(address), Source: families(up("new", "1"))})
	if got := <-result; value(got, `new{l="1"}`) != "1" || strings.Contains(got, "old") {
		t.Errorf("the scrape got %s", got)
	}
	e.Close()
	noGoroutines(t)
}

// TestReloadLetsGoOfTheSource checks that the source is not used once Suspend has returned.
func TestReloadLetsGoOfTheSource(t *testing.T) {
	var using atomic.Int64
	var closed, late atomic.Bool
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: source(func(context.Context) ([]exposition.Family, func(), error) {
		late.CompareAndSwap(false, closed.Load())
		using.Add(1)
		return exposition.Families([]*dto.MetricFamily{up("a", "1")}), func() { using.Add(-1) }, nil
	})})
	address := at(e)
	along := scrapeAlong("http://" + address + "/metrics")
	until(t, "a scrape", func() bool { return using.Load() > 0 })
	suspend(t, e)
	if using.Load() != 0 {
		t.Error("the source is in use")
	}
	closed.Store(true)
	resume(t, e, exporter.Options{Addresses: addresses(address), Source: families(up("b", "1"))})
	if wrong := along.stop(); wrong != "" || late.Load() {
		t.Errorf("late: %t\n%s", late.Load(), wrong)
	}
}

// TestReloadInTheMiddleOfAScrape checks that a scrape whose source is suspended while it gathers starts over.
func TestReloadInTheMiddleOfAScrape(t *testing.T) {
	var servers exporter.Servers
	h := newHanging(up("old", "1"))
	h.polite = true
	e := open(t, &servers, exporter.Options{Source: h})
	address := at(e)
	result := inBackground("http://" + address + "/metrics")
	until(t, "the scrape asks", func() bool { return h.asked.Load() == 1 })
	suspend(t, e)
	resume(t, e, exporter.Options{Addresses: addresses(address), Source: families(up("new", "1"))})
	if got := <-result; value(got, `new{l="1"}`) != "1" || strings.Contains(got, "old") {
		t.Errorf("the scrape got %s", got)
	}
}

// TestCloseEndsTheSuspension checks that Close frees the address at once.
func TestCloseEndsTheSuspension(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{})
	address := at(e)
	suspend(t, e)
	result := inBackground("http://" + address + "/metrics")
	awaitScrapes(t, &servers, address, 1)
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	if got := <-result; !strings.HasPrefix(got, "503 ") {
		t.Errorf("the scrape got %s", got)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if err := e.Resume(withDefaults(exporter.Options{Addresses: addresses(address)})); err == nil {
		t.Error("a closed endpoint resumes")
	}
	noGoroutines(t)
}

// TestReloadKeepsWhatWasRead checks that the earlier result is used for files and hosts that cannot be read at a
// reload.
func TestReloadKeepsWhatWasRead(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	var servers exporter.Servers
	web := exporter.AccessSettings{Username: "u", PasswordFile: password}
	e := open(t, &servers, exporter.Options{Access: web})
	address := at(e)
	suspend(t, e)
	if err := os.Remove(password); err != nil {
		t.Fatal(err)
	}
	other := web
	other.PasswordFile += "2"
	if err := e.Resume(withDefaults(exporter.Options{Addresses: addresses(address), Access: other})); err == nil {
		t.Error("a file that never was there is taken")
	}
	resume(t, e, exporter.Options{Addresses: addresses(address), Access: web})
	admitsOnly(t, address)
}

// TestReloadHammer suspends, resumes and scrapes concurrently.
func TestReloadHammer(t *testing.T) {
	var servers exporter.Servers
	anchor := open(t, &servers, exporter.Options{Instance: "anchor", Path: "/anchor"})
	address := at(anchor)
	open(t, &servers, exporter.Options{Addresses: addresses(address), Instance: "steady"})
	along := []*scraper{scrapeAlong("http://" + address + "/metrics"), scrapeAlong("http://" + address + "/anchor")}
	finished := make(chan string)
	for worker := range 4 {
		o := withDefaults(exporter.Options{Addresses: addresses(address), Instance: fmt.Sprint("promexporter.", worker)})
		e := open(t, &servers, o)
		go func() {
			wrong := ""
			for range 25 {
				if err := errors.Join(e.Suspend(), e.Resume(o)); err != nil {
					wrong += err.Error() + "\n"
				}
			}
			finished <- wrong
		}()
	}
	for range 4 {
		if wrong := <-finished; wrong != "" {
			t.Error(wrong)
		}
	}
	for _, s := range along {
		if wrong := s.stop(); wrong != "" {
			t.Error(wrong)
		}
	}
}

// stopping is a log that blocks at the line about a dropped family, until release is closed.
type stopping struct {
	slog.Handler
	reached atomic.Bool
	release chan struct{}
}

func (s *stopping) Enabled(context.Context, slog.Level) bool { return true }

func (s *stopping) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "metrics left out") {
		s.reached.Store(true)
		<-s.release
	}
	return nil
}

// TestReloadWhileAPageIsWritten checks that a scrape whose source is suspended while its page is written starts over.
func TestReloadWhileAPageIsWritten(t *testing.T) {
	bad := &dto.MetricFamily{Name: new("bad"), Type: dto.MetricType_GAUGE.Enum(), Metric: []*dto.Metric{nil}}
	var given atomic.Bool
	var servers exporter.Servers
	log := &stopping{release: make(chan struct{})}
	gather := func(context.Context) ([]exposition.Family, func(), error) {
		return exposition.Families([]*dto.MetricFamily{bad, up("old", "1")}), func() { given.Store(true) }, nil
	}
	e := open(t, &servers, exporter.Options{Log: slog.New(log), Source: source(gather)})
	address := at(e)
	result := inBackground("http://" + address + "/metrics")
	until(t, "the page is being written", log.reached.Load)
	if err := closeInTime(t, e.Suspend); err == nil || given.Load() {
		t.Errorf("%v, given back: %t", err, given.Load())
	}
	resume(t, e, exporter.Options{Addresses: addresses(address), Source: families(up("new", "1"))})
	close(log.release)
	if got := <-result; value(got, `new{l="1"}`) != "1" || strings.Contains(got, "old") {
		t.Errorf("the scrape got %s", got)
	}
	if !given.Load() {
		t.Error("the families are not given back")
	}
}

// TestReloadWithHangingSource checks that a source which does not return delays neither Suspend nor Resume, and that
// the scrape that waits for it gets the page after the reload.
func TestReloadWithHangingSource(t *testing.T) {
	h := newHanging(up("old", "1"))
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: h})
	address := at(e)
	result := inBackground("http://" + address + "/metrics")
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	if err := closeInTime(t, e.Suspend); err == nil {
		t.Error("no error, though the source hangs")
	}
	resume(t, e, exporter.Options{Addresses: addresses(address), Source: families(up("new", "1"))})
	if code, _ := get(t, "http://"+address+"/-/healthy"); code != 200 {
		t.Errorf("healthy: %d", code)
	}
	close(h.release)
	if got := <-result; value(got, `new{l="1"}`) != "1" || strings.Contains(got, "old") {
		t.Errorf("the scrape got %s", got)
	}
	until(t, "done is called", func() bool { return h.given.Load() == 1 })
	e.Close()
	noGoroutines(t)
}
