package exporter

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// scraper scrapes url again and again until stop, each time over a new connection, and counts what is not 200.
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

// Twenty reloads: no scrape fails, and nothing is left of them.
func TestReloadsAreNotSeen(t *testing.T) {
	var servers Servers
	o := withDefaults(Options{Source: families(up("a", "1"))})
	o1 := withDefaults(Options{Instance: "promexporter.1", Source: families(up("b", "1"))}) // the same page
	one, two := open(t, &servers, o), (*Endpoint)(nil)
	o.Address, o1.Address = one.Addr().String(), one.Addr().String()
	two = open(t, &servers, o1)
	one.MarkReady()
	url := "http://" + o.Address
	along := []*scraper{scrapeAlong(url + "/metrics"), scrapeAlong(url + "/-/healthy"), scrapeAlong(url + "/")}
	goroutines, scrapes := 0, -1
	for round := range 20 {
		for _, e := range []*Endpoint{one, two} {
			if err := e.CloseForReload(); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		if one, err = servers.Open(o); err != nil {
			t.Fatal(err)
		}
		if two, err = servers.Open(o1); err != nil {
			t.Fatal(err)
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
	if !one.ready() {
		t.Error("no longer ready after a reload")
	}
	until(t, "there are more goroutines than after the first round", func() bool { return runtime.NumGoroutine() <= goroutines+5 })
	if n := servers.count(); n != 1 {
		t.Errorf("%d servers", n)
	}
	for _, e := range []*Endpoint{one, two} {
		if err := closeInTime(t, e.Close); err != nil {
			t.Error(err)
		}
	}
	noGoroutines(t)
}

// A scrape that comes between two instances waits for the second one.
func TestScrapeWaitsForReload(t *testing.T) {
	var servers Servers
	o := withDefaults(Options{Source: families(up("old", "1"))})
	e := open(t, &servers, o)
	o.Address = e.Addr().String()
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Fatal(err)
	}
	url := "http://" + o.Address
	result := inBackground(url + "/metrics")
	until(t, "the scrape waits", func() bool { return taken(e.on[0]) == 1 })
	if code, _ := get(t, url+"/-/healthy"); code != 200 {
		t.Errorf("healthy: %d", code)
	}
	if _, page := get(t, url+"/"); !strings.Contains(page, "is being reloaded") {
		t.Errorf("got\n%s", page)
	}
	o.Source = families(up("new", "1"))
	next := open(t, &servers, o)
	if got := <-result; value(got, `new{l="1"}`) != "1" || strings.Contains(got, "old") {
		t.Errorf("the scrape got %s", got)
	}
	if err := e.Close(); err != nil { // that of the old one changes nothing any more
		t.Error(err)
	}
	if _, page := get(t, url+"/metrics"); value(page, `new{l="1"}`) != "1" {
		t.Errorf("got\n%s", page)
	}
	next.Close()
	noGoroutines(t)
}

// The source of the old instance is not used once CloseForReload has returned.
func TestReloadLetsGoOfTheSource(t *testing.T) {
	var using atomic.Int64
	var closed, late atomic.Bool
	var servers Servers
	e := open(t, &servers, Options{Source: source(func() ([]*dto.MetricFamily, func(), error) {
		late.CompareAndSwap(false, closed.Load())
		using.Add(1)
		return []*dto.MetricFamily{up("a", "1")}, func() { using.Add(-1) }, nil
	})})
	along := scrapeAlong("http://" + e.Addr().String() + "/metrics")
	until(t, "a scrape", func() bool { return using.Load() > 0 })
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	if using.Load() != 0 {
		t.Error("the source is in use")
	}
	closed.Store(true)
	next := open(t, &servers, Options{Address: e.Addr().String(), Source: families(up("b", "1"))})
	if wrong := along.stop(); wrong != "" || late.Load() {
		t.Errorf("late: %t\n%s", late.Load(), wrong)
	}
	next.Close()
}

// A scrape that takes longer than a reload waits for begins anew, with what comes after the reload.
func TestReloadInTheMiddleOfAScrape(t *testing.T) {
	var servers Servers
	var asked atomic.Int64
	o := withDefaults(Options{Source: source(func() ([]*dto.MetricFamily, func(), error) {
		asked.Add(1)
		return []*dto.MetricFamily{up("old", "1")}, func() {}, nil
	})})
	e := open(t, &servers, o)
	o.Address = e.Addr().String()
	end := takeTurns(t, e.on[0])
	result := inBackground("http://" + o.Address + "/metrics")
	until(t, "the scrape has what it asked for", func() bool { return asked.Load() == 1 })
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	o.Source = families(up("new", "1"))
	open(t, &servers, o)
	end()
	if got := <-result; value(got, `new{l="1"}`) != "1" || strings.Contains(got, "old") {
		t.Errorf("the scrape got %s", got)
	}
}

// An instance that does not come back is gone after the linger, and its address is free.
func TestLingerEnds(t *testing.T) {
	servers := Servers{Linger: 50 * time.Millisecond}
	e := open(t, &servers, Options{})
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	until(t, "the address is free", func() bool {
		l, err := net.Listen("tcp", e.Addr().String())
		if err == nil {
			l.Close()
		}
		return err == nil
	})
	noGoroutines(t)
	if servers.count() != 0 {
		t.Errorf("%d servers", servers.count())
	}
	open(t, &servers, Options{Address: e.Addr().String(), ListenRetry: -1})
}

// While another instance of the page is there, scrapes do without the one that does not come back.
func TestLingerEndsOnSharedPage(t *testing.T) {
	servers := Servers{Linger: 200 * time.Millisecond}
	rest := open(t, &servers, Options{Source: families(up("rest", "1"))})
	e := open(t, &servers, Options{Address: rest.Addr().String(), Instance: "promexporter.1", Source: families(up("a", "1"))})
	started := time.Now()
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	_, page := get(t, "http://"+rest.Addr().String()+"/metrics")
	if took := time.Since(started); value(page, `rest{l="1"}`) != "1" || strings.Contains(page, "promexporter.1") || took < servers.Linger {
		t.Errorf("after %s:\n%s", took, page)
	}
}

// A scrape that cannot wait longer gets what there is, or an error of its own, before its time is over.
func TestScrapeDoesNotWaitTooLong(t *testing.T) {
	var servers Servers
	rest := open(t, &servers, Options{Path: "/rest", Source: families(up("rest", "1"))})
	for i, path := range []string{"/rest", "/alone"} {
		e := open(t, &servers, Options{Address: rest.Addr().String(), Path: path, Instance: fmt.Sprint("promexporter.", i+1)})
		if err := closeInTime(t, e.CloseForReload); err != nil {
			t.Error(err)
		}
	}
	for path, want := range map[string]int{"/rest": 200, "/alone": 503} {
		r, _ := http.NewRequest(http.MethodGet, "http://"+rest.Addr().String()+path, nil)
		r.Header.Set(timeoutHeader, "2")
		started := time.Now()
		response, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		if took := time.Since(started); response.StatusCode != want || took > 2*time.Second {
			t.Errorf("%s: %s after %s", path, response.Status, took)
		}
	}
}

// Close after CloseForReload gives the address up at once.
func TestCloseEndsTheLinger(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{})
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	result := inBackground("http://" + e.Addr().String() + "/metrics")
	until(t, "the scrape waits", func() bool { return taken(e.on[0]) == 1 })
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	if got := <-result; !strings.HasPrefix(got, "503 "+endClosing) {
		t.Errorf("the scrape got %s", got)
	}
	l, err := net.Listen("tcp", e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	noGoroutines(t)
}

// The new instance may have other addresses, another path and other users. What both have stays open.
func TestReloadWithChanges(t *testing.T) {
	var servers Servers
	path := filepath.Join(t.TempDir(), "s.sock")
	e := open(t, &servers, Options{Address: "127.0.0.1:0,127.0.0.1:0,unix://" + path, Source: families(up("a", "1"))})
	kept, left := e.Addrs()[0].String(), e.Addrs()[1].String()
	along := scrapeAlong("http://" + kept + "/-/healthy") // open to all, before and after
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	next := open(t, &servers, Options{
		Address: kept + ",unix://" + path, Path: "/new", Source: families(up("a", "2")),
		Web: Web{Username: "u", Password: secret},
	})
	l, err := net.Listen("tcp", left)
	if err != nil {
		t.Error("the address that was given up is not free:", err)
	} else {
		l.Close()
	}
	for _, c := range []struct {
		client    *http.Client
		url, user string
		code      int
	}{
		{http.DefaultClient, "http://" + kept + "/new", "", 401},
		{http.DefaultClient, "http://" + kept + "/new", "u", 200},
		{http.DefaultClient, "http://" + kept + "/metrics", "u", 404},
		{overUnix(t, path), "http://unix/new", "", 401},
		{overUnix(t, path), "http://unix/new", "u", 200},
	} {
		password := ""
		if c.user != "" {
			password = secret
		}
		if code := fetch(t, c.client, c.url, c.user, password).StatusCode; code != c.code {
			t.Errorf("%s as %q: %d, want %d", c.url, c.user, code, c.code)
		}
	}
	if wrong := along.stop(); wrong != "" {
		t.Error(wrong)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := closeInTime(t, next.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// A scrape that was admitted by the old gate does not get what stands behind the new one.
func TestOldGateAdmitsToNothingNew(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{Source: families(up("a", "1"))})
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	result := inBackground("http://" + e.Addr().String() + "/metrics")
	until(t, "the scrape waits", func() bool { return taken(e.on[0]) == 1 })
	next := open(t, &servers, Options{
		Address: e.Addr().String(), Source: families(up("secret", "1")), Web: Web{Username: "u", Password: secret},
	})
	if got := <-result; strings.Contains(got, "secret{") || strings.HasPrefix(got, "200") {
		t.Errorf("the scrape got %s", got)
	}
	next.Close()
	noGoroutines(t)
}

// Neither does a request that comes over an old connection.
func TestOldConnectionAdmitsToNothingNew(t *testing.T) {
	s := guarded(t, Web{Username: "u", Password: "old"}, nil)
	before := s.front.Load()
	g, err := Web{Username: "u", Password: "new"}.open()
	if err != nil {
		t.Fatal(err)
	}
	s.front.Store(newFront(s, g))
	for path, want := range map[string]int{"/metrics": 503, "/": 503, "/-/rules": 503, "/-/healthy": 200} {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.SetBasicAuth("u", "old")
		w := httptest.NewRecorder()
		before.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
	}
}

// A reload may also turn TLS on, with the same file.
func TestReloadTurnsTLSOn(t *testing.T) {
	c := newCertificate(t, 1)
	folder := newWebFolder(t, "")
	folder.writePair(t, c)
	var servers Servers
	o := Options{Web: Web{ConfigFile: folder.config()}}
	e := open(t, &servers, o)
	o.Address = e.Addr().String()
	if code, _ := get(t, "http://"+o.Address+"/-/healthy"); code != 200 {
		t.Errorf("got %d", code)
	}
	folder.write(t, "web.yml", tlsConfig)
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	next := open(t, &servers, o)
	if !next.Encrypted() {
		t.Error("not encrypted")
	}
	if code := fetch(t, clientOf(t, c), "https://"+o.Address+"/-/healthy", "", "").StatusCode; code != 200 {
		t.Errorf("got %d", code)
	}
}

// An address that is in the way of the new one makes room for it, when it only waits for instances to come back.
func TestReloadToOverlappingAddress(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{})
	_, port, _ := net.SplitHostPort(e.Addr().String())
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	next := open(t, &servers, Options{Address: ":" + port, ListenRetry: -1})
	if code, _ := get(t, "http://127.0.0.1:"+port+"/metrics"); code != 200 || servers.count() != 1 {
		t.Errorf("%d, %d servers", code, servers.count())
	}
	next.Close()
	noGoroutines(t)
}

// While an instance is away its place may be taken by nobody else's settings, and by its own name only.
func TestOthersDoNotTakeOver(t *testing.T) {
	var servers Servers
	rest := open(t, &servers, Options{Path: "/rest"})
	e := open(t, &servers, Options{Address: rest.Addr().String(), Instance: "promexporter.1", Source: families(up("a", "1"))})
	if err := closeInTime(t, e.CloseForReload); err != nil {
		t.Error(err)
	}
	_, err := servers.Open(withDefaults(Options{
		Address: rest.Addr().String(), Instance: "promexporter.1", Web: Web{Username: "u", Password: secret},
	}))
	if err == nil || !strings.Contains(err.Error(), "promexporter.0 and promexporter.1 share the address") {
		t.Errorf("got %v", err)
	}
	if !e.isAway() {
		t.Error("a failed Open takes the place of the one that is away")
	}
	open(t, &servers, Options{Address: rest.Addr().String(), Path: "/other", Instance: "promexporter.2"})
	if n := len(rest.on[0].routes.Load().endpoints); n != 3 {
		t.Errorf("%d endpoints", n)
	}
}

func TestReloadWithHangingSource(t *testing.T) {
	h := newHanging()
	var servers Servers
	e := open(t, &servers, Options{Source: h})
	result := inBackground("http://" + e.Addr().String() + "/metrics")
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	if err := closeInTime(t, e.CloseForReload); err == nil {
		t.Error("no error, though the source hangs")
	}
	next := open(t, &servers, Options{Address: e.Addr().String(), Source: families(up("b", "1"))})
	if _, page := get(t, "http://"+e.Addr().String()+"/metrics"); value(page, `b{l="1"}`) != "1" {
		t.Errorf("got\n%s", page)
	}
	if got := <-result; value(got, `b{l="1"}`) != "1" && !strings.HasPrefix(got, "503") {
		t.Errorf("the scrape got %s", got)
	}
	close(h.release)
	until(t, "done is called", func() bool { return h.given.Load() == 1 })
	next.Close()
	noGoroutines(t)
}

// Reloads, closes and scrapes at once.
func TestReloadHammer(t *testing.T) {
	servers := Servers{Linger: time.Millisecond}
	anchor := open(t, &servers, Options{Instance: "anchor"})
	finished := make(chan error, 4)
	along := scrapeAlong("http://" + anchor.Addr().String() + "/metrics")
	for worker := range cap(finished) {
		o := withDefaults(Options{Address: anchor.Addr().String(), Instance: fmt.Sprint("promexporter.", worker)})
		if worker%2 == 0 {
			o.Address += ",127.0.0.1:0"
		}
		go func() {
			var errs []error
			for i := range 40 {
				e, err := servers.Open(o)
				if err == nil && i%3 > 0 {
					err = e.CloseForReload()
				}
				if err == nil && i%3 < 2 {
					err = e.Close()
				}
				errs = append(errs, err)
			}
			finished <- errors.Join(errs...)
		}()
	}
	for range cap(finished) {
		if err := <-finished; err != nil {
			t.Error(err)
		}
	}
	// On a busy machine a scrape may take longer than an endpoint waits for it; that is no refused connection.
	for line := range strings.Lines(along.stop()) {
		if !strings.Contains(line, "503 Service Unavailable <nil>") {
			t.Error(line)
		}
	}
	anchor.Close()
	noGoroutines(t)
}

// A reload may do with what was read of files that are broken now, and serves by them as soon as they are right again.
func TestReloadKeepsWhatWasRead(t *testing.T) {
	pair := newCertificate(t, 1)
	good := tlsConfig + "basic_auth_users:\n  alice: " + hashOf(t, secret) + "\n"
	folder := newWebFolder(t, good)
	folder.writePair(t, pair)
	var servers Servers
	o := Options{Web: Web{ConfigFile: folder.config()}, Source: families(up("a", "1"))}
	e := open(t, &servers, o)
	o.Address = e.Addr().String()
	url := "https://" + o.Address + "/metrics"
	if err := e.CloseForReload(); err != nil {
		t.Fatal(err)
	}
	folder.write(t, "web.yml", "tls_server_config: [\n")
	if _, err := servers.Open(withDefaults(o)); err == nil {
		t.Fatal("opened with a broken file")
	}
	o.Keep = true
	other := o
	other.Web = Web{ConfigFile: folder.config() + ".other"}
	if _, err := servers.Open(withDefaults(other)); err == nil {
		t.Fatal("opened with the file of another")
	}
	open(t, &servers, o)
	if response, err := clientOf(t, pair).Get(url); err == nil {
		t.Errorf("%s with a broken file", response.Status)
	}
	folder.write(t, "web.yml", good)
	for user, want := range map[string]int{"alice": http.StatusOK, "mallory": http.StatusUnauthorized} {
		if code := fetch(t, clientOf(t, pair), url, user, secret).StatusCode; code != want {
			t.Errorf("as %s: %d, want %d", user, code, want)
		}
	}
}

// A reload may do with the addresses of a host that cannot be looked up now.
func TestReloadKeepsAddresses(t *testing.T) {
	servers := Servers{Linger: time.Minute} // a look-up may take its time to fail
	o := Options{Address: "127.0.0.1:0,127.0.0.1:0", Source: families(up("a", "1"))}
	e := open(t, &servers, o)
	want := fmt.Sprint(e.Addrs())
	o.Address = "name.invalid:1" // as if it had been this
	if err := e.CloseForReload(); err != nil {
		t.Fatal(err)
	}
	o.Keep = true
	if _, err := servers.Open(withDefaults(o)); err == nil {
		t.Fatal("opened with the addresses of another host")
	}
	e.address = o.Address
	o.Keep = false
	if _, err := servers.Open(withDefaults(o)); err == nil {
		t.Fatal("opened although there is no such host")
	}
	o.Keep = true
	if got := fmt.Sprint(open(t, &servers, o).Addrs()); got != want || servers.count() != 2 {
		t.Errorf("%d servers, addresses %s, want %s", servers.count(), got, want)
	}
}
