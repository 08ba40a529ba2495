package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/internal/pagetest"
)

const (
	// patience bounds every wait for something that must happen, on a machine with much else to do.
	patience = time.Minute

	// maxStop is how long an agent may take to end. The plugin promises a second; otherwise it would wait five seconds
	// for a client that does not complete its header.
	maxStop = 4 * time.Second
)

// becomes polls condition and reports whether it became true in time.
func becomes(condition func() bool) bool {
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}

// until polls condition and fails the test if it does not become true in time.
func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	if !becomes(condition) {
		t.Fatalf("timeout: %s", what)
	}
}

// agent is a running Fluent Bit or development host.
type agent struct {
	t     *testing.T
	cmd   *exec.Cmd
	log   *logtest.Buffer
	ended chan struct{} // closed when the process has ended
}

// program returns Fluent Bit's path, or the development host's.
func program() (path string, real bool) {
	if path = os.Getenv("FLUENT_BIT"); path != "" {
		return path, true
	}
	return flbhost, false
}

// start runs the agent in dir with args.
func start(t *testing.T, dir string, args ...string) *agent {
	t.Helper()
	path, _ := program()
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	return startCommand(t, cmd)
}

// startCommand is like start, with a command of the caller.
func startCommand(t *testing.T, cmd *exec.Cmd) *agent {
	t.Helper()
	log := &logtest.Buffer{}
	a := run(t, log, cmd)
	a.log = log
	return a
}

// startTo is like start, but the output of the agent goes to a writer instead of its log.
func startTo(t *testing.T, out io.Writer, dir string, args ...string) *agent {
	t.Helper()
	path, _ := program()
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	return run(t, out, cmd)
}

func run(t *testing.T, out io.Writer, cmd *exec.Cmd) *agent {
	t.Helper()
	a := &agent{t: t, cmd: cmd, log: &logtest.Buffer{}, ended: make(chan struct{})}
	a.cmd.Stdout, a.cmd.Stderr = out, out
	if err := a.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(a.ended)
		_ = a.cmd.Wait() // ProcessState has the result
	}()
	t.Cleanup(func() {
		_ = a.cmd.Process.Kill()
		<-a.ended
		if t.Failed() {
			t.Logf("log of the agent:\n%s", a.log)
		}
	})
	return a
}

// withPlugin returns arguments that load the plugin and flush often.
func withPlugin(args ...string) []string {
	return append([]string{"-e", plugin, "-f", "0.2"}, args...)
}

var serving = regexp.MustCompile(`\[output:promexporter:(\S+)\] serving metrics on (https?://\S+).*\n`)

// url waits for the n-th endpoint in the log.
func (a *agent) url(n int) string {
	a.t.Helper()
	var found [][]string
	until(a.t, fmt.Sprintf("no %d endpoints in the log", n+1), func() bool {
		found = serving.FindAllStringSubmatch(a.log.String(), -1)
		return len(found) > n || a.dead()
	})
	if len(found) <= n {
		a.t.Fatal("the agent ended")
	}
	return found[n][2]
}

func (a *agent) dead() bool {
	select {
	case <-a.ended:
		return true
	default:
		return false
	}
}

// logged waits for text in the log.
func (a *agent) logged(text string) {
	a.t.Helper()
	until(a.t, "not logged: "+text, func() bool { return strings.Contains(a.log.String(), text) })
}

// page waits for a page that satisfies good, and returns it.
func (a *agent) page(url, what string, good func(page string) bool) (page string) {
	a.t.Helper()
	until(a.t, what, func() bool {
		page = scrape(a.t, url)
		return good(page)
	})
	return page
}

// failed waits for the agent to end on its own.
func (a *agent) failed() {
	a.t.Helper()
	select {
	case <-a.ended:
	case <-time.After(patience):
		a.t.Fatal("the agent runs on")
	}
	if a.cmd.ProcessState.Success() {
		a.t.Error("the agent ended with success")
	}
}

// stop sends SIGTERM and returns how long the agent took to end.
func (a *agent) stop() time.Duration {
	a.t.Helper()
	begin := time.Now()
	if err := a.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		a.t.Fatal(err)
	}
	select {
	case <-a.ended:
	case <-time.After(patience):
		a.t.Fatal("the agent does not end")
	}
	if !a.cmd.ProcessState.Success() {
		a.t.Errorf("the agent ended with %v", a.cmd.ProcessState)
	}
	return time.Since(begin)
}

// fresh is a client that opens a new connection for each request.
func fresh() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}
}

// get fetches url over a new connection.
func get(t *testing.T, url string) (code int, body string, header http.Header) {
	t.Helper()
	response, body := do(t, fresh(), http.MethodGet, url, nil)
	return response.StatusCode, body, response.Header
}

// isReady waits until the plugin at base says that it is ready.
func isReady(t *testing.T, base string) {
	t.Helper()
	until(t, "not ready", func() bool { code, _, _ := get(t, base+"/-/ready"); return code == http.StatusOK })
}

// answers reports whether url can be fetched.
func answers(url string) bool {
	response, err := fresh().Get(url)
	if err == nil {
		response.Body.Close()
	}
	return err == nil
}

// scrape returns the page at url.
func scrape(t *testing.T, url string) string {
	t.Helper()
	code, body, _ := get(t, url)
	if code != http.StatusOK {
		t.Fatalf("GET %s: %d %s", url, code, body)
	}
	return body
}

// foreign returns page without the plugin's own metrics.
func foreign(page string) string { return pagetest.Foreign(page) }

// value returns the value of a series on page, or "".
func value(page, series string) string { return pagetest.Value(page, series) }

// shows waits for a page with these values of series.
func shows(t *testing.T, url string, want map[string]string) {
	t.Helper()
	var page string
	if !becomes(func() bool {
		page = scrape(t, url)
		for series, v := range want {
			if value(page, series) != v {
				return false
			}
		}
		return true
	}) {
		expect(t, page, want)
		t.FailNow()
	}
}

// expect compares the values of series on page.
func expect(t *testing.T, page string, want map[string]string) {
	t.Helper()
	for series, v := range want {
		if got := value(page, series); got != v {
			t.Errorf("%s is %q, want %q", series, got, v)
		}
	}
}
