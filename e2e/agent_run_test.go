package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

const anyPort = "listen_address=127.0.0.1:0"

// cpuSeries returns every series that the cpu input makes on this machine.
func cpuSeries() []string {
	series := []string{`cpu{cpu="ALL",mode="cpu_p"}`, `cpu{cpu="ALL",mode="user_p"}`, `cpu{cpu="ALL",mode="system_p"}`}
	for n := range runtime.NumCPU() {
		for _, mode := range []string{"p_cpu", "p_user", "p_system"} {
			series = append(series, fmt.Sprintf(`cpu{cpu="cpu%d",mode="%s"}`, n, mode))
		}
	}
	return series
}

func hasAll(page string, series []string) bool {
	for _, s := range series {
		if value(page, s) == "" {
			return false
		}
	}
	return true
}

func TestCPU(t *testing.T) {
	a := start(t, "", withPlugin("-i", "cpu", "-o", "promexporter", "-p", anyPort)...)
	url := a.url(0)
	page := a.page(url, "no cpu series", func(page string) bool { return hasAll(page, cpuSeries()) })
	for range 5 {
		if page = scrape(t, url); !hasAll(page, cpuSeries()) {
			t.Fatalf("a scrape without all series:\n%s", foreign(page))
		}
	}
	if n := strings.Count(page, "\ncpu{"); n != len(cpuSeries()) {
		t.Errorf("%d cpu series, want %d:\n%s", n, len(cpuSeries()), foreign(page))
	}
	if !strings.Contains(page, "# HELP cpu Collect CPU usage\n# TYPE cpu gauge\n") {
		t.Error("help or type are wrong")
	}
	lint(t, page)
	if took := a.stop(); took > maxStop {
		t.Errorf("stopping took %s", took)
	}
	portIsFree(t, url)
}

