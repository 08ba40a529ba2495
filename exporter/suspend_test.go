package exporter_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
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

// scraper scrapes a URL again and again, each time over a new connection, and collects what is not 200.
type scraper struct {
	done    chan struct{}
	stopped chan string
}

func scrapeAlong(url string) *scraper {
	s := &scraper{make(chan struct{}), make(chan string, 1)}
	go func() {
		client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
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
	eye := open(t, servers, exporter.Options{Addresses: addresses(address), Path: "/eye", Instance: "eye"})
	defer eye.Close()
	series := `promexporter_scrapes_in_flight{path="/metrics"}`
	until(t, "scrapes in flight", func() bool {
		_, page := get(t, "http://"+address+"/eye")
		return value(page, series) == fmt.Sprint(n)
	})
}

// TestReloadsAreNotSeen has twenty reloads of two instances: no scrape fails, and nothing is left of them.
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

// TestScrapeWaitsForReload holds that a scrape which comes while its instance is suspended gets what comes after.
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

// TestReloadLetsGoOfTheSource holds that the source is not used once Suspend has returned.
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

// TestReloadInTheMiddleOfAScrape holds that a scrape whose source is suspended while it gathers starts over.
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

// TestScrapeDoesNotWaitTooLong holds that a scrape which cannot wait longer gets what there is, or an error of its own,
// before its time is over.
func TestScrapeDoesNotWaitTooLong(t *testing.T) {
	endpoints := openAll(t,
		exporter.Options{Path: "/rest", Source: families(up("rest", "1"))}, exporter.Options{Path: "/rest"}, exporter.Options{Path: "/alone"})
	suspend(t, endpoints[1])
	suspend(t, endpoints[2])
	for path, want := range map[string]int{"/rest": 200, "/alone": 503} {
		w := ask(t, endpoints[0], http.MethodGet, path, "X-Prometheus-Scrape-Timeout-Seconds", "2")
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

// TestCloseEndsTheSuspension holds that Close gives the address up at once.
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

// TestReloadWithChanges holds that the new instance may have other addresses, another path and other users.
func TestReloadWithChanges(t *testing.T) {
	var servers exporter.Servers
	path := filepath.Join(t.TempDir(), "s.sock")
	e := open(t, &servers, exporter.Options{
		Addresses: addresses("127.0.0.1:0,127.0.0.1:0,unix://" + path), Source: families(up("a", "1")),
	})
	kept, left := e.Addrs()[0].String(), e.Addrs()[1].String()
	suspend(t, e)
	resume(t, e, exporter.Options{
		Addresses: addresses(kept + ",unix://" + path), Path: "/new", Source: families(up("a", "2")),
		Web: exporter.Web{Username: "u", Password: secret},
	})
	if l, err := net.Listen("tcp", left); err != nil {
		t.Error("the address that was given up is not free:", err)
	} else {
		l.Close()
	}
	for _, c := range []struct {
		url, password string
		code          int
	}{
		{"http://" + kept + "/new", "", 401}, {"http://" + kept + "/new", secret, 200}, {"http://" + kept + "/metrics", secret, 404},
		{"http://unix/new", "", 401}, {"http://unix/new", secret, 200},
	} {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if strings.HasPrefix(c.url, "http://unix/") {
			client = overUnix(path)
		}
		if code := fetch(t, client, c.url, c.password); code != c.code {
			t.Errorf("%s with %q: %d, want %d", c.url, c.password, code, c.code)
		}
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is left")
	}
	noGoroutines(t)
}

// overUnix is a client of the server that listens on a Unix socket.
func overUnix(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
	}}
}

// fetch gets a URL as the user u, or as nobody without a password.
func fetch(t testing.TB, client *http.Client, url, password string) (code int) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		r.SetBasicAuth("u", password)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// TestOldSettingsAdmitToNothingNew holds that neither a scrape that waited under other users, nor a connection of theirs,
// gets what the new users protect.
func TestOldSettingsAdmitToNothingNew(t *testing.T) {
	for name, before := range map[string]exporter.Web{"open before": {}, "another user before": {Username: "u", Password: "old"}} {
		t.Run(name, func(t *testing.T) {
			var servers exporter.Servers
			e := open(t, &servers, exporter.Options{Source: families(up("a", "1")), Web: before})
			address := at(e)
			request := "GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dTpvbGQ=\r\n\r\n" // u:old
			kept := dial(t, e, request)
			reader := bufio.NewReader(kept)
			response, err := http.ReadResponse(reader, nil)
			if err != nil || response.StatusCode != 200 {
				t.Fatalf("before: %v, %v", response, err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			suspend(t, e)
			waiting := dial(t, e, request)
			resume(t, e, exporter.Options{
				Addresses: addresses(address), Source: families(up("secret", "1")), Web: exporter.Web{Username: "u", Password: secret},
			})
			_, _ = io.WriteString(kept, request)
			for what, from := range map[string]io.Reader{"waiting scrape": waiting, "kept connection": reader} {
				if got, _ := io.ReadAll(from); strings.Contains(string(got), "secret") || strings.Contains(string(got), "200 OK") {
					t.Errorf("%s got %s", what, got)
				}
			}
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if code := fetch(t, client, "http://"+address+"/metrics", "old"); code != 401 {
				t.Errorf("the old password: %d", code)
			}
			if code := fetch(t, client, "http://"+address+"/metrics", secret); code != 200 {
				t.Errorf("the new password: %d", code)
			}
		})
	}
}

// TestSectionsChangeUsersInTurn has two instances of one address that get other users in the same reload.
func TestSectionsChangeUsersInTurn(t *testing.T) {
	endpoints := openAll(t, exporter.Options{Source: families(up("a", "1"))}, exporter.Options{Source: families(up("b", "1"))})
	address := at(endpoints[0])
	for _, e := range endpoints {
		suspend(t, e)
	}
	for i, e := range endpoints {
		resume(t, e, exporter.Options{
			Addresses: addresses(address), Instance: fmt.Sprint("promexporter.", i), Source: families(up(string(rune('a'+i)), "2")),
			Web: exporter.Web{Username: "u", Password: secret},
		})
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for password, want := range map[string]int{"": 401, secret: 200} {
		if code := fetch(t, client, "http://"+address+"/metrics", password); code != want {
			t.Errorf("%q: %d, want %d", password, code, want)
		}
	}
}

// TestReloadToOverlappingAddress holds that an address which only waits for suspended instances makes room for another one.
func TestReloadToOverlappingAddress(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{})
	_, port, _ := net.SplitHostPort(at(e))
	suspend(t, e)
	resume(t, e, exporter.Options{Addresses: addresses(":" + port)})
	if code, _ := get(t, "http://127.0.0.1:"+port+"/metrics"); code != 200 || !e.Listening() {
		t.Errorf("%d, listening %t", code, e.Listening())
	}
	e.Close()
	noGoroutines(t)
}

// TestOthersDoNotTakeOver holds that the name and the place of a suspended instance are its own.
func TestOthersDoNotTakeOver(t *testing.T) {
	var servers exporter.Servers
	rest := open(t, &servers, exporter.Options{Path: "/rest"})
	e := open(t, &servers, exporter.Options{Addresses: addresses(at(rest)), Instance: "promexporter.1", Source: families(up("a", "1"))})
	suspend(t, e)
	if _, err := servers.Open(withDefaults(exporter.Options{Addresses: addresses(at(rest)), Instance: "promexporter.1"})); err == nil {
		t.Error("another endpoint took the name")
	}
	other := withDefaults(exporter.Options{
		Addresses: addresses(at(rest)), Instance: "promexporter.1", Web: exporter.Web{Username: "u", Password: secret},
	})
	if err := e.Resume(other); err == nil || !strings.Contains(err.Error(), "with different username") {
		t.Errorf("other users beside those of promexporter.0: %v", err)
	}
	resume(t, e, exporter.Options{Addresses: addresses(at(rest)), Instance: "promexporter.1", Source: families(up("a", "2"))})
	if _, page := get(t, "http://"+at(rest)+"/metrics"); value(page, `a{l="2"}`) != "1" {
		t.Errorf("got\n%s", foreign(page))
	}
}

// TestResumeFailsAndSucceeds holds that an endpoint that could not resume is suspended as before.
func TestResumeFailsAndSucceeds(t *testing.T) {
	endpoints := openAll(t,
		exporter.Options{Definitions: []exporter.Definition{{Name: "a", Type: "gauge"}}},
		exporter.Options{Source: families(up("b", "1"))})
	address := at(endpoints[0])
	suspend(t, endpoints[1])
	o := withDefaults(exporter.Options{
		Addresses: addresses(address), Instance: "promexporter.1", Source: families(up("b", "2")),
		Definitions: []exporter.Definition{{Name: "a", Type: "counter"}},
	})
	if err := endpoints[1].Resume(o); !errors.As(err, new(*exporter.ClashError)) {
		t.Fatalf("got %v", err)
	}
	result := inBackground("http://" + address + "/metrics")
	o.Definitions = nil
	resume(t, endpoints[1], o)
	if got := <-result; value(got, `b{l="2"}`) != "1" {
		t.Errorf("the scrape got %s", got)
	}
}

// TestResumeListensLater holds that an address that is taken at a reload is tried until it can be had.
func TestResumeListensLater(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: families(up("a", "1"))})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	suspend(t, e)
	resume(t, e, exporter.Options{Addresses: addresses(l.Addr().String()), ListenRetry: -1, Source: families(up("a", "1"))})
	if e.Listening() {
		t.Error("it listens on an address that is taken")
	}
	l.Close()
	until(t, "it listens", e.Listening)
	if _, page := get(t, "http://"+at(e)+"/metrics"); value(page, `a{l="1"}`) != "1" {
		t.Errorf("got\n%s", foreign(page))
	}
}

// TestReloadKeepsWhatWasRead holds that files and hosts that cannot be read at a reload count as they were found before.
func TestReloadKeepsWhatWasRead(t *testing.T) {
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	var servers exporter.Servers
	web := exporter.Web{Username: "u", PasswordFile: password}
	e := open(t, &servers, exporter.Options{Web: web})
	address := at(e)
	suspend(t, e)
	if err := os.Remove(password); err != nil {
		t.Fatal(err)
	}
	other := web
	other.PasswordFile += "2"
	if err := e.Resume(withDefaults(exporter.Options{Addresses: addresses(address), Web: other})); err == nil {
		t.Error("a file that never was there is taken")
	}
	resume(t, e, exporter.Options{Addresses: addresses(address), Web: web})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for given, want := range map[string]int{"": 401, secret: 200} {
		if code := fetch(t, client, "http://"+address+"/metrics", given); code != want {
			t.Errorf("%q: %d, want %d", given, code, want)
		}
	}
}

// TestReloadHammer suspends, resumes and scrapes at once.
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
