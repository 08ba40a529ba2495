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
