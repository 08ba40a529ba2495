package exporter_test

import (
	"bufio"
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/exposition"
)

func TestCloseWithHangingSource(t *testing.T) {
	h := newHanging()
	e := open(t, new(exporter.Servers), exporter.Options{Source: h})
	result := inBackground("http://" + at(e) + "/metrics")
	until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
	err := closeInTime(t, e.Close)
	want := "close promexporter.0 at " + at(e) + "/metrics: its source has not returned from a scrape within 800ms"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if again := e.Close(); again != err {
		t.Errorf("second Close: %v", again)
	}
	<-result
	l, err := net.Listen("tcp", at(e))
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	close(h.release)
	until(t, "done is called", func() bool { return h.given.Load() == 1 })
	noGoroutines(t)
}

// A client that does not read its page delays neither the source nor Close.
func TestCloseWithHangingClient(t *testing.T) {
	var done atomic.Int64
	all := exposition.Families([]*dto.MetricFamily{manySeries("a", 100_000)})
	e := open(t, new(exporter.Servers), exporter.Options{
		Source: source(func(context.Context) ([]exposition.Family, func(), error) {
			return all, func() { done.Add(1) }, nil
		}),
	})
	dial(t, e, "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
	until(t, "the families are given back", func() bool { return done.Load() == 1 })
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

func TestCloseWithIdleAndSilentClients(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{})
	idle := dial(t, e, "GET /-/healthy HTTP/1.1\r\nHost: a\r\n\r\n")
	if line, err := bufio.NewReader(idle).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Fatal(line, err)
	}
	dial(t, e, "")
	dial(t, e, "GET /metrics HTTP/1.1\r\nHost")
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// Closing an endpoint whose source hangs does not affect the rest of its page, or the scrape that waits for it.
func TestCloseLeavesTheRestOfThePage(t *testing.T) {
	for name, polite := range map[string]bool{"polite": true, "rude": false} {
		t.Run(name, func(t *testing.T) {
			h := newHanging()
			h.polite = polite
			all := openAll(t, exporter.Options{Source: families(up("rest", "1"))}, exporter.Options{Source: h})
			url := "http://" + at(all[0]) + "/metrics"
			result := inBackground(url)
			until(t, "the scrape begins", func() bool { return h.asked.Load() == 1 })
			if err := closeInTime(t, all[1].Close); (err == nil) != polite {
				t.Errorf("closed: %v", err)
			}
			close(h.release)
			if got := <-result; !strings.HasPrefix(got, "200 ") || value(got, `rest{l="1"}`) != "1" {
				t.Errorf("the scrape got %s", got)
			}
			if _, page := get(t, url); value(page, `rest{l="1"}`) != "1" || h.asked.Load() != 1 ||
				strings.Contains(page, "promexporter.1") {
				t.Errorf("after Close:\n%s", page)
			}
		})
	}
}
