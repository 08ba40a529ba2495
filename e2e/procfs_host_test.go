package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// The tests of this file need calls of an input that a Fluent Bit never makes, so they always run in the development
// host.

var inputVersions = []host.Version{host.V32, host.V50, host.V51}

// procfsRig is the host with sections of the input.
type procfsRig struct{ *rig }

func procfsSections(t *testing.T, lists ...property.List) host.Config {
	t.Helper()
	c := sections(somewhere)
	c.Plugins = append(c.Plugins, procfsPlugin(t))
	for _, l := range lists {
		c.Inputs = append(c.Inputs, host.Section{Plugin: "go_procfs", Properties: l})
	}
	return c
}

func startProcfs(t *testing.T, v host.Version, lists ...property.List) procfsRig {
	t.Helper()
	r := procfsRig{launch(t, v)}
	if err := r.Start(t.Context(), procfsSections(t, lists...)); err != nil {
		t.Fatal(err)
	}
	return r
}

// collect collects until a round is complete.
func (r procfsRig) collect(input int) string {
	r.t.Helper()
	var records []byte
	until(r.t, "no records", func() bool {
		var err error
		if records, err = r.Collect(r.t.Context(), input); err != nil {
			r.t.Fatal(err)
		}
		return len(records) > 0
	})
	return string(records)
}

// nothing checks once that there are no records.
func (r procfsRig) nothing(input int) {
	r.t.Helper()
	if records, err := r.Collect(r.t.Context(), input); err != nil || len(records) > 0 {
		r.t.Errorf("input %d has %d bytes of records, %v", input, len(records), err)
	}
}

// strange is the tree of processes that package procfs is tested with.
var strange = filepath.Join("..", "procfs", "testdata", "proc")

func TestProcfsLayouts(t *testing.T) {
	for _, v := range inputVersions {
		t.Run(string(v), func(t *testing.T) {
			r := startProcfs(t, v, property.Of("path", strange, "interval_sec", "3600")) // one round, which is due at once
			records := r.collect(0)
			if strings.Count(records, "cpu_jiffies") != 17 || !strings.Contains(records, "a) b (c") {
				t.Errorf("records %q", records)
			}
			r.nothing(0)
			// The records of the input are flushed to the output.
			r.flush(0, "system.metrics", []byte(records), host.StatusOK)
			expect(t, scrape(t, r.url(0)), map[string]string{
				`promexporter_records_received_total{output="promexporter.0"}`: "17",
			})
			r.stop()
		})
	}
}

func TestProcfsTwoInstances(t *testing.T) {
	for _, v := range inputVersions {
		for _, threaded := range []string{"on", "off"} {
			t.Run(string(v)+" threaded "+threaded, func(t *testing.T) {
				r := procfsRig{launch(t, v)}
				err := r.Start(t.Context(), procfsSections(t,
					property.Of("path", strange, "threaded", threaded, "interval_sec", "1"),
					property.Of("path", strange, "format", "wide", "threaded", threaded, "interval_sec", "1")))
				if v == host.V32 {
					r.logged("another [INPUT] section of this plugin is open")
					if threaded == "off" {
						if err == nil {
							t.Error("the two cannot be distinguished")
						}
						return
					}
				}
				if err != nil {
					t.Fatal(err)
				}
				if records := r.collect(0); strings.Contains(records, "pid_1_cpu_jiffies") {
					t.Error("the first one has the other's records")
				}
				if v == host.V32 {
					r.nothing(1)
				} else if records := r.collect(1); !strings.Contains(records, "pid_1_cpu_jiffies") {
					t.Error("the second one has the other's records")
				}
				r.stop()
			})
		}
	}
}

// logged waits for text in the log.
func (r procfsRig) logged(text string) {
	r.t.Helper()
	until(r.t, "not logged: "+text, func() bool { return strings.Contains(r.log.String(), text) })
}

