package pipeline

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
)

const reloadRules = `metrics:
- {name: a_total, type: counter, help: A., labels: {l: $l}}
- {name: size_bytes, type: histogram, help: S., value: $n, buckets: [1, 10]}
- {name: pace_seconds, type: summary, help: P., value: $n, quantiles: {0.5: 0.05}}
- {name: level, type: gauge, help: L., value: $n}
- {name: changes_total, type: counter, help: Before.}
- {name: leaves_total, type: counter, help: Left out later.}
`

// reload closes p and opens its successor, as a reload of Fluent Bit does.
func (of *process) reload(p *Pipeline, keys map[string]string) *Pipeline {
	of.t.Helper()
	p.CloseForReload()
	o := of.options(p.name, keys)
	o.Reloaded = true
	next, err := Open(o)
	if err != nil {
		of.t.Fatal(err)
	}
	of.t.Cleanup(next.Close)
	return next
}

// TestHotReload checks that series and counts continue after a reload of Fluent Bit, except those whose definition
// changed.
func TestHotReload(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, reloadRules)}
	p := of.open("promexporter.0", keys)
	flush(t, p, "t", `{"l":"x","n":5}`, flb.OK)
	flush(t, p, "t", `{"l":"y","n":0.5}`, flb.OK)
	before := shownSeries(t, p)
	keys["listen_address"] = p.endpoint.Addrs()[0].String()

	other := strings.ReplaceAll(reloadRules, "Before.", "After.")
	other, _, _ = strings.Cut(other, "- {name: leaves_total")
	rewrite(t, keys["rules_file"], other)
	p = of.reload(p, keys)
	after := shownSeries(t, p)
	for line := range strings.Lines(before) {
		survives := !strings.HasPrefix(line, "changes_total") && !strings.HasPrefix(line, "leaves_total")
		if strings.Contains(after, line) != survives {
			t.Errorf("%s survives: %v; after it there are\n%s", line, !survives, after)
		}
	}
	flush(t, p, "t", `{"l":"x","n":5}`, flb.OK)
	expect(t, p, `
		a_total{l="x"} 2
		a_total{l="y"} 1
		size_bytes_count 3
		pace_seconds_count 3
		pace_seconds{quantile="0.5"} 5
		level 5
		changes_total 1
		promexporter_records_received_total{output="promexporter.0"} 3
		promexporter_rule_records_matched_total{output="promexporter.0",rule="a_total"} 3
		promexporter_flush_duration_seconds_count{output="promexporter.0"} 3
		promexporter_config_last_reload_successful{output="promexporter.0"} 1
		promexporter_rules_last_reload_successful{output="promexporter.0"} 1
		promexporter_rules_reloads_total{output="promexporter.0",result="success"} 1`)
}

// TestHotReloadIsNotSeen reloads under load: each record that was answered ok counts once, no scrape fails, no counter
// decreases, and no resources are left.
func TestHotReloadIsNotSeen(t *testing.T) {
	of := newProcess(t)
	keys := stateKeys(t, oneRule)
	p := of.open("promexporter.0", keys)
	keys["listen_address"] = p.endpoint.Addrs()[0].String()
	flush(t, p, "t", `{"l":"x"}`, flb.OK)

	var now sync.RWMutex // Fluent Bit flushes to one instance at a time
	stop := make(chan struct{})
	var background sync.WaitGroup
	applied := 1
	background.Go(func() {
		chunk := chunktest.Events(`{"l":"x"}`)
		for !isClosed(stop) {
			now.RLock()
			if p.Flush(chunk, "t") == flb.OK {
				applied++
			}
			now.RUnlock()
		}
	})
	background.Go(func() { scrapeAlong(t, "http://"+keys["listen_address"]+"/metrics", stop) })
	goroutines := 0
	for round := range 20 {
		old := p
		old.CloseForReload()
		o := of.options(old.name, keys)
		o.Reloaded = true
		next, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		now.Lock()
		p = next
		now.Unlock()
		if round == 0 {
			goroutines = runtime.NumGoroutine()
		}
	}
	close(stop)
	background.Wait()
	expect(t, p, fmt.Sprintf(`a_total{l="x"} %d`, applied))
	until(t, "goroutines stay", func() bool { return runtime.NumGoroutine() <= goroutines })
	closeWritten(t, p)
	if listening(p.endpoint.Addrs()[0]) {
		t.Error("the address is still taken")
	}
	again := of.open("promexporter.1", map[string]string{"rules_file": keys["rules_file"], "state_file": keys["state_file"]})
	expect(t, again, fmt.Sprintf(`a_total{l="x"} %d`, applied))
}