// lint checks a page with promtool.
func lint(t *testing.T, page string) {
	t.Helper()
	cmd := exec.Command(required(t, "promtool"), "check", "metrics")
	cmd.Stdin = strings.NewReader(page)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

func portIsFree(t *testing.T, url string) {
	t.Helper()
	if err := listenOnce(regexp.MustCompile(`//([^/]+)`).FindStringSubmatch(url)[1]); err != nil {
		t.Errorf("the port is not free: %v", err)
	}
}

// listenOnce listens on address and stops listening.
func listenOnce(address string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	return l.Close()
}

// project returns a directory with the shipped configuration and the plugin, the port changed to any.
func project(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"fluent-bit.conf", "fluent-bit.yaml", "plugins.conf"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		text = []byte(strings.ReplaceAll(string(text), ":8989", "127.0.0.1:0"))
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := filepath.Abs("../rules")
	if err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"out_prom_exporter.so": plugin, "in_go_procfs.so": procfsPlugin(t), "rules": rules} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestShippedConfiguration(t *testing.T) {
	for _, file := range []string{"fluent-bit.conf", "fluent-bit.yaml"} {
		t.Run(file, func(t *testing.T) {
			if file == "fluent-bit.yaml" {
				needsYAML(t)
			}
			a := start(t, project(t), "-c", file)
			page := a.page(a.url(0), "no cpu and memory", func(page string) bool {
				return hasAll(page, append(cpuSeries(), `mem_total_value{tag="mem"}`, `mem_used{tag="mem"}`))
			})
			lint(t, page)
			a.stop()
		})
	}
}

// useSecondExample follows the comment in a shipped configuration: it removes the first example, which starts with
// begin, and each # in front of the second one.
func useSecondExample(t *testing.T, file, begin string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "\n"+begin)
	_, example, ok := strings.Cut(string(text), "\n#"+begin)
	if !ok {
		t.Fatalf("%s has no #%s", file, begin)
	}
	example = regexp.MustCompile(`(?s)\n# [A-Z].*`).ReplaceAllString(example, "") // prose
	config := head + "\n" + begin + strings.ReplaceAll(example, "\n#", "\n")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestSecondExample(t *testing.T) {
	needsInputs(t)
	for file, begin := range map[string]string{"fluent-bit.conf": "[INPUT]", "fluent-bit.yaml": "pipeline:"} {
		t.Run(file, func(t *testing.T) {
			if file == "fluent-bit.yaml" {
				needsYAML(t)
			}
			dir := project(t)
			useSecondExample(t, filepath.Join(dir, file), begin)
			a := start(t, dir, "-c", file)
			page := a.page(a.url(0), "no processes", func(page string) bool {
				return strings.Contains(page, `processes_threads{name="e2e.test"}`)
			})
			for _, name := range []string{"alive", "resident_memory_bytes", "open_fds"} {
				if v := value(page, "processes_"+name+`{name="e2e.test"}`); v == "" || v == "0" {
					t.Errorf("processes_%s is %q", name, v)
				}
			}
			lint(t, page)
			a.stop()
		})
	}
}

// atLeast reports whether the agent is, or imitates, Fluent Bit major.minor or later.
func atLeast(t *testing.T, major, minor int) bool {
	t.Helper()
	path, real := program()
	if !real {
		return true
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		t.Fatal(err)
	}
	v := regexp.MustCompile(`v(\d+)\.(\d+)`).FindStringSubmatch(string(out))
	if v == nil {
		t.Fatalf("no version in %q", out)
	}
	gotMajor, _ := strconv.Atoi(v[1])
	gotMinor, _ := strconv.Atoi(v[2])
	return gotMajor > major || gotMajor == major && gotMinor >= minor
}

func dummy(tag, record string) []string {
	return []string{"-i", "dummy", "-t", tag, "-p", "dummy=" + record}
}

func TestDummyRecord(t *testing.T) {
	record := `{"Mem.total":8,"nested":{"one":{"two":1.5}},"ok":true,"5xx":2,"text":"7","word":"seven","none":null,"list":[1,2]}`
	a := start(t, "", withPlugin(append(dummy("app.1", record), "-o", "promexporter", "-p", anyPort)...)...)
	url := a.url(0)
	page := a.page(url, "no record arrived", func(page string) bool { return value(page, `ok{tag="app.1"}`) != "" })
	expect(t, page, map[string]string{
		`mem_total_value{tag="app.1"}`: "8",
		`nested_one_two{tag="app.1"}`:  "1.5",
		`ok{tag="app.1"}`:              "1",
		`_5xx{tag="app.1"}`:            "2",
		`text{tag="app.1"}`:            "7",
		`promexporter_chunks_answered_total{output="promexporter.0",status="error"}`: "0",
		`promexporter_series{output="promexporter.0"}`:                               "5",
	})
	if n := strings.Count(foreign(page), "# TYPE "); n != 5 {
		t.Errorf("%d families, want 5:\n%s", n, foreign(page))
	}
	lint(t, page)
	base := strings.TrimSuffix(url, "/metrics")
	isReady(t, base) // after the answer to the chunk
	for path, want := range map[string]string{"/": "promexporter", "/-/healthy": "healthy", "/-/ready": "ready"} {
		if code, body, _ := get(t, base+path); code != 200 || !strings.Contains(body, want) {
			t.Errorf("GET %s: %d %s", path, code, body)
		}
	}
	a.stop()
}

var addresses atomic.Uint32

// freePort returns an address that nothing listens on. No other process uses its IP address, because another process
// could take a port of 127.0.0.1 before the caller does.
func freePort(t *testing.T) string {
	t.Helper()
	pid := os.Getpid()
	own := net.IPv4(127, byte(1+pid>>8&0x7f), byte(pid), byte(addresses.Add(1)))
	l, err := net.Listen("tcp", net.JoinHostPort(own.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestSeveralOutputs(t *testing.T) {
	if !atLeast(t, 2, 1) {
		t.Skip("Fluent Bit before 2.0.7 crashes at exit with several outputs of a Go plugin")
	}
	address := "listen_address=" + freePort(t)
	args := append(dummy("one", `{"one":1}`), dummy("two", `{"two":2}`)...)
	args = append(args, "-o", "promexporter", "-m", "one", "-p", address,
		"-o", "promexporter", "-m", "two", "-p", address,
		"-o", "promexporter", "-m", "two", "-p", address, "-p", "metrics_path=/two", "-p", "namespace=ns")
	a := start(t, "", withPlugin(args...)...)
	merged := a.page(a.url(0), "both records on one page", func(page string) bool {
		return hasAll(page, []string{`one{tag="one"}`, `two{tag="two"}`})
	})
	lint(t, merged)
	page := a.page(a.url(2), "the second path", func(page string) bool {
		return hasAll(page, []string{`ns_two{tag="two"}`})
	})
	if strings.Contains(page, "one{") {
		t.Error("the second path serves the first section's records")
	}
	a.stop()
	portIsFree(t, a.url(0))
}

func TestMistakesEndTheStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	for _, test := range []struct {
		name string
		keys []string
		want []string
	}{
		{"port taken", []string{"listen_address=" + taken.Addr().String()},
			[]string{taken.Addr().String(), "address already in use"}},
		{"two bad values", []string{"listen_address=:99999", "series_limit=many"},
			[]string{"listen_address", ":99999", "series_limit", "many"}},
		{"bad path", []string{anyPort, "metrics_path=metrics"}, []string{"metrics_path", "/metrics"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append(dummy("a", `{"a":1}`), "-o", "promexporter")
			for _, key := range test.keys {
				args = append(args, "-p", key)
			}
			a := start(t, "", withPlugin(args...)...)
			a.failed()
			for _, want := range test.want {
				if !strings.Contains(a.log.String(), want) {
					t.Errorf("the log does not name %q", want)
				}
			}
		})
	}
}

func TestUnknownKey(t *testing.T) {
	if !atLeast(t, 5, 1) {
		t.Skip("unknown keys are refused from Fluent Bit 5.1.1 on")
	}
	a := start(t, "", withPlugin(append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", "listen_adress=:1")...)...)
	a.failed()
	if !strings.Contains(a.log.String(), "listen_adress") {
		t.Error("the log does not name the key")
	}
}

func TestDryRun(t *testing.T) {
	a := start(t, "", withPlugin(append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "--dry-run")...)...)
	select {
	case <-a.ended:
	case <-time.After(patience):
		t.Fatal("the dry run does not end")
	}
	if !a.cmd.ProcessState.Success() {
		t.Errorf("the dry run ended with %v", a.cmd.ProcessState)
	}
	if strings.Contains(a.log.String(), "serving") {
		t.Error("the dry run opened a port")
	}
}