// TestProcfsBadSection checks that an invalid section ends the start, except before 4.0.3, where it has no records.
func TestProcfsBadSection(t *testing.T) {
	for _, v := range inputVersions {
		t.Run(string(v), func(t *testing.T) {
			r := procfsRig{launch(t, v)}
			err := r.Start(t.Context(), procfsSections(t, property.Of("top", "x")))
			r.logged(`[input:go_procfs:go_procfs.0] top: "x": not a whole number`)
			if (err == nil) != (v == host.V32) {
				t.Errorf("start: %v", err)
			}
			if err == nil {
				r.nothing(0)
			}
			r.stop()
		})
	}
}

// TestProcfsPause pauses before the first round, which is due at once.
func TestProcfsPause(t *testing.T) {
	for _, v := range inputVersions {
		t.Run(string(v), func(t *testing.T) {
			r := startProcfs(t, v, property.Of("path", strange))
			if err := r.PauseInput(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				r.nothing(0)
			}
			if err := r.ResumeInput(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			r.collect(0)
			r.stop()
		})
	}
}

func TestProcfsDryRun(t *testing.T) {
	for _, v := range inputVersions {
		r := launch(t, v)
		if err := r.DryRun(t.Context(), procfsSections(t, property.Of("path", strange), property.Of("threaded", "off"))); err != nil {
			t.Errorf("%s: %v", v, err)
		}
		r.stop()
	}
}

// TestProcfsHangs has a process whose file blocks its reader forever, as the kernel may do. Callbacks, pause and exit
// still return within a tenth of a second. A few late attempts are allowed, because the machine may be busy.
func TestProcfsHangs(t *testing.T) {
	tree := t.TempDir()
	if err := os.WriteFile(filepath.Join(tree, "stat"), []byte("btime 1700000000\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(tree, "5"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(tree, "5", "stat"), 0o644); err != nil {
		t.Skip(err)
	}
	const attempts, bound = 50, 100 * time.Millisecond
	for range attempts {
		name, longest := slowestOfHanging(t, tree)
		if longest <= bound {
			return
		}
		t.Logf("%s took %s", name, longest)
	}
	t.Errorf("each time, something took more than %s", bound)
}

// slowestOfHanging returns which call of an input took longest, and how long.
func slowestOfHanging(t *testing.T, tree string) (slowest string, longest time.Duration) {
	r := startProcfs(t, host.V51, property.Of("path", tree, "interval_sec", "1"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for _, c := range []struct {
		name string
		call func(context.Context) error
	}{
		{"callback", func(ctx context.Context) error { _, err := r.Collect(ctx, 0); return err }},
		{"pause", func(ctx context.Context) error { return r.PauseInput(ctx, 0) }},
		{"resume", func(ctx context.Context) error { return r.ResumeInput(ctx, 0) }},
		{"callback again", func(ctx context.Context) error { _, err := r.Collect(ctx, 0); return err }},
		{"exit", r.Exit},
	} {
		began := time.Now()
		if err := c.call(ctx); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if took := time.Since(began); took > longest {
			slowest, longest = c.name, took
		}
	}
	r.stop()
	return slowest, longest
}

// TestProcfsReloads reloads several times, every second time with a failure, and then checks that no resources are
// left.
func TestProcfsReloads(t *testing.T) {
	for _, v := range inputVersions {
		t.Run(string(v), func(t *testing.T) {
			section := property.Of("path", strange, "interval_sec", "1")
			r := startProcfs(t, v, section)
			broken := procfsSections(t, section)
			broken.Outputs = append(broken.Outputs, host.Section{Plugin: "no_such_plugin"})
			var before int
			for n := range 12 {
				if err := r.Reload(t.Context(), broken, nil); err == nil {
					t.Fatal("a broken reload went through")
				}
				if err := r.Reload(t.Context(), procfsSections(t, section), nil); err != nil {
					t.Fatal(err)
				}
				r.collect(0)
				if n == 4 {
					before = r.files()
				}
			}
			// Closing does not wait for the round to end.
			until(t, fmt.Sprintf("more files are open than the %d after five reloads", before), func() bool { return r.files() <= before })
			r.stop()
		})
	}
}

// files returns how many files the host's process has open.
func (r procfsRig) files() int {
	r.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", r.PID()))
	if err != nil {
		r.t.Fatal(err)
	}
	return len(entries)
}
