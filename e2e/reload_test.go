package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reloader is an agent with a configuration that a test changes.
type reloader struct {
	*agent
	dir     string
	address string
	service string // lines of the service
	reloads int
	counted int // records, when they were looked at last
}

// startReloader starts an agent that counts the records of a dummy input by its rules, with these lines of the service.
func startReloader(t *testing.T, service ...string) *reloader {
	t.Helper()
	if !atLeast(t, 3, 2) {
		t.Skip("no hot reload")
	}
	r := &reloader{dir: t.TempDir(), address: freePort(t)}
	for _, line := range service {
		r.service += "    " + line + "\n"
	}
	r.write(t, "plugins.conf", "[PLUGINS]\n    Path "+plugin+"\n")
	r.write(t, "rules.yaml", countRules)
	r.configure(t, r.section("Alias edge"))
	r.agent = start(t, r.dir, "-c", "fluent-bit.conf", "-Y")
	r.url(0)
	return r
}

const countRules = "metrics:\n- {name: seen_total, type: counter, help: Seen.}\n"

func (r *reloader) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// section is one with these lines and the rules.
func (r *reloader) section(lines ...string) string {
	return "[OUTPUT]\n    Name promexporter\n    Match *\n    Rules_File rules.yaml\n    Listen_Address " + r.address +
		"\n    " + strings.Join(lines, "\n    ") + "\n"
}

func (r *reloader) configure(t *testing.T, outputs ...string) {
	t.Helper()
	r.write(t, "fluent-bit.conf", "[SERVICE]\n    Flush 0.2\n    Plugins_File plugins.conf\n"+r.service+
		"[INPUT]\n    Name dummy\n    Rate 20\n    Dummy {\"n\":1}\n"+strings.Join(outputs, ""))
}

// newRules is the log line of a section that continues with the rules of its file.
const newRules = "rules reloaded"

// reload reloads, and waits for the log line with the result, after the old configuration has ended.
func (r *reloader) reload(result string) {
	r.t.Helper()
	r.agent.reload()
	r.reloads++
	until(r.t, "no reload, or not logged: "+result, func() bool {
		starts := strings.SplitN(r.log.String(), "[reload] start everything", r.reloads+1)
		return r.dead() || len(starts) > r.reloads && strings.Contains(starts[r.reloads], result)
	})
	if r.dead() {
		r.t.Fatal("the reload ended the agent")
	}
}

// seen returns how many records are counted.
func (r *reloader) seen() int {
	r.t.Helper()
	return int(number(r.t, scrape(r.t, r.metrics()), "seen_total")) // 0 before the first
}

// counts checks that no record was lost since the last call, and waits until one more is counted than now.
func (r *reloader) counts() {
	r.t.Helper()
	now := r.seen()
	if now < r.counted {
		r.t.Errorf("%d records are counted, and were %d", now, r.counted)
	}
	until(r.t, fmt.Sprintf("no more than %d records are counted", now), func() bool {
		r.counted = r.seen()
		return r.counted > now
	})
}

func (r *reloader) metrics() string { return "http://" + r.address + "/metrics" }

// TestReloadIsNotSeen reloads while records arrive and a client scrapes: no scrape fails, and the counter continues.
func TestReloadIsNotSeen(t *testing.T) {
	r := startReloader(t)
	r.counts()
	created := createdOf(t, r.address)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); scrapeAlong(t, r.metrics(), stop) }()
	for range 4 {
		r.reload(newRules)
		r.counts()
	}
	close(stop)
	<-done
	if now := createdOf(t, r.address); now != created {
		t.Errorf("created %s, before %s", now, created)
	}
	expect(t, scrape(t, r.metrics()), map[string]string{
		`promexporter_config_last_reload_successful{output="edge"}`: "1",
		`promexporter_rules_last_reload_successful{output="edge"}`:  "1",
	})
	r.stop()
}

// TestTwentyReloads checks that no resources are left after reloads.
func TestTwentyReloads(t *testing.T) {
	r := startReloader(t)
	r.counts()
	var early used
	for reload := range 20 {
		r.reload(newRules)
		r.counts()
		if reload == 4 {
			early = r.used(r.metrics())
		}
	}
	// One thread for each of the fifteen reloads would be a leak.
	most := used{files: early.files, goroutines: early.goroutines, threads: early.threads + 10, rss: early.rss + 8<<20}
	if !atLeast(t, 5, 0) {
		most.files += 2 * 15 // a pipe that Fluent Bit itself leaves open at each
	}
	// Connections of the last scrapes may still be closing, and the Go runtime starts a thread now and then.
	until(t, fmt.Sprintf("more is held than after five reloads, %+v", early), func() bool {
		u := r.used(r.metrics())
		return u.files <= most.files && u.goroutines <= most.goroutines && u.threads <= most.threads && u.rss <= most.rss
	})
	r.stop()
}

