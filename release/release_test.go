package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// required returns the path of a program. Without it the test fails in CI, which installs it, and is skipped elsewhere.
func required(t *testing.T, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", program)
	}
	t.Skipf("%s is not installed", program)
	return ""
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// execute runs a program in a folder and returns what it prints.
func execute(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// native is the architecture of this machine. CI has the compiler of each; the others take minutes.
func native(t *testing.T) architecture {
	t.Helper()
	a := machine()
	if a.name == "" {
		t.Skipf("no release for %s", runtime.GOARCH)
	}
	required(t, a.triple+"-gcc")
	return a
}

func machine() architecture {
	i := slices.IndexFunc(architectures, func(a architecture) bool { return a.goarch == runtime.GOARCH })
	if i < 0 {
		return architecture{}
	}
	return architectures[i]
}

// results is the folder that build fills.
var results string

var build = sync.OnceValue(func() error {
	return run(context.Background(), "..", results, "v1.2.3", []string{machine().name})
})

func TestMain(m *testing.M) {
	var err error
	if results, err = os.MkdirTemp("", "promexporter-released-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(results)
	os.Exit(code)
}

// released returns the folder of a release for this machine.
func released(t *testing.T) string {
	t.Helper()
	native(t)
	if err := build(); err != nil {
		t.Fatal(err)
	}
	return results
}

// TestReproducible builds the sources in another folder, at another depth, and without a repository.
func TestReproducible(t *testing.T) {
	first := released(t)
	root := filepath.Join(t.TempDir(), "a", "deeper", "folder")
	copySources(t, root)
	second := t.TempDir()
	if err := run(t.Context(), root, second, "v1.2.3", []string{native(t).name}); err != nil {
		t.Fatal(err)
	}
	want, got := sumsOf(t, first), sumsOf(t, second)
	if got != want {
		t.Errorf("checksums differ:\n%s\n%s", want, got)
	}
	if n := strings.Count(want, "\n"); n != 8 {
		t.Errorf("%d files, want 8:\n%s", n, want)
	}
	execute(t, first, "sha256sum", "--check", "--strict", "SHA256SUMS")
}

func sumsOf(t *testing.T, dir string) string {
	t.Helper()
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	return string(sums)
}

// copySources copies the project without the repository and what was built.
func copySources(t *testing.T, to string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		name, _ := filepath.Rel("..", path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == ".git" || name == "build"):
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o755)
		case !d.Type().IsRegular() || strings.HasSuffix(name, ".so"):
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), content, info.Mode())
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestComponents compares the list of the components with the licenses: each module has both.
func TestComponents(t *testing.T) {
	dir := released(t)
	text, err := os.ReadFile(filepath.Join(dir, "promexporter_1.2.3.cdx.json"))
	if err != nil {
		t.Fatal(err)
	}
	var bom struct {
		Components []struct {
			Name, Version string
			Licenses      []struct{ Expression string }
		}
	}
	if err := json.Unmarshal(text, &bom); err != nil {
		t.Fatal(err)
	}
	notices, err := os.ReadFile(filepath.Join(dir, notices))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range bom.Components {
		names = append(names, c.Name)
		if len(c.Licenses) != 1 || !strings.Contains(string(notices), fmt.Sprintf("\n%s %s (%s), LICENSE", c.Name, c.Version,
			c.Licenses[0].Expression)) {
			t.Errorf("%s %s %v: its license is not in the notices", c.Name, c.Version, c.Licenses)
		}
	}
	for _, want := range []string{"std", "github.com/prometheus/common", "golang.org/x/net"} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is not a component: %q", want, names)
		}
	}
	if !strings.Contains(string(notices), "The above copyright notice and this permission notice shall be included") {
		t.Error("the notices have no text of the MIT license")
	}
}

func TestNewReleaseRefuses(t *testing.T) {
	for _, test := range []struct{ version, arch, want string }{
		{"", "amd64", `version "": not a semantic version`},
		{"1.2", "amd64", `version "1.2": not a semantic version`},
		{"770e441-dirty", "amd64", "not a semantic version"},
		{"v1.2.3", "mips", `architecture "mips": unknown; use amd64, arm64 or armv7`},
	} {
		if _, err := newRelease("..", test.version, []string{test.arch}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %s: %v, want %q", test.version, test.arch, err, test.want)
		}
	}
}

func TestReleaseDate(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "CHANGELOG.md"), "# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-28\n\n### Added\n")
	for version, want := range map[string]string{"v1.2.3": "2026-11-28", "1.2.30": "2000-01-01"} {
		r, err := newRelease(root, version, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.date.Format("2006-01-02"); got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
	}
	t.Setenv("SOURCE_DATE_EPOCH", "86400")
	if r, err := newRelease(root, "v1.2.3", nil); err != nil || r.date.Format("2006-01-02") != "1970-01-02" {
		t.Errorf("%v, %v", r, err)
	}
}
