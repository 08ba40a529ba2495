// Package e2e tests the built plugin from the outside: in the development host, and, when FLUENT_BIT names one, in a
// real Fluent Bit.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/test/flbhost/host"
)

// What TestMain builds.
var (
	plugin  string // out_prom_exporter.so
	flbhost string // the development host
	loader  string // the part of it that loads plugins
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "promexporter-e2e-")
	if err == nil {
		err = buildAll(dir)
	}
	code := 1
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

func buildAll(dir string) (err error) {
	if plugin, err = makePlugin("out_prom_exporter.so", dir); err != nil {
		return err
	}
	flbhost = filepath.Join(dir, "flbhost")
	if err = command("go", "build", "-trimpath", "-o", flbhost, "../test/flbhost"); err != nil {
		return err
	}
	loader, err = host.CachedLoader()
	return err
}

// makePlugin builds a plugin into dir, as make build does, and returns its path. The environment may have further
// variables of make in PLUGIN_MAKE: make cross sets the architecture there.
func makePlugin(name, dir string, variables ...string) (string, error) {
	args := append([]string{"-s", "-C", "..", name, "DIR=" + dir, "VERSION=e2e"}, variables...)
	return filepath.Join(dir, name), command("make", append(args, strings.Fields(os.Getenv("PLUGIN_MAKE"))...)...)
}

func command(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %q: %w\n%s", name, args, err, out)
	}
	return nil
}

// required ends the test when program is not there: as a failure in CI, which installs it, and otherwise as a skip.
func required(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed (Debian: apt-get install prometheus)", program)
	return ""
}
