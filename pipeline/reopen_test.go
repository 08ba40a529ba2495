package pipeline

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
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

// replace is a reload of Fluent Bit: it closes p and opens its successor.
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

// TestHotReload holds that series and counts go on over a reload of Fluent Bit, except those whose definition changed.
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

// TestHotReloadIsNotSeen has reloads under fire: each record that was answered ok counts once, no scrape fails, no
// counter goes backwards, and nothing is left.
func TestHotReloadIsNotSeen(t *testing.T) {
	of := newProcess(t)
	keys := stateKeys(t, oneRule)
	p := of.open("promexporter.0", keys)
	keys["listen_address"] = p.endpoint.Addrs()[0].String()
	flush(t, p, "t", `{"l":"x"}`, flb.OK)

	var now sync.RWMutex // Fluent Bit flushes to one instance at a time
	stop := make(chan struct{})
	var beside sync.WaitGroup
	applied := 1
	beside.Go(func() {
		chunk := chunktest.Events(`{"l":"x"}`)
		for !isClosed(stop) {
			now.RLock()
			if p.Flush(chunk, "t") == flb.OK {
				applied++
			}
			now.RUnlock()
		}
	})
	beside.Go(func() { scrapeAlong(t, "http://"+keys["listen_address"]+"/metrics", stop) })
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
	beside.Wait()
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
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
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

// TestHotReloadWithBadRules holds that the last good rules stay in force, and that the file is read again when it is
// corrected.
func TestHotReloadWithBadRules(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	for _, bad := range []string{broken, ""} {
		if rewrite(t, keys["rules_file"], bad); bad == "" {
			os.Remove(keys["rules_file"])
		}
		p = of.reload(p, keys)
		flush(t, p, "t", `{"l":"x"}`, flb.OK)
	}
	expect(t, p, `
		a_total{l="x"} 3
		promexporter_rules_last_reload_successful{output="promexporter.0"} 0
		promexporter_rules_reloads_total{output="promexporter.0",result="failure"} 2
		promexporter_config_last_reload_successful{output="promexporter.0"} 1`)
	for _, line := range []string{`unknown key \"lables\"`, "no such file or directory", "stay active"} {
		if len(of.log.lines(line)) == 0 {
			t.Errorf("no line %q in %q", line, of.log.lines(""))
		}
	}
	rewrite(t, keys["rules_file"], twoRules)
	until(t, "the corrected file is not read", func() bool { return p.reloads.counts().rulesOK })
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, "a_total{l=\"x\"} 4\nb_total 1")
}

// TestHotReloadWithoutRulesFile holds that the watch does not tell the loss again.
func TestHotReloadWithoutRulesFile(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	if err := os.Remove(keys["rules_file"]); err != nil {
		t.Fatal(err)
	}
	p = of.reload(p, keys)
	again := func() { t.Error("the loss is told again") }
	seen := p.file.poll(p.file.poll(nil, again), again)
	if failures := p.reloads.counts().failures; failures != 1 {
		t.Errorf("%d failures, seen %q", failures, seen)
	}
}

// TestHotReloadWithBadKeys holds that the last good keys stay in force, whichever part refuses the new ones, and that
// the next good ones apply.
func TestHotReloadWithBadKeys(t *testing.T) {
	for name, test := range map[string]struct{ key, value, want string }{
		"value":         {"series_limit", "many", "series_limit: "},
		"file":          {"web_config_file", "/no/such/file.yaml", "no such file"},
		"state":         {"state_file", os.TempDir(), "is not a regular file"},
		"other section": {"username", "other", "share the address"},
	} {
		t.Run(name, func(t *testing.T) {
			of := newProcess(t)
			neighbour := of.open("promexporter.1", map[string]string{"metrics_path": "/other"})
			keys := map[string]string{"rules_file": writeRules(t, oneRule), "listen_address": neighbour.endpoint.Addrs()[0].String(), "series_limit": "7"}
			p := of.open("promexporter.0", keys)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			bad := map[string]string{"listen_address": keys["listen_address"], "rules_file": keys["rules_file"], test.key: test.value}
			if test.key == "username" {
				bad["password"] = "secret"
			}
			p = of.reload(p, bad)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			expect(t, p, `
				a_total{l="x"} 2
				promexporter_series_limit{output="promexporter.0"} 7
				promexporter_config_last_reload_successful{output="promexporter.0"} 0`)
			for _, line := range []string{test.want, "keys not reloaded; the last valid keys stay active"} {
				if len(of.log.lines(line)) != 1 {
					t.Errorf("no line %q in %q", line, of.log.lines(""))
				}
			}
			keys["series_limit"] = "8"
			p = of.reload(p, keys)
			expect(t, p, `
				a_total{l="x"} 2
				promexporter_series_limit{output="promexporter.0"} 8
				promexporter_config_last_reload_successful{output="promexporter.0"} 1`)
		})
	}
}

