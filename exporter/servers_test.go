package exporter_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/address"
	"github.com/promexporter/promexporter/internal/exposition"
)

func TestSameAddressAndPathIsOnePage(t *testing.T) {
	var servers exporter.Servers
	one := open(t, &servers, exporter.Options{Source: families(
		up("a", "one"), up("only_one", "one"), up("conflict", "one"),
	)})
	counter := &dto.MetricFamily{
		Name: new("conflict"), Help: new("Is up."), Type: dto.MetricType_COUNTER.Enum(),
		Metric: []*dto.Metric{{Counter: &dto.Counter{Value: new(1.0)}}},
	}
	two := open(t, &servers, exporter.Options{Addresses: addresses(at(one)), Instance: "promexporter.1", Source: families(
		gauge("a", "Another help.", map[string]float64{"one": 5, "two": 2}, "one", "two"), counter, up("only_two", "two"),
	)})
	url := "http://" + at(one) + "/metrics"
	if at(one) != at(two) {
		t.Errorf("addresses %s and %s", at(one), at(two))
	}
	_, page := get(t, url)
	golden(t, "merged.prom", foreign(page))
	_, page = get(t, url)
	for series, want := range map[string]string{
		`promexporter_scrape_families_dropped_total{path="/metrics",reason="type"}`:    "1",
		`promexporter_scrape_families_dropped_total{path="/metrics",reason="unit"}`:    "0",
		`promexporter_scrape_series_dropped_total{path="/metrics",reason="duplicate"}`: "1",
		`promexporter_scrapes_in_flight{path="/metrics"}`:                              "1",
	} {
		if got := value(page, series); got != want {
			t.Errorf("%s %s, want %s", series, got, want)
		}
	}

	if err := one.Close(); err != nil {
		t.Error(err)
	}
	_, page = get(t, url)
	golden(t, "merged_without_first.prom", foreign(page))
}

func TestSameAddressDifferentPaths(t *testing.T) {
	var servers exporter.Servers
	one := open(t, &servers, exporter.Options{Path: "/one", Source: families(up("a", "one"))})
	two := open(t, &servers, exporter.Options{
		Addresses: addresses(at(one)), Path: "/two", Instance: "promexporter.1", Source: families(up("a", "two")),
	})
	url := "http://" + at(one)
	for path, series := range map[string]string{"/one": `a{l="one"}`, "/two": `a{l="two"}`} {
		code, page := get(t, url+path)
		if code != http.StatusOK || value(page, series) != "1" || strings.Count(page, "a{") != 1 {
			t.Errorf("%s: %d\n%s", path, code, foreign(page))
		}
	}
	if err := two.Close(); err != nil {
		t.Error(err)
	}
	if code, _ := get(t, url+"/two"); code != http.StatusNotFound {
		t.Errorf("/two: %d after its end", code)
	}
	code, page := get(t, url+"/one")
	if code != http.StatusOK || value(page, `a{l="one"}`) != "1" {
		t.Errorf("/one: %d\n%s", code, foreign(page))
	}
	if strings.Contains(page, "/two") || strings.Contains(page, "promexporter.1") {
		t.Errorf("self-metrics of the closed endpoint are left:\n%s", page)
	}
}

func TestLastCloseFreesThePort(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{})
	address := at(e)
	other := open(t, &servers, exporter.Options{Addresses: addresses(address), Path: "/other", Instance: "promexporter.1"})
	get(t, "http://"+address+"/metrics")
	for _, e := range []*exporter.Endpoint{e, other} {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if servers.Count() != 0 {
		t.Errorf("%d servers are left", servers.Count())
	}
	noGoroutines(t)

	again := open(t, &servers, exporter.Options{Addresses: addresses(address), Source: families(up("a", "1"))})
	if _, page := get(t, "http://"+at(again)+"/metrics"); value(page, `a{l="1"}`) != "1" {
		t.Errorf("the address does not serve again:\n%s", page)
	}
}

func TestEqualAddressesAreShared(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Addresses: addresses(":0")})
	_, port, err := net.SplitHostPort(at(e))
	if err != nil {
		t.Fatal(err)
	}
	open(t, &servers, exporter.Options{Addresses: addresses(":" + port), Instance: "promexporter.1"})
	open(t, &servers, exporter.Options{Addresses: addresses("[::]:" + port), Instance: "promexporter.2"})
	open(t, &servers, exporter.Options{Addresses: addresses(":0"), Instance: "promexporter.3"})
	if servers.Count() != 2 {
		t.Errorf("%d servers, want 2", servers.Count())
	}
	_, err = servers.Open(withDefaults(exporter.Options{Addresses: addresses("127.0.0.1:" + port), Instance: "promexporter.4"}))
	want := "listen on 127.0.0.1:" + port + " (listen_address): address already in use; promexporter.0 at :" + port +
		" in this process uses the port; write the same listen_address in both to share it"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	var servers exporter.Servers
	started := time.Now()
	_, err = servers.Open(withDefaults(exporter.Options{Addresses: addresses(address), ListenRetry: 120 * time.Millisecond}))
	want := "listen on " + address + " (listen_address): address already in use; " +
		"another process uses the port; stop it, or choose a free port"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if took := time.Since(started); took < 120*time.Millisecond {
		t.Errorf("gave up after %s", took)
	}
	noGoroutines(t)
}

