package exporter_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/exposition"
)

// One source of a page fails in some way. The page shows the other one, and what the failing one returned.
func TestFailingSources(t *testing.T) {
	var released atomic.Int64
	done := func() { released.Add(1) }
	part := exposition.Families([]*dto.MetricFamily{up("part", "1")})
	for name, test := range map[string]struct {
		source source
		part   string
		reason string
		count  string // on the third page
		line   string
	}{
		"error": {
			func(context.Context) ([]exposition.Family, func(), error) {
				return part, done, errors.New("first\nsecond")
			},
			"1", "error", "3", `reason=error error="first; second"`,
		},
		"panic in Gather": {
			func(context.Context) ([]exposition.Family, func(), error) { panic("oh") },
			"", "panic", "3", `reason=panic error="in Gather: panic: oh"`,
		},
		"panic in done": {
			func(context.Context) ([]exposition.Family, func(), error) {
				return part, func() { done(); panic("oh") }, nil
			},
			"1", "panic", "2", `reason=panic error="panic: oh"`,
		},
		"a family that is nil": {
			func(context.Context) ([]exposition.Family, func(), error) {
				return make([]exposition.Family, 2), nil, nil
			},
			"", "panic", "0", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			released.Store(0)
			var out logged
			rest := exporter.Options{Source: families(up("rest", "1"))}
			e := openAll(t, rest, exporter.Options{Source: test.source, Log: out.log()})[0]
			for range 2 {
				w := ask(t, e, "GET", "/metrics")
				page := w.Body.String()
				if w.Code != 200 || value(page, `rest{l="1"}`) != "1" || value(page, `part{l="1"}`) != test.part {
					t.Errorf("%d\n%s", w.Code, foreign(page))
				}
			}
			page := ask(t, e, "GET", "/metrics").Body.String()
			counted := `promexporter_scrape_source_failures_total{output="promexporter.1",reason="` + test.reason + `"}`
			if got := value(page, counted); got != test.count {
				t.Errorf("%s failures, want %s", got, test.count)
			}
			const text = `level=WARN msg="page is incomplete: an instance did not return all of its metrics"`
			want := text + " path=/metrics instance=promexporter.1 " + test.line + "\n"
			if out.String() != want && (test.line != "" || out.String() != "") {
				t.Errorf("got  %swant %s", out.String(), want)
			}
			if test.part != "" && released.Load() != 3 {
				t.Errorf("done was called %d times, want 3", released.Load())
			}
		})
	}
}

// A request with name[] does not merge the families that it leaves out.
func TestNamesAreCheap(t *testing.T) {
	half := manySeries("a", 20_000)
	one, two := families(half, up("b", "1")), families(half, up("b", "2"))
	e := openAll(t, exporter.Options{Source: one}, exporter.Options{Source: two})[0]
	allocs := testing.AllocsPerRun(3, func() {
		page := ask(t, e, "GET", "/metrics?name[]=b").Body.String()
		if value(page, `b{l="1"}`) != "1" || value(page, `b{l="2"}`) != "1" || strings.Count(page, "\n") != 4 {
			t.Errorf("got\n%s", page)
		}
	})
	if allocs > 10_000 {
		t.Errorf("%.0f allocations", allocs)
	}
}

// The timeout also ends the rendering of a page that is too large for it.
func TestScrapeTimeoutEndsEncoding(t *testing.T) {
	var released atomic.Int64
	all := exposition.Families([]*dto.MetricFamily{manySeries("a", 300_000)})
	e := open(t, new(exporter.Servers), exporter.Options{
		Source: source(func(context.Context) ([]exposition.Family, func(), error) {
			return all, func() { released.Add(1) }, nil
		}),
	})
	w := ask(t, e, "GET", "/metrics", timeoutHeader, "0.02")
	if w.Code != 503 || w.Body.String() != "could not render the page in time\n" || released.Load() != 1 {
		t.Errorf("%d with %d bytes, given back %d times", w.Code, w.Body.Len(), released.Load())
	}
}
