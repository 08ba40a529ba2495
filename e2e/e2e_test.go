// Package e2e tests the built plugin from the outside: in the development host, and, when FLUENT_BIT names one, in a
// real Fluent Bit.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
	plugin, flbhost = filepath.Join(dir, "out_prom_exporter.so"), filepath.Join(dir, "flbhost")
	if err := goBuild("-buildmode=c-shared", "-tags", "netgo,osusergo", "-ldflags", "-s -w -X main.version=e2e", "-o", plugin, ".."); err != nil {
		return err
	}
	if err := goBuild("-o", flbhost, "../test/flbhost"); err != nil {
		return err
	}
	loader, err = host.CachedLoader()
	return err
}

func goBuild(args ...string) error {
	cmd := exec.Command("go", append([]string{"build", "-trimpath"}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %q: %w\n%s", args, err, out)
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
