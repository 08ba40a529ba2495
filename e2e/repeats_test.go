package e2e

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

const (
	lines    = "lines_total"
	repeated = `promexporter_chunks_repeated_total{output="promexporter.0"}`

	lineRules = "metrics:\n- {name: lines_total, type: counter, help: Lines.}\n"
)

// TestRepeatedChunks brings a chunk once more after a reload and after a restart of the development host.
func TestRepeatedChunks(t *testing.T) {
	dir := t.TempDir()
	rules := filepath.Join(dir, "rules.yaml")
	writeRules(t, rules, lineRules)
	section := property.Of("listen_address", "127.0.0.1:0", "rules_file", rules, "state_file", filepath.Join(dir, "state"))
	chunk := chunktest.Events(`{"a":1}`)
	r := startHost(t, host.V51, section)
	r.flush(0, "t", chunk, host.StatusOK)
	if err := r.Reload(t.Context(), sections(section), nil); err != nil {
		t.Fatal(err)
	}
	r.flush(0, "t", chunk, host.StatusOK)
	expect(t, scrape(t, r.url(1)), map[string]string{lines: "1", repeated: "1"})
	r.stop()

	r = startHost(t, host.V51, section)
	for range 3 {
		r.flush(0, "t", chunk, host.StatusOK)
	}
	expect(t, scrape(t, r.url(0)), map[string]string{lines: "3", repeated: "1"})
	r.stop()
}

// stored is a Fluent Bit whose chunks are in the file system, with another output that takes none of them.
type stored struct {
	t        *testing.T
	dir, tcp string
}

func newStored(t *testing.T, interval string) *stored {
	if _, real := program(); !real {
		t.Skip("the development host has no storage")
	}
	s := &stored{t: t, dir: t.TempDir(), tcp: freePort(t)}
	ip, port, err := net.SplitHostPort(s.tcp)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("rules.yaml", lineRules)
	write("plugins.conf", "[PLUGINS]\n    Path "+plugin+"\n")
	write("fluent-bit.conf", fmt.Sprintf(`[SERVICE]
    Flush 0.2
    Grace 1
    Plugins_File plugins.conf
    storage.path storage
    scheduler.base 1
    scheduler.cap 2
[INPUT]
    Name tcp
    Listen %s
    Port %s
    Format json
    storage.type filesystem
[OUTPUT]
    Name promexporter
    Match *
    Listen_Address 127.0.0.1:0
    Rules_File rules.yaml
    State_File state
    State_Interval %s
[OUTPUT]
    Name http
    Match *
    Host 127.0.0.1
    Port 9
    Retry_Limit no_limits
`, ip, port, interval))
	return s
}

func (s *stored) start() (a *agent, url string) {
	a = start(s.t, s.dir, "-c", "fluent-bit.conf")
	return a, a.url(0)
}

// send sends records, which come in more than one chunk at will.
func (s *stored) send(n int) {
	s.t.Helper()
	until(s.t, "nobody takes records", func() bool {
		c, err := net.Dial("tcp", s.tcp)
		if err != nil {
			return false
		}
		defer c.Close()
		_, err = c.Write([]byte(strings.Repeat("{\"n\":1}\n", n)))
		return err == nil
	})
}

// counts waits until so many lines are counted, and at least so many chunks came again.
func (s *stored) counts(a *agent, url string, want, again float64) {
	s.t.Helper()
	page := a.page(url, fmt.Sprintf("%v lines are not counted, with %v chunks again", want, again), func(page string) bool {
		return value(page, lines) != "" && number(s.t, page, lines) >= want && number(s.t, page, repeated) >= again
	})
	expect(s.t, page, map[string]string{lines: fmt.Sprint(want)})
}

func (s *stored) kill(a *agent) {
	s.t.Helper()
	if err := syscall.Kill(a.pluginPID(), syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	<-a.ended
}

// TestChunkCountsOnce stops and kills a Fluent Bit that brings all chunks again, because another output has none of them.
func TestChunkCountsOnce(t *testing.T) {
	s := newStored(t, "1s")
	a, url := s.start()
	s.send(100)
	s.counts(a, url, 100, 0)
	a.stop()
	a, url = s.start()
	s.counts(a, url, 100, 1)
	s.send(10)
	s.counts(a, url, 110, 1)
	since := float64(time.Now().UnixNano()) / 1e9
	a.page(url, "the state is not written", func(page string) bool { return number(t, page, stateWritten) > since })
	s.kill(a)
	a, url = s.start()
	s.counts(a, url, 110, 2)
	a.stop()
}

// TestChunkOfNoStateCounts kills a Fluent Bit before the state is written: what it had counted is gone, and counts when
// it comes again.
func TestChunkOfNoStateCounts(t *testing.T) {
	s := newStored(t, "1h")
	a, url := s.start()
	a.page(url, "the first state is not written", func(page string) bool { return number(t, page, stateWritten) > 0 })
	s.send(100)
	s.counts(a, url, 100, 0)
	s.kill(a)
	a, url = s.start()
	s.counts(a, url, 100, 0)
	expect(t, scrape(t, url), map[string]string{repeated: "0"})
	a.stop()
}

// TestWorkersAreReported holds that a section with workers gives a warning, in a real Fluent Bit too, and one without
// them does not, also after a reload.
func TestWorkersAreReported(t *testing.T) {
	const warning = "section has workers"
	r := startReloader(t)
	r.counts()
	r.reload(newRules)
	r.counts()
	if strings.Contains(r.log.String(), warning) {
		t.Error("a warning without workers")
	}
	r.stop()

	a := start(t, "", withPlugin(append(dummy("t", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "-p", "workers=2")...)...)
	a.logged(warning)
	a.stop()
}
