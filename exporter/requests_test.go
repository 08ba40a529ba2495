package exporter

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
)

func TestClientsQuarterOfScrapes(t *testing.T) {
	const full, many = 503, 429
	for name, test := range map[string]struct {
		limit   int
		clients []string // that enter one after the other; "-" leaves again
		want    []int    // the codes of their refusals, or 0
	}{
		"a quarter for a client": {
			8, []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.1:3", "10.0.0.2:1", "-10.0.0.1:1", "10.0.0.1:4", "10.0.0.1:5"},
			[]int{0, 0, many, 0, 0, 0, many},
		},
		"the limit for all": {
			2, []string{"10.0.0.1:1", "10.0.0.2:1", "10.0.0.3:1", "-10.0.0.1:1", "10.0.0.3:1", "10.0.0.1:1"},
			[]int{0, 0, full, 0, 0, full},
		},
		"at least one for a client": {
			1, []string{"10.0.0.1:1", "10.0.0.1:2", "10.0.0.2:1", "-10.0.0.1:1", "10.0.0.2:1"}, []int{0, many, full, 0, 0},
		},
		"an IPv6 network is one client": {
			4, []string{"[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8:0:1::1]:1"}, []int{0, many, 0},
		},
		"a zone is not another client": {
			4, []string{"[fe80::1%eth0]:1", "[fe80::1%eth1]:1"}, []int{0, many},
		},
		"IPv4 in IPv6 is IPv4": {
			4, []string{"10.0.0.1:1", "[::ffff:10.0.0.1]:1", "[::ffff:10.0.0.2]:1"}, []int{0, many, 0},
		},
		"clients without an address": {
			4, []string{"@", "@", "", "host(2):1024", "@", "-@", "@"}, []int{0, 0, 0, 0, full, 0, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var l requestLimit
			leave := make(map[string]func())
			for i, client := range test.clients {
				if client, leaves := strings.CutPrefix(client, "-"); leaves {
					leave[client]()
					continue
				}
				r := httptest.NewRequest("GET", "/metrics", nil)
				r.RemoteAddr = client
				w := httptest.NewRecorder()
				out, code := l.enter(test.limit, w, r)
				if code != test.want[i] || (out == nil) != (code != 0) || code != 0 && w.Code != code {
					t.Errorf("%d: %s: %d, want %d", i, client, code, test.want[i])
				}
				if out != nil {
					leave[client] = out
				}
			}
		})
	}
}

// No memory is kept for a client that has disconnected.
func TestRequestLimitForgets(t *testing.T) {
	var l requestLimit
	for i := range 100 {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = fmt.Sprintf("10.0.0.%d:1", i)
		leave, _ := l.enter(1, httptest.NewRecorder(), r)
		leave()
	}
	if all, clients := l.Count(); all != 0 || clients != 0 {
		t.Errorf("%d requests, %d clients", all, clients)
	}
}

func TestScrapesInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Source: after(time.Second, gives("a"))})
		var all sync.WaitGroup
		for i := range defaultMaxRequests {
			all.Go(func() {
				if w := askFrom(s, fmt.Sprintf("10.0.0.%d:1", i%4), "/metrics"); w.Code != 200 {
					t.Errorf("got %d", w.Code)
				}
			})
		}
		synctest.Wait()
		for client, want := range map[string]string{
			"10.0.0.1:2": "429 10 requests from your address for /metrics are in flight, the limit for one client",
			"10.0.0.5:1": "503 40 requests for /metrics are in flight, the limit of all clients",
		} {
			w := askFrom(s, client, "/metrics")
			want += "; try again later\n"
			if fmt.Sprint(w.Code) != want[:3] || w.Body.String() != want || w.Header().Get("Retry-After") != "1" {
				t.Errorf("%s: %d\n%s", client, w.Code, w.Body)
			}
		}
		page := ownMetrics(s)
		for series, want := range map[string]string{
			`promexporter_scrapes_in_flight{path="/metrics"}`:        "40",
			`promexporter_scrapes_total{code="503",path="/metrics"}`: "1",
			`promexporter_scrapes_total{code="429",path="/metrics"}`: "1",
		} {
			if got := value(page, series); got != want {
				t.Errorf("%s %s, want %s", series, got, want)
			}
		}
		all.Wait()
		if got := value(ownMetrics(s), `promexporter_scrapes_in_flight{path="/metrics"}`); got != "0" {
			t.Errorf("%s scrapes are in flight", got)
		}
	})
}

// ownMetrics returns the current self-metrics of s.
func ownMetrics(s *server) string {
	var page strings.Builder
	for _, f := range s.gatherSelf() {
		_, _ = expfmt.MetricFamilyToText(&page, f.MetricFamily) // a strings.Builder takes everything
	}
	return page.String()
}

// The status pages have their own limit, and do not count as scrapes.
func TestStatusPagesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := offline(Options{Debug: true, Status: func() Status { time.Sleep(time.Second); return Status{} }})
		var all sync.WaitGroup
		for i := range maxStatusRequests {
			all.Go(func() {
				if w := askFrom(s, fmt.Sprintf("10.0.0.%d:1", i/2), "/"); w.Code != 200 {
					t.Errorf("got %d", w.Code)
				}
			})
		}
		synctest.Wait()
		for path, want := range map[string]int{
			"/": 503, "/-/rules": 503, "/debug/pprof/": 503, "/metrics": 200, "/-/healthy": 200,
		} {
			if w := ask(s, path); w.Code != want {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		if w := askFrom(s, "10.0.0.1:3", "/"); w.Code != 429 {
			t.Errorf("a third page for one client: %d", w.Code)
		}
		all.Wait()
		if w := ask(s, "/"); w.Code != 200 {
			t.Errorf("afterwards: %d", w.Code)
		}
	})
}

// The lowest max_requests of the instances that share a page applies.
func TestMaxRequestsOfSharedPage(t *testing.T) {
	s, endpoints := offline(Options{MaxRequests: 3}, Options{MaxRequests: 2}, Options{Path: "/other"})
	limit := func(path string) int { return s.routes.Load().pages[path].limit }
	if limit("/metrics") != 2 || limit("/other") != defaultMaxRequests {
		t.Errorf("limits %d and %d", limit("/metrics"), limit("/other"))
	}
	if err := endpoints[1].Close(); err != nil || limit("/metrics") != 3 {
		t.Errorf("limit %d after the other one was closed: %v", limit("/metrics"), err)
	}
}
