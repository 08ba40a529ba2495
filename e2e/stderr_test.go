package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

// noWriter is a log to which nothing can be written. The goroutine that copies a pipe to it closes the pipe.
type noWriter struct{}

func (noWriter) Write([]byte) (int, error) { return 0, errors.New("nobody reads") }

// TestBrokenStderr makes log lines of Fluent Bit's threads and of Go threads fail: every chunk drops a sample, and the
// rules file becomes invalid and valid again.
func TestBrokenStderr(t *testing.T) {
	for name, open := range map[string]func() (*os.File, error){
		"nobody reads": func() (*os.File, error) {
			r, w, err := os.Pipe()
			return w, errors.Join(err, r.Close())
		},
		"full disk": func() (*os.File, error) { return os.OpenFile("/dev/full", os.O_WRONLY, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			address, rules := freePort(t), filepath.Join(t.TempDir(), "rules.yaml")
			writeRules(t, rules, leastRules)
			keys := []string{"listen_address=" + address, "rules_file=" + rules, "series_limit=1"}
			out, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer out.Close()
			var stop func()
			if _, real := program(); real {
				args := append(dummy("t", `{"a":1}`), "-o", "promexporter")
				for _, key := range keys {
					args = append(args, "-p", key)
				}
				a := startTo(t, out, "", withPlugin(args...)...)
				stop = func() { a.stop() }
			} else if out.Name() == "/dev/full" {
				t.Skip("the development host reads the stderr of its loader itself")
			} else {
				stop = flushAndHide(t, keys)
			}
			continues(t, "http://"+address+"/metrics", rules)
			stop()
		})
	}
}

const leastRules = "metrics:\n- {name: a_total, type: counter, help: Records.}\n- {name: b_total, type: counter, help: Records.}\n"

// flushAndHide makes the development host's loader, which unlike flbhost is not a Go program, write to a pipe without a
// reader, and flushes chunks until stop.
func flushAndHide(t *testing.T, keys []string) (stop func()) {
	t.Helper()
	h, err := host.Launch(host.Options{Loader: loader, Log: noWriter{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Kill)
	var l property.List
	for _, key := range keys {
		name, text, _ := strings.Cut(key, "=")
		l = append(l, property.Of(name, text)...)
	}
	if err := h.Start(t.Context(), sections(l)); err != nil {
		t.Fatal(err)
	}
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for tick := time.NewTicker(10 * time.Millisecond); ; {
			select {
			case <-quit:
				tick.Stop()
				return
			case <-tick.C:
				_, _ = h.Flush(t.Context(), 0, "t", chunktest.Events(`{"a":1}`)) // the page shows what comes of it
			}
		}
	}()
	return func() {
		close(quit)
		<-ended
		ctx, cancel := context.WithTimeout(context.Background(), maxStop)
		defer cancel()
		if err := h.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
}

// continues makes the rules file invalid and valid again, and waits each time until the page shows it.
func continues(t *testing.T, url, rules string) {
	t.Helper()
	const successful = `promexporter_rules_last_reload_successful{output="promexporter.0"}`
	until(t, "no page", func() bool { return answers(url) })
	for n, text := range []string{leastRules, "metrics: [broken]\n", leastRules + "# mended\n"} {
		writeRules(t, rules, text)
		var page string
		until(t, fmt.Sprintf("step %d", n), func() bool {
			page = scrape(t, url)
			return value(page, successful) == fmt.Sprint((n+1)%2)
		})
		before := number(t, page, `a_total`)
		until(t, "no chunk is applied", func() bool { return number(t, scrape(t, url), `a_total`) > before })
		if number(t, page, `promexporter_chunks_answered_total{output="promexporter.0",status="retry"}`) > 0 {
			t.Error("a chunk was refused")
		}
	}
}

// TestDaemon checks that a Fluent Bit that forks logs why it ends, and what to do instead.
func TestDaemon(t *testing.T) {
	if _, real := program(); !real {
		t.Skip("the development host does not fork")
	}
	if !atLeast(t, 2, 0) {
		t.Skip("Fluent Bit before 2.0 has no log for plugins, and it has closed its stderr by then")
	}
	dir := t.TempDir()
	log := filepath.Join(dir, "log")
	for name, text := range map[string]string{
		"plugins.conf": "[PLUGINS]\n    Path " + plugin + "\n",
		"fluent-bit.conf": "[SERVICE]\n    Daemon On\n    Log_File " + log + "\n    Plugins_File plugins.conf\n" +
			"[INPUT]\n    Name dummy\n[OUTPUT]\n    Name promexporter\n    Match *\n    Listen_Address 127.0.0.1:0\n",
	} {
		writeRules(t, filepath.Join(dir, name), text)
	}
	a := start(t, dir, "-c", "fluent-bit.conf")
	<-a.ended
	until(t, "the agent does not say what is wrong", func() bool {
		text, _ := os.ReadFile(log)
		return strings.Contains(string(text), "[error] [output:promexporter] Daemon On: ") &&
			strings.Contains(string(text), "set Daemon Off and let systemd, or fluent-bit --supervisor, ")
	})
}
