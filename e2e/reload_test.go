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
}

// startReloader starts an agent that counts the records of a dummy input by its
// rules, with these lines of the service.
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

// reload waits until the new configuration works.
func (r *reloader) reload() {
	r.t.Helper()
	r.signal(syscall.SIGHUP)
	r.reloads++
	until(r.t, "no reload", func() bool {
		return strings.Count(r.log.String(), "[reload] start everything") == r.reloads || r.dead()
	})
	if r.dead() {
		r.t.Fatal("the reload ended the agent")
	}
}

// seen waits until more records were counted than before.
func (r *reloader) seen(before int) (n int) {
	r.t.Helper()
	until(r.t, fmt.Sprintf("no more than %d records are counted", before), func() bool {
		n = 0
		_, _ = fmt.Sscan(value(scrape(r.t, "http://"+r.address+"/metrics"), "seen_total"), &n) // 0 before the first
		return n > before
	})
	return n
}

func (r *reloader) expect(want map[string]string) {
	r.t.Helper()
	expect(r.t, scrape(r.t, "http://"+r.address+"/metrics"), want)
}

// TestReloadIsNotSeen reloads while records come and somebody scrapes: no scrape
// fails, and the counter goes on.
func TestReloadIsNotSeen(t *testing.T) {
	r := startReloader(t)
	n := r.seen(0)
	created := createdOf(t, r.address)
	stop, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); scrapeAlong(t, "http://"+r.address+"/metrics", stop) }()
	for range 4 {
		r.reload()
		n = r.seen(n)
	}
	close(stop)
	<-done
	if now := createdOf(t, r.address); now != created {
		t.Errorf("created %s, before %s", now, created)
	}
	r.expect(map[string]string{
		`promexporter_config_last_reload_successful{output="edge"}`: "1",
		`promexporter_rules_last_reload_successful{output="edge"}`:  "1",
	})
	r.stop()
}

// TestTwentyReloads holds that reloads leave nothing behind.
func TestTwentyReloads(t *testing.T) {
	r := startReloader(t)
	page := "http://" + r.address + "/metrics"
	n := r.seen(0)
	var early used
	for reload := range 20 {
		r.reload()
		n = r.seen(n)
		if reload == 4 {
			early = r.used(page)
		}
	}
	most := used{files: early.files, goroutines: early.goroutines, threads: early.threads + 3, rss: early.rss + 8<<20}
	if !atLeast(t, 5, 0) {
		most.files += 2 * 15 // a pipe that Fluent Bit itself leaves open at each
	}
	// Connections of the last scrapes may still be closing, and the Go runtime starts a thread now and then.
	until(t, fmt.Sprintf("more is held than after five reloads, %+v", early), func() bool {
		u := r.used(page)
		return u.files <= most.files && u.goroutines <= most.goroutines && u.threads <= most.threads && u.rss <= most.rss
	})
	r.stop()
}

// scrapeAlong scrapes until stop, each time over a new connection.
func scrapeAlong(t *testing.T, url string, stop chan struct{}) {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
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
	request, err := http.NewRequest(http.MethodGet, "http://"+address+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Accept", "application/openmetrics-text;version=1.0.0")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	created := value(string(page), "seen_created")
	if err != nil || created == "" {
		t.Fatalf("no created timestamp, %v:\n%s", err, page)
	}
	return created
}

// TestReloadWithMistakes has reloads in which Init would fail: the agent goes on
// with what was good.
func TestReloadWithMistakes(t *testing.T) {
	r := startReloader(t)
	n := r.seen(0)

	r.write(t, "rules.yaml", strings.ReplaceAll(countRules, "counter", "count"))
	r.reload()
	n = r.seen(n)
	r.expect(map[string]string{
		`promexporter_rules_last_reload_successful{output="edge"}`:  "0",
		`promexporter_config_last_reload_successful{output="edge"}`: "1",
	})
	r.logged("the rules were not reloaded, the last good ones stay in force")

	r.write(t, "rules.yaml", countRules)
	r.configure(t, r.section("Alias edge", "Series_Limit many"))
	r.reload()
	n = r.seen(n)
	r.expect(map[string]string{
		`promexporter_rules_last_reload_successful{output="edge"}`:  "1",
		`promexporter_config_last_reload_successful{output="edge"}`: "0",
	})
	r.logged("the keys were not reloaded, the last good ones stay in force")

	r.configure(t, r.section("Alias edge"), "[OUTPUT]\n    Name promexporter\n    Match *\n    Series_Limit many\n    Alias new\n")
	r.reload()
	n = r.seen(n)
	r.expect(map[string]string{`promexporter_config_last_reload_successful{output="edge"}`: "1"})
	r.logged("the section stays idle")

	r.configure(t, "[OUTPUT]\n    Name no_such_output\n    Match *\n")
	r.signal(syscall.SIGHUP)
	r.logged("Reloading is halted")
	r.seen(n)
	r.stop()
}

// TestReloadByHTTP reloads by Fluent Bit's own interface.
func TestReloadByHTTP(t *testing.T) {
	if _, real := program(); !real {
		t.Skip("the development host reloads by signal only")
	}
	_, port, err := net.SplitHostPort(freePort(t))
	if err != nil {
		t.Fatal(err)
	}
	r := startReloader(t, "Hot_Reload On", "HTTP_Server On", "HTTP_Listen 127.0.0.1", "HTTP_Port "+port)
	n := r.seen(0)
	until(t, "no reload by HTTP", func() bool {
		response, err := http.Post("http://127.0.0.1:"+port+"/api/v2/reload", "application/json", strings.NewReader("{}"))
		if err != nil {
			return false // not listening yet
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	r.logged("the rules were reloaded")
	r.seen(n)
	r.stop()
}

// TestReloadToATakenPort holds that the agent goes on and serves when the port is
// free.
func TestReloadToATakenPort(t *testing.T) {
	r := startReloader(t)
	n := r.seen(0)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	r.address = other.Addr().String()
	r.configure(t, r.section("Alias edge"))
	r.reload()
	r.logged("not listening yet; trying again")
	other.Close()
	r.logged("] listening")
	r.seen(n)
	r.stop()
}

// TestReloadWithoutTheSection holds that a section that is gone leaves nothing.
func TestReloadWithoutTheSection(t *testing.T) {
	r := startReloader(t)
	r.seen(0)
	r.configure(t, "[OUTPUT]\n    Name null\n    Match *\n")
	begin := time.Now()
	r.reload()
	r.logged("its series are gone")
	portIsFree(t, "http://"+r.address+"/metrics")
	if took := time.Since(begin); took > 12*time.Second {
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