// scrapeAlong scrapes until stop, each time over a new connection.
func scrapeAlong(t *testing.T, url string, stop chan struct{}) {
	client := fresh()
	last := 0
	for n := 0; ; n++ {
		select {
		case <-stop:
			return
		default:
		}
		response, err := client.Get(url)
		if err != nil {
			t.Errorf("scrape %d: %v", n, err)
			return
		}
		page, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			t.Errorf("scrape %d: %s, %v", n, response.Status, err)
		}
		seen := 0
		if _, err := fmt.Sscan(value(string(page), "seen_total"), &seen); err != nil || seen < last {
			t.Errorf("scrape %d: %d after %d, %v", n, seen, last, err)
		}
		last = seen
	}
}

// createdOf returns the created timestamp of the counter.
func createdOf(t *testing.T, address string) string {
	t.Helper()
	_, page := request(t, http.DefaultClient, "http://"+address+"/metrics", "", "application/openmetrics-text;version=1.0.0")
	created := value(page, "seen_created")
	if created == "" {
		t.Fatalf("no created timestamp:\n%s", page)
	}
	return created
}

// TestReloadWithMistakes has reloads in which Init would fail: the agent continues with the last valid configuration.
func TestReloadWithMistakes(t *testing.T) {
	r := startReloader(t)
	r.counts()

	r.write(t, "rules.yaml", strings.ReplaceAll(countRules, "counter", "count"))
	r.reload("rules not reloaded; the last valid rules stay active")
	r.counts()
	shows(t, r.metrics(), map[string]string{
		`promexporter_rules_last_reload_successful{output="edge"}`:  "0",
		`promexporter_config_last_reload_successful{output="edge"}`: "1",
	})

	r.write(t, "rules.yaml", countRules)
	r.configure(t, r.section("Alias edge", "Series_Limit many"))
	r.reload("keys not reloaded; the last valid keys stay active")
	r.counts()
	shows(t, r.metrics(), map[string]string{
		`promexporter_rules_last_reload_successful{output="edge"}`:  "1",
		`promexporter_config_last_reload_successful{output="edge"}`: "0",
	})

	r.configure(t, r.section("Alias edge"), "[OUTPUT]\n    Name promexporter\n    Match *\n    Series_Limit many\n    Alias new\n")
	r.reload("section is idle")
	r.counts()
	shows(t, r.metrics(), map[string]string{`promexporter_config_last_reload_successful{output="edge"}`: "1"})

	r.configure(t, "[OUTPUT]\n    Name no_such_output\n    Match *\n")
	r.agent.reload()
	r.logged("Reloading is halted")
	r.counts()
	r.stop()
}

// TestReloadByHTTP reloads with Fluent Bit's HTTP API.
func TestReloadByHTTP(t *testing.T) {
	if _, real := program(); !real {
		t.Skip("the development host reloads by signal only")
	}
	api := freePort(t)
	host, port, err := net.SplitHostPort(api)
	if err != nil {
		t.Fatal(err)
	}
	r := startReloader(t, "Hot_Reload On", "HTTP_Server On", "HTTP_Listen "+host, "HTTP_Port "+port)
	r.counts()
	until(t, "no reload by HTTP", func() bool {
		response, err := http.Post("http://"+api+"/api/v2/reload", "application/json", strings.NewReader("{}"))
		if err != nil {
			return false // not listening yet
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	r.logged(newRules)
	r.counts()
	r.stop()
}

// TestReloadToATakenPort checks that the agent continues, and serves as soon as the port is free.
func TestReloadToATakenPort(t *testing.T) {
	r := startReloader(t)
	r.counts()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	r.address = other.Addr().String()
	r.configure(t, r.section("Alias edge"))
	r.reload("not listening yet; trying again")
	other.Close()
	r.logged("] listening")
	r.counts()
	r.stop()
}

// TestReloadWithoutTheSection checks that a section that was removed leaves no resources.
func TestReloadWithoutTheSection(t *testing.T) {
	r := startReloader(t)
	r.counts()
	r.configure(t, "[OUTPUT]\n    Name null\n    Match *\n")
	begin := time.Now()
	r.reload("its series are dropped")
	until(t, "the port is not free", func() bool { return listenOnce(r.address) == nil })
	if took := time.Since(begin); took > 18*time.Second { // ten, and twenty if the port outlived the series
		t.Errorf("took %s", took)
	}
	r.stop()
}

func (a *agent) signal(s syscall.Signal) {
	a.t.Helper()
	if err := a.cmd.Process.Signal(s); err != nil {
		a.t.Fatal(err)
	}
}
