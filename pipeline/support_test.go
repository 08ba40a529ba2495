package pipeline

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/goldentest"
	"github.com/promexporter/promexporter/internal/logtest"
)

// captures checks what real Fluent Bits wrote, by version.
var captures = filepath.Join("..", "record", "testdata", "chunks")

// process is what the pipelines of one test share.
type process struct {
	t        testing.TB
	sections Instances
	log      logged
}

func newProcess(t testing.TB) *process { return &process{t: t} }

// options are those of a section with these keys. Unless they say otherwise it is on a free port, and chunks are not
// refused because the machine is slow.
func (p *process) options(instance string, keys map[string]string) Options {
	return Options{
		Property: func(key string) string {
			value, ok := keys[key]
			switch {
			case !ok && key == "listen_address":
				return "127.0.0.1:0"
			case !ok && key == "flush_timeout":
				return "5s"
			case !ok && key == "dedupe_window": // tests bring equal chunks that are meant to count
				return "0"
			}
			return value
		},
		Instance:  instance,
		Log:       p.log.logger(),
		Instances: &p.sections,
		Version:   "1.2.3",
	}
}

func (p *process) open(instance string, keys map[string]string) *Pipeline {
	p.t.Helper()
	opened, err := Open(p.options(instance, keys))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(opened.Close)
	return opened
}

// openOne opens a pipeline in a process of its own.
func openOne(t testing.TB, keys map[string]string) (*Pipeline, *logged) {
	t.Helper()
	p := newProcess(t)
	return p.open("promexporter.0", keys), &p.log
}

// closeWritten closes p and waits until its state is written, for which a slow disk may take longer than Close waits.
// The write of the start comes to its end before.
func closeWritten(t testing.TB, p *Pipeline) {
	t.Helper()
	until(t, "the state was not written at the start", func() bool { return p.state.writtenAt.Load() > 0 || p.state.errors.Load() > 0 })
	p.Close()
	awaitState(t, p)
}

// awaitState waits until a pipeline that was closed no longer writes its state.
func awaitState(t testing.TB, p *Pipeline) {
	t.Helper()
	until(t, "the state is still being written", func() bool { return isClosed(p.state.done) })
}

func isClosed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// flush flushes a chunk of one event per line of records.
func flush(t testing.TB, p *Pipeline, tag, records string, want flb.Status) {
	t.Helper()
	if got := p.Flush(chunktest.Events(records), tag); got != want {
		t.Errorf("flush of %s: status %d, want %d", records, got, want)
	}
}

// get fetches a path of the pipeline's server.
func get(t testing.TB, p *Pipeline, path string) (code int, body string) {
	t.Helper()
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
	response, err := client.Get("http://" + p.endpoint.Addrs()[0].String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(b)
}

// page scrapes the pipeline.
func page(t testing.TB, p *Pipeline) string {
	t.Helper()
	code, body := get(t, p, string(p.config.MetricsPath))
	if code != http.StatusOK {
		t.Fatalf("scrape: %d\n%s", code, body)
	}
	return body
}

var ownLine = regexp.MustCompile(`(?m)^(# (HELP|TYPE|UNIT) )?(go_|promexporter_).*\n`)

// records is page without the plugin's own metrics.
func records(page string) string { return ownLine.ReplaceAllString(page, "") }

// expect checks that the page has these lines, each a series and its value.
func expect(t testing.TB, p *Pipeline, lines string) {
	t.Helper()
	has := "\n" + page(t, p)
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" && !strings.Contains(has, "\n"+line+"\n") {
			name, _, _ := strings.Cut(line, "{")
			t.Errorf("no line %q; of this name there is\n%s", line, linesOf(has, name))
		}
	}
}

func linesOf(page, name string) string {
	var b strings.Builder
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, name) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// until polls condition, and fails the test when it does not hold in time.
func until(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("timeout: %s", what)
		}
	}
}

// listening reports whether somebody listens on addr.
func listening(addr net.Addr) bool {
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// logged is a log and what was written to it.
type logged struct{ logtest.Buffer }

// lines returns the lines that contain part.
func (l *logged) lines(part string) []string {
	var found []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, part) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

func (l *logged) logger() *slog.Logger { return logtest.New(l, slog.LevelInfo) }

// golden compares got with a file of testdata/golden.
func golden(t *testing.T, name, got string) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", "golden", name), got)
}

// collectorIs reports whether the goroutine of a collector is in a function.
func collectorIs(in string) bool {
	buffer := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buffer[:runtime.Stack(buffer, true)]), "\n\n") {
		if strings.Contains(stack, "collector.(*Collector).run") && strings.Contains(stack, in) {
			return true
		}
	}
	return false
}