// scrapeAlong scrapes until stop, each time over a new connection.
func scrapeAlong(t *testing.T, url string, stop chan struct{}) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	last := 0.0
	for n := 0; !isClosed(stop); n++ {
		response, err := client.Get(url)
		if err != nil {
			t.Errorf("scrape %d: %v", n, err)
			continue
		}
		page, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("scrape %d: %s, %v", n, response.Status, err)
		}
		var value float64
		if _, err := fmt.Sscanf(linesOf(string(page), "a_total"), `a_total{l="x"} %g`, &value); err != nil || value < last {
			t.Errorf("scrape %d: %g after %g, %v", n, value, last, err)
		}
		last = value
	}
}

// TestHotReloadToATakenAddress checks that the instance continues, and serves as soon as the address is free.
func TestHotReloadToATakenAddress(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	keys["listen_address"] = taken.Addr().String()
	p = of.reload(p, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	if lines := of.log.lines("address already in use"); len(lines) == 0 {
		t.Errorf("log: %q", of.log.lines(""))
	}
	taken.Close()
	until(t, "it does not listen", func() bool { return len(of.log.lines("msg=listening")) == 1 })
	expect(t, p, `a_total{l="x"} 2`)
}

// TestHotReloadWithoutSuccessor checks that an instance without a successor is closed in time.
func TestHotReloadWithoutSuccessor(t *testing.T) {
	of := newProcess(t)
	of.sections.SuspendTimeout = 50 * time.Millisecond
	goroutines := runtime.NumGoroutine()
	p := of.open("promexporter.0", map[string]string{"rules_file": writeRules(t, oneRule)})
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	p.CloseForReload()
	if status := p.Flush(chunktest.Events(`{"l":"x"}`), "t"); status != flb.Retry {
		t.Errorf("a flush is answered %d", status)
	}
	until(t, "the address is still taken", func() bool { return !listening(p.endpoint.Addrs()[0]) })
	until(t, "no line", func() bool { return len(of.log.lines("its series are dropped")) == 1 })
	until(t, "goroutines stay", func() bool { return runtime.NumGoroutine() <= goroutines })
	again := of.reload(p, map[string]string{"rules_file": writeRules(t, oneRule)})
	if lines := linesOf(page(t, again), "a_total"); lines != "" {
		t.Errorf("there are still\n%s", lines)
	}
}

// TestHotReloadOfSeveral checks that instances get their own series again, in whatever order they are opened.
func TestHotReloadOfSeveral(t *testing.T) {
	of := newProcess(t)
	names := []string{"errors", "promexporter.1", "access"}
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	open := map[string]*Pipeline{}
	for n, name := range names {
		keys["metrics_path"] = "/" + name
		open[name] = of.open(name, keys)
		for range n + 1 {
			flush(t, open[name], "t", `{"l":"x"}`, flb.OK)
		}
		keys["listen_address"] = open[name].endpoint.Addrs()[0].String()
	}
	for _, name := range names {
		open[name].CloseForReload()
	}
	slices.Reverse(names)
	for n, name := range names {
		keys["metrics_path"] = "/" + name
		p := of.open(name, keys)
		expect(t, p, fmt.Sprintf(`a_total{l="x"} %d`, len(names)-n))
	}
}

// TestHotReloadsKeepNothing checks that the memory of a section does not grow with its reloads.
func TestHotReloadsKeepNothing(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	for n := range 20_000 {
		flush(t, p, "t", fmt.Sprintf(`{"l":"value %d"}`, n), flb.OK)
	}
	heap := func() uint64 {
		page(t, p)
		runtime.GC()
		runtime.GC() // what rests in a pool outlives one
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	for n := range 22 {
		p = of.reload(p, keys)
		if n == 1 {
			before = heap()
		}
	}
	// Some of the memory may belong to scrapes that are just ending.
	until(t, fmt.Sprintf("more after twenty reloads than the %d bytes before", before), func() bool { return heap() <= before+before/10 })
	expect(t, p, `promexporter_series{output="promexporter.0"} 20000`)
}

const (
	asCounter = "metrics:\n- {name: shared_total, type: counter, help: C.}\n"
	asGauge   = "metrics:\n- {name: shared_total, type: gauge, help: G., value: $n}\n"
)