// TestHotReloadWithBrokenFiles holds that a file which was good at the start, and is not at a reload, costs neither
// series nor page.
func TestHotReloadWithBrokenFiles(t *testing.T) {
	for key, content := range map[string]string{"password_file": "hunter2", "web_config_file": "http_server_config: {http2: false}\n"} {
		t.Run(key, func(t *testing.T) {
			of, file := newProcess(t), writeRules(t, content)
			keys := map[string]string{"rules_file": writeRules(t, oneRule), key: file}
			if key == "password_file" {
				keys["username"] = "u"
			}
			p := of.open("promexporter.0", keys)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			keys["listen_address"] = p.endpoint.Addrs()[0].String()
			rewrite(t, file, "\n[")
			if key == "password_file" {
				rewrite(t, file, "")
			}
			p = of.reload(p, keys)
			flush(t, p, "t", `{"l":"x"}`, flb.OK)
			if len(of.log.lines("keys not reloaded; the last valid keys stay active")) != 1 || p.reloads.counts().keysOK {
				t.Errorf("log %q", of.log.lines(""))
			}
			rewrite(t, file, content)
			page := pageOf(t, p, "u", "hunter2")
			if !strings.Contains(page, "\na_total{l=\"x\"} 2\n") {
				t.Errorf("the page is\n%s", records(page))
			}
			p = of.reload(p, keys)
			if flush(t, p, "t", `{"l":"x"}`, flb.OK); !p.reloads.counts().keysOK {
				t.Errorf("log %q", of.log.lines(""))
			}
		})
	}
}

// TestHotReloadWithoutState holds that series survive a reload at which their state file is none any more.
func TestHotReloadWithoutState(t *testing.T) {
	of, keys := newProcess(t), stateKeys(t, oneRule)
	p := of.open("promexporter.0", keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	keys["listen_address"] = p.endpoint.Addrs()[0].String()
	p.CloseForReload()
	awaitState(t, p)
	if err := errors.Join(os.Remove(keys["state_file"]), os.Mkdir(keys["state_file"], 0o700)); err != nil {
		t.Fatal(err)
	}
	p = of.reload(p, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, `
		a_total{l="x"} 2
		promexporter_config_last_reload_successful{output="promexporter.0"} 0`)
	if len(of.log.lines("state file is not written until the next reload")) != 1 {
		t.Errorf("log %q", of.log.lines(""))
	}
	if err := os.Remove(keys["state_file"]); err != nil {
		t.Fatal(err)
	}
	p = of.reload(p, keys)
	until(t, "no state", func() bool { return p.state.writtenAt.Load() > 0 })
	expect(t, p, `a_total{l="x"} 2`)
}

// pageOf scrapes the pipeline as a user.
func pageOf(t *testing.T, p *Pipeline, user, password string) string {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://"+p.endpoint.Addrs()[0].String()+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(user, password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s, %v", response.Status, err)
	}
	return string(body)
}

// TestHotReloadToATakenAddress holds that the section goes on, and serves when the address can be had.
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

// TestHotReloadWithoutSuccessor holds that what nobody took over is gone in time.
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

// TestHotReloadBringsAState holds that a state file that the reload brings is restored for the families that the
// section does not have yet.
func TestHotReloadBringsAState(t *testing.T) {
	keys := stateKeys(t, twoRules)
	first, _ := openOne(t, keys)
	flush(t, first, "t", `{"l":"x"}`, flb.OK)
	closeWritten(t, first)

	of := newProcess(t)
	p := of.open("promexporter.0", map[string]string{"rules_file": writeRules(t, oneRule)})
	flush(t, p, "t", `{"l":"y"}`, flb.OK)
	p = of.reload(p, keys)
	flush(t, p, "t", `{"l":"y"}`, flb.OK)
	expect(t, p, "a_total{l=\"y\"} 2\nb_total 2\npromexporter_state_restored_series{output=\"promexporter.0\"} 1")
	p = of.reload(p, keys)
	expect(t, p, "a_total{l=\"y\"} 2\nb_total 2\npromexporter_state_restored_series{output=\"promexporter.0\"} 0")
	delete(keys, "state_file")
	p = of.reload(p, keys)
	if lines := linesOf(page(t, p), "promexporter_state"); lines != "" {
		t.Errorf("without a state file:\n%s", lines)
	}
}

// TestHotReloadOfSeveral holds that sections find their own series again, in whatever order they are opened.
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

// TestHotReloadsKeepNothing holds that the memory of a section does not grow with its reloads.
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
	// Some of it may be that of scrapes which are just ending.
	until(t, fmt.Sprintf("more after twenty reloads than the %d bytes before", before), func() bool { return heap() <= before+before/10 })
	expect(t, p, `promexporter_series{output="promexporter.0"} 20000`)
}

