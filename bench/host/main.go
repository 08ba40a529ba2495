package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/promexporter/promexporter/bench/workload"
)

func main() {
	if err := measure(); err != nil {
		fmt.Fprintln(os.Stderr, "bench-host:", err)
		os.Exit(1)
	}
}

var errNoHost = errors.New("no Fluent Bit: install it, or say where it is: make bench-host FLUENT_BIT=/path/to/fluent-bit")

func measure() error {
	plugin := flag.String("plugin", "out_prom_exporter.so", "the built plugin")
	lines := flag.Int("lines", 300_000, "lines of the file")
	rounds := flag.Int("rounds", 5, "runs of each kind")
	flag.Parse()
	binary := os.Getenv("FLUENT_BIT")
	if binary == "" {
		return errNoHost
	}
	so, err := filepath.Abs(*plugin)
	if err != nil {
		return err
	}
	if _, err := os.Stat(so); err != nil {
		return fmt.Errorf("the plugin is not built: %w", err)
	}
	dir, err := os.MkdirTemp("", "bench-host")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	h := host{binary: binary, plugin: so, dir: dir, load: workload.Access(), lines: *lines}
	used, err := h.rounds(max(*rounds, 1))
	if err != nil {
		return err
	}
	return table(os.Stdout, h.lines, used)
}

// host runs Fluent Bit over one file.
type host struct {
	binary string
	plugin string
	dir    string
	load   *workload.Load
	lines  int
}

// rounds returns the processor time of each run, by kind. The kinds alternate, so that a slow phase of the machine
// affects all of them.
func (h *host) rounds(n int) (used [kinds][]time.Duration, err error) {
	if err := h.write(); err != nil {
		return used, err
	}
	for round := range n {
		for k := range kinds {
			d, err := h.run(k)
			if err != nil {
				return used, fmt.Errorf("%s: %w", names[k], err)
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %.3f s %s\n", round+1, n, d.Seconds(), names[k])
			used[k] = append(used[k], d)
		}
	}
	return used, nil
}

// write makes the files that all runs read.
func (h *host) write() error {
	return cmp.Or(
		os.WriteFile(h.path("access.json"), workload.AccessLines(h.lines), 0o600),
		os.WriteFile(h.path("rules.yaml"), []byte(h.load.Rules), 0o600),
	)
}

func (h *host) path(name string) string { return filepath.Join(h.dir, name) }
