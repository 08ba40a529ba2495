package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// debian is a root folder with an installed package, as dpkg leaves it.
type debian struct {
	t    *testing.T
	root string
}

// newDebian makes a root that has nothing but a glibc, by its name.
func newDebian(t *testing.T) *debian {
	required(t, "dpkg")
	d := &debian{t, t.TempDir()}
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "usr/lib", "tmp"} {
		if err := os.MkdirAll(filepath.Join(d.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("usr/lib", filepath.Join(d.root, "lib")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(d.root, "var/lib/dpkg/status"), "Package: libc6\nStatus: install ok installed\nVersion: 2.17\n"+
		"Architecture: "+native(t).deb+"\nMaintainer: none <none@example.com>\nDescription: none\n\n")
	return d
}

func (d *debian) dpkg(args ...string) {
	d.t.Helper()
	execute(d.t, d.root, "dpkg", append([]string{"--root=" + d.root, "--force-not-root", "--log=/dev/null"}, args...)...)
}

func (d *debian) read(name string) string {
	d.t.Helper()
	content, err := os.ReadFile(filepath.Join(d.root, name))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(content)
}

// debOf returns the Debian package of a release.
func debOf(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(files) != 1 {
		t.Fatalf("packages %q, %v", files, err)
	}
	return files[0]
}

func TestLintian(t *testing.T) {
	required(t, "lintian")
	cmd := exec.Command("lintian", "--allow-root", "--pedantic", "--fail-on", "error,warning,info,pedantic", debOf(t, released(t)))
	if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "" {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDebianPackage installs, uses, upgrades and purges the package.
func TestDebianPackage(t *testing.T) {
	required(t, "bwrap")
	d := newDebian(t)
	d.dpkg("--install", debOf(t, released(t)))
	d.serves("1.2.3")

	const plugins = "etc/fluent-bit/plugins-promexporter.conf"
	changed := d.read(plugins) + "# changed\n"
	write(t, filepath.Join(d.root, plugins), changed)
	next := t.TempDir()
	if err := run(t.Context(), "..", next, "v1.2.4", []string{native(t).name}); err != nil {
		t.Fatal(err)
	}
	d.dpkg("--install", debOf(t, next))
	if got := d.read(plugins); got != changed {
		t.Errorf("the upgrade changed the configuration to\n%s", got)
	}
	d.serves("1.2.4")

	d.dpkg("--purge", "promexporter")
	d.isEmpty()
}

// serves runs the shipped example in the installed root and waits for a page that says this version.
func (d *debian) serves(version string) {
	d.t.Helper()
	config := d.read("usr/share/doc/promexporter/examples/fluent-bit.conf")
	write(d.t, filepath.Join(d.root, "tmp", "fluent-bit.conf"), strings.Replace(config, "127.0.0.1:8989", "127.0.0.1:0", 1))
	h := newSandbox(d.t, d.root)
	h.start("-c", "/tmp/fluent-bit.conf")
	h.shows("processes_alive{", `version="v`+version+`"`)
	h.stop()
}

// isEmpty checks that no file of the package is left.
func (d *debian) isEmpty() {
	d.t.Helper()
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		name := strings.TrimPrefix(path, d.root)
		if err == nil && (strings.Contains(name, "promexporter") || strings.HasPrefix(name, "/usr/lib/fluent-bit")) {
			d.t.Errorf("%s is left", name)
		}
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
}

// TestRPM has rpm read the package. There is no system here that could install it.
func TestRPM(t *testing.T) {
	required(t, "rpm")
	files, err := filepath.Glob(filepath.Join(released(t), "*.rpm"))
	if err != nil || len(files) != 1 {
		t.Fatalf("packages %q, %v", files, err)
	}
	execute(t, "", "rpm", "--checksig", files[0])
	contents := execute(t, "", "rpm", "--query", "--package", "--list", files[0])
	for _, name := range []string{"/usr/lib/fluent-bit/out_prom_exporter.so", "/etc/fluent-bit/plugins-promexporter.conf"} {
		if !strings.Contains(contents, name+"\n") {
			t.Errorf("%s is not in the package:\n%s", name, contents)
		}
	}
	if got := execute(t, "", "rpm", "--query", "--package", "--configfiles", files[0]); got != "/etc/fluent-bit/plugins-promexporter.conf\n" {
		t.Errorf("configuration files: %q", got)
	}
}

// TestExamples compares the two forms of the example: they load the same plugins and rules.
func TestExamples(t *testing.T) {
	var texts []string
	for _, name := range []string{"fluent-bit.conf", "fluent-bit.yaml", "plugins-promexporter.conf", "promexporter.conf"} {
		content, err := os.ReadFile(filepath.Join("package", name))
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(content))
	}
	for _, path := range []string{"/usr/lib/fluent-bit/out_prom_exporter.so", "/usr/lib/fluent-bit/in_go_procfs.so"} {
		for i, text := range texts[1:] {
			if strings.Count(text, path) != 1 {
				t.Errorf("file %d has not one %s:\n%s", i, path, text)
			}
		}
	}
	for _, text := range texts[:2] {
		if !strings.Contains(text, "/usr/share/promexporter/rules/procfs.yaml") {
			t.Errorf("no rules of the package in\n%s", text)
		}
	}
}

// TestManual has mandoc read the pages.
func TestManual(t *testing.T) {
	required(t, "mandoc")
	r := &release{root: "..", work: t.TempDir(), date: undated}
	for name, keys := range manuals() {
		path, err := r.writeManual(name, keys)
		if err != nil {
			t.Fatal(err)
		}
		// The page that the other one refers to is not installed here.
		out, _ := exec.Command("mandoc", "-T", "lint", "-W", "warning", path).CombinedOutput()
		if len(out) > 0 {
			t.Errorf("%s:\n%s", name, out)
		}
		page := execute(t, "", "mandoc", "-T", "utf8", path)
		for _, k := range keys {
			if !strings.Contains(page, k.Name) {
				t.Errorf("%s has no key %s", name, k.Name)
			}
		}
	}
}