const (
	asCounter = "metrics:\n- {name: shared_total, type: counter, help: C.}\n"
	asGauge   = "metrics:\n- {name: shared_total, type: gauge, help: G., value: $n}\n"
)

// TestConflictingSections holds that two sections of one page do not define a family differently, at the start and when
// rules are read again.
func TestConflictingSections(t *testing.T) {
	of := newProcess(t)
	first := of.open("promexporter.0", map[string]string{"rules_file": writeRules(t, asCounter)})
	keys := map[string]string{"rules_file": writeRules(t, asGauge), "listen_address": first.endpoint.Addrs()[0].String()}
	_, err := Open(of.options("promexporter.1", keys))
	want := "promexporter.0 and promexporter.1 share the page /metrics, and shared_total has the type counter in the first and gauge in " +
		"the second; define it the same in both, or give one of them another metrics_path"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	rewrite(t, keys["rules_file"], asCounter)
	second := of.open("promexporter.1", keys)
	rewrite(t, keys["rules_file"], asGauge)
	if err := second.reload(); err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	flush(t, second, "t", `{"n":1}`, flb.OK)
	expect(t, second, "shared_total 1\npromexporter_rules_last_reload_successful{output=\"promexporter.1\"} 0")
}

// TestDefinitionsThatClash holds what two sections of one page have to agree on.
func TestDefinitionsThatClash(t *testing.T) {
	rule := func(of string) string {
		return "metrics:\n- {name: shared_seconds, type: histogram, help: W., value: $n, " + of + "}\n"
	}
	of := newProcess(t)
	first := of.open("promexporter.0", map[string]string{"rules_file": writeRules(t, rule("unit: seconds, labels: {a: $a}, buckets: [1, 2]"))})
	for other, want := range map[string]string{
		"labels: {a: $a}, buckets: [1, 2]":                           "the unit seconds in the first and none in the second",
		"unit: seconds, labels: {a: $a, b: $b}, buckets: [1, 2]":     "the labels a in the first and a, b in the second",
		"unit: seconds, labels: {a: $a}, buckets: [1]":               "the buckets [1 2] in the first and the buckets [1] in the second",
		"unit: seconds, labels: {a: $a}, native: {factor: 1.1}":      "the buckets [1 2] in the first and the buckets [0.005",
		"unit: seconds, labels: {a: $b}, buckets: [1, 2], ttl: 1h":   "",
		"unit: seconds, labels: {a: $b}, buckets: [1, 2], match: x*": "",
	} {
		keys := map[string]string{"rules_file": writeRules(t, rule(other)), "listen_address": first.endpoint.Addrs()[0].String()}
		second, err := Open(of.options("promexporter.1", keys))
		if err == nil {
			second.Close()
		}
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), "shared_seconds has "+want)) {
			t.Errorf("%s: %v, want %s", other, err, want)
		}
	}
}

// TestSharedRulesFileChanges holds that two sections of one page follow the file that both have.
func TestSharedRulesFileChanges(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, asCounter)}
	first := of.open("promexporter.0", keys)
	keys["listen_address"] = first.endpoint.Addrs()[0].String()
	second := of.open("promexporter.1", keys)
	rewrite(t, keys["rules_file"], asGauge)
	for _, p := range []*Pipeline{first, second} {
		if err := p.reload(); err != nil {
			t.Error(err)
		}
	}
	flush(t, second, "t", `{"n":3}`, flb.OK)
	expect(t, first, "shared_total 3")
}

// TestHotReloadOfConflictingSections holds that a definition can change in two sections at once, and that one alone
// that changes it keeps its last good rules.
func TestHotReloadOfConflictingSections(t *testing.T) {
	of := newProcess(t)
	both := map[string]string{"rules_file": writeRules(t, asCounter)}
	first := of.open("promexporter.0", both)
	both["listen_address"] = first.endpoint.Addrs()[0].String()
	own := map[string]string{"rules_file": writeRules(t, asCounter), "listen_address": both["listen_address"]}
	second := of.open("promexporter.1", own)
	reload := func() {
		t.Helper()
		first.CloseForReload()
		second.CloseForReload()
		first, second = of.open("promexporter.0", both), of.open("promexporter.1", own)
		flush(t, first, "t", `{"n":7}`, flb.OK)
	}
	rewrite(t, both["rules_file"], asGauge)
	rewrite(t, own["rules_file"], asGauge)
	reload()
	expect(t, first, `
		shared_total 7
		promexporter_rules_last_reload_successful{output="promexporter.0"} 1
		promexporter_rules_last_reload_successful{output="promexporter.1"} 1`)
	rewrite(t, own["rules_file"], asCounter)
	reload()
	expect(t, first, `
		shared_total 7
		promexporter_rules_last_reload_successful{output="promexporter.0"} 1
		promexporter_rules_last_reload_successful{output="promexporter.1"} 0
		promexporter_config_last_reload_successful{output="promexporter.1"} 1`)
}