func TestPortFreedInTime(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, func() { taken.Close() })
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Addresses: addresses(taken.Addr().String()), ListenRetry: time.Minute})
	if at(e) != taken.Addr().String() {
		t.Errorf("address %s", at(e))
	}
}

// Open waits only for a port that may become free.
func TestOtherErrorsFailAtOnce(t *testing.T) {
	var servers exporter.Servers
	started := time.Now()
	_, err := servers.Open(withDefaults(exporter.Options{Addresses: addresses("192.0.2.1:1"), ListenRetry: 5 * time.Minute}))
	const want = "listen on 192.0.2.1:1 (listen_address): cannot assign requested address; " +
		"this machine has no such address; leave out the host to listen on all interfaces"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if took := time.Since(started); took > time.Minute {
		t.Errorf("took %s", took)
	}
}

func TestInstancesAreUnique(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{})
	_, err := servers.Open(withDefaults(exporter.Options{}))
	want := `instance "promexporter.0" is open already, at ` + at(e) + `/metrics; close it first`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	e.Close()
	open(t, &servers, exporter.Options{})
}

func TestPortZeroGetsAFreePort(t *testing.T) {
	var servers exporter.Servers
	one, two := open(t, &servers, exporter.Options{}), open(t, &servers, exporter.Options{Instance: "promexporter.1"})
	first, second := at(one), at(two)
	if first == second || strings.HasSuffix(first, ":0") || strings.HasSuffix(second, ":0") {
		t.Errorf("got %s and %s", first, second)
	}
}

// Opens, closes and scrapes concurrently, most of them on two ports.
func TestHammer(t *testing.T) {
	var servers exporter.Servers
	anchors := [2]*exporter.Endpoint{
		open(t, &servers, exporter.Options{Instance: "anchor.0"}),
		open(t, &servers, exporter.Options{Instance: "anchor.1"}),
	}
	var running, gathers atomic.Int64
	running.Store(6)
	finished := make(chan string, 12)
	for worker := range 6 {
		instance := "promexporter." + string(rune('0'+worker))
		go func() {
			defer func() { running.Add(-1); finished <- "" }()
			for i := range 40 {
				finished <- openAndClose(&servers, withDefaults(exporter.Options{
					Addresses: addresses(at(anchors[(worker+i)%2])),
					Path:      [...]address.Path{"/metrics", "/a", "/b"}[(worker+i)%3],
					Instance:  instance,
				}), &gathers)
			}
		}()
	}
	for reader := range 4 {
		go func() {
			client := http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for i := 0; running.Load() > 0; i++ {
				url := "http://" + at(anchors[(reader+i)%2]) + [...]string{"/metrics", "/a", "/", "/-/ready"}[i%4]
				if response, err := client.Get(url); err == nil {
					response.Body.Close()
				}
			}
			finished <- ""
		}()
	}
	for range 6*41 + 4 {
		if wrong := <-finished; wrong != "" {
			t.Error(wrong)
		}
	}
	for _, e := range anchors {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	}
	noGoroutines(t)
}

// openAndClose opens o and closes it again. It returns what went wrong, for example a source that is in use after
// Close.
func openAndClose(servers *exporter.Servers, o exporter.Options, gathers *atomic.Int64) string {
	var using atomic.Int64
	var closed atomic.Bool
	var late atomic.Bool
	o.Source = source(func(context.Context) ([]exposition.Family, func(), error) {
		late.CompareAndSwap(false, closed.Load())
		using.Add(1)
		gathers.Add(1)
		return exposition.Families([]*dto.MetricFamily{up("a", o.Instance)}), func() { using.Add(-1) }, nil
	})
	e, err := servers.Open(o)
	if err != nil {
		return err.Error()
	}
	e.MarkReady()
	if err := e.Close(); err != nil {
		return err.Error()
	}
	closed.Store(true)
	if using.Load() != 0 {
		return "a scrape uses the source of a closed endpoint"
	}
	if late.Load() {
		return "Gather after Close"
	}
	return ""
}

func TestOpenNeedsOptions(t *testing.T) {
	var servers exporter.Servers
	for name, remove := range map[string]func(*exporter.Options){
		"addresses": func(o *exporter.Options) { o.Addresses = nil },
		"path":      func(o *exporter.Options) { o.Path = "" },
		"instance":  func(o *exporter.Options) { o.Instance = "" },
		"source":    func(o *exporter.Options) { o.Source = nil },
	} {
		o := withDefaults(exporter.Options{})
		remove(&o)
		if _, err := servers.Open(o); err == nil || !strings.Contains(err.Error(), name) || servers.Count() != 0 {
			t.Errorf("without %s: %v, %d servers", name, err, servers.Count())
		}
	}
}
