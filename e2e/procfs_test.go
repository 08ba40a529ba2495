package e2e

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The tests of this file run the input plugin go_procfs in a real Fluent Bit when FLUENT_BIT names one.

var buildProcfs = sync.OnceValues(func() (string, error) {
	return makePlugin("in_go_procfs.so", filepath.Dir(plugin))
})

// procfsPlugin returns the path of in_go_procfs.so.
func procfsPlugin(t *testing.T) string {
	t.Helper()
	path, err := buildProcfs()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// needsInputs skips the test where Fluent Bit has no inputs that are written in Go.
func needsInputs(t *testing.T) {
	t.Helper()
	if !atLeast(t, 2, 1) {
		t.Skip("inputs written in Go came with Fluent Bit 2.0")
	}
}

// burner is a process with its own name that uses CPU time on request.
type burner struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.Writer
	stdout *bufio.Reader
	name   string
}

// burnVariable makes this program a burner.
const burnVariable = "PROMEXPORTER_E2E_BURN"

// init is the burner: for each line it uses half a second, and answers what it has used in all. TestMain would build
// the plugins first.
func init() {
	if os.Getenv(burnVariable) == "" {
		return
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		for end := cpuTime() + burnTime; cpuTime() < end; {
		}
		fmt.Println(cpuTime().Seconds())
	}
	os.Exit(0)
}

const burnTime = 500 * time.Millisecond

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func startBurner(t *testing.T, name string) *burner {
	t.Helper()
	program := filepath.Join(t.TempDir(), name) // the kernel names a process by its file
	self, err := os.Executable()
	if err == nil {
		err = os.Link(self, program)
	}
	if err != nil {
		b, readErr := os.ReadFile(self)
		if readErr != nil {
			t.Fatal(err, readErr)
		}
		if err := os.WriteFile(program, b, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b := &burner{t: t, cmd: exec.Command(program, "until", "stopped"), name: name}
	b.cmd.Env = append(os.Environ(), burnVariable+"=1")
	if b.stdin, err = b.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := b.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	b.stdout = bufio.NewReader(out)
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = b.cmd.Process.Kill()
		_ = b.cmd.Wait()
	})
	return b
}

// burn returns the seconds that the burner has used in all.
func (b *burner) burn() float64 {
	b.t.Helper()
	if _, err := io.WriteString(b.stdin, "go\n"); err != nil {
		b.t.Fatal(err)
	}
	answer, err := b.stdout.ReadString('\n')
	if err != nil {
		b.t.Fatal(err)
	}
	used, err := strconv.ParseFloat(strings.TrimSpace(answer), 64)
	if err != nil {
		b.t.Fatal(err)
	}
	return used
}

func (b *burner) pid() int { return b.cmd.Process.Pid }

// status returns a number from the burner's status file.
func (b *burner) status(field string) float64 {
	b.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", b.pid()))
	if err != nil {
		b.t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^` + field + `:\s+(\d+)`).FindSubmatch(text)
	if m == nil {
		b.t.Fatalf("no %s in the status", field)
	}
	v, _ := strconv.ParseFloat(string(m[1]), 64)
	return v
}

// number returns the value of a series, and 0 if there is none.
func number(t *testing.T, page, series string) float64 {
	t.Helper()
	text := value(page, series)
	if text == "" {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func near(got, want, tolerance float64) bool { return got > want-tolerance && got < want+tolerance }

// procfsConf writes a configuration with both plugins and returns its directory. The sections are as a user writes
// them.
func procfsConf(t *testing.T, plugins []string, sections string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	text := "[PLUGINS]\n"
	for _, p := range plugins {
		text += "    Path " + p + "\n"
	}
	for name, content := range map[string]string{
		"plugins.conf": text,
		"fluent-bit.conf": "[SERVICE]\n    Flush 0.2\n    Log_Level info\n    Plugins_File plugins.conf\n" +
			"    Hot_Reload.Ensure_Thread_Safety off\n" + sections,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const toStdout = "[OUTPUT]\n    Name  stdout\n    Match *\n"

func toPage(keys string) string {
	return "[OUTPUT]\n    Name promexporter\n    Match system.*\n    Listen_Address 127.0.0.1:0\n" + keys
}

// TestProcfsDocument runs the example section of the document, with the format that it shows.
func TestProcfsDocument(t *testing.T) {
	needsInputs(t)
	b := startBurner(t, "burn-wide")
	used := b.burn()
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, "[INPUT]\n    Name         go_procfs\n    Tag          system.metrics\n"+
		"    Path         /proc\n    Interval_Sec 5\n    Format       wide\n"+toStdout+toPage(""))
	a := start(t, dir, "-c", "fluent-bit.conf")
	field := fmt.Sprintf("pid_%d_cpu_jiffies", b.pid())
	page := a.page(a.url(0), "no jiffies of the process", func(page string) bool {
		return strings.Contains(page, "\n"+field+"{")
	})
	if got := number(t, page, field+`{tag="system.metrics"}`); !near(got, 100*used, 4) {
		t.Errorf("%v jiffies, the process used %v s", got, used)
	}
	record := regexp.MustCompile(`\{"timestamp"=>"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", "pid_1_cpu_jiffies"=>\d+, .*"` +
		field + `"=>\d+`)
	until(t, "no such record on stdout", func() bool { return record.MatchString(a.log.String()) })
	a.stop()
}

// TestProcfsBurn has a process use a known CPU time, and compares the records and the metrics by name with the values
// of the kernel.
func TestProcfsBurn(t *testing.T) {
	needsInputs(t)
	name := fmt.Sprintf("burn-%d", os.Getpid()) // no other process has it
	b := startBurner(t, name)
	before := b.burn() // its Go runtime is up by then
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, "[INPUT]\n    Name go_procfs\n    Tag system.metrics\n"+
		"    Interval_Sec 1\n    Include ^"+name+"$\n    Cmdline on\n"+toStdout+toPage("    Rules_File "+procfsRules(t)+"\n"))
	a := start(t, dir, "-c", "fluent-bit.conf")
	url := a.url(0)
	seconds := func(page string) float64 {
		return number(t, page, `processes_cpu_seconds_total{mode="user",name="`+name+`"}`) +
			number(t, page, `processes_cpu_seconds_total{mode="system",name="`+name+`"}`)
	}
	a.page(url, "nothing of the first rounds", func(page string) bool {
		return value(page, `processes_cpu_seconds_total{mode="user",name="`+name+`"}`) != ""
	})
	used := b.burn() - before
	page := a.page(url, "the time that was used does not show", func(page string) bool { return seconds(page) > used-0.05 })
	if got := seconds(page); !near(got, used, 0.05) {
		t.Errorf("%v s on the page, the process used %v s", got, used)
	}
	for family, want := range map[string]struct {
		is        func() float64
		tolerance float64
	}{
		"processes_alive":                 {func() float64 { return 1 }, 0.01},
		"processes_threads":               {func() float64 { return b.status("Threads") }, 1.01},
		"processes_resident_memory_bytes": {func() float64 { return 1024 * b.status("VmRSS") }, 4e6},
	} {
		a.page(url, family+" is not what the kernel says", func(page string) bool {
			return near(number(t, page, family+`{name="`+name+`"}`), want.is(), want.tolerance)
		})
	}
	lint(t, page)
	record := regexp.MustCompile(fmt.Sprintf(`^\{"pid"=>%d, "ppid"=>%d, "name"=>%q, "state"=>"[RS]", "uid"=>%d, `+
		`"cpu_jiffies"=>\d+, "cpu_user_seconds"=>\d+\.\d+, "cpu_system_seconds"=>\d+\.\d+, "cpu_percent"=>(\d+\.\d+), `+
		`"interval_cpu_user_seconds"=>\d+\.\d+, "interval_cpu_system_seconds"=>\d+\.\d+, "rss_bytes"=>\d+, "virtual_bytes"=>\d+, `+
		`"threads"=>\d+, "open_fds"=>\d+, "start_time"=>\d+\.\d+,.* "cmdline"=>"[^"]*%s until stopped"`,
		b.pid(), os.Getpid(), name, os.Geteuid(), name))
	reported := 0.0
	if !becomes(func() bool { reported = usedByPercents(a.log.String(), record); return near(reported, used, 0.15) }) {
		t.Errorf("%v s by the percents of all rounds, the process used %v s", reported, used)
	}
	a.stop()
}

var eventLine = regexp.MustCompile(`(?m)^.*: \[\[(\d+\.\d+), \{\}\], (.*)\]$`)

// usedByPercents adds up the seconds that a process used by its records on stdout: each has, as the first group of
// record, the percents of the time since the one before.
func usedByPercents(stdout string, record *regexp.Regexp) (seconds float64) {
	before := 0.0
	for _, line := range eventLine.FindAllStringSubmatch(stdout, -1) {
		at, _ := strconv.ParseFloat(line[1], 64)
		if m := record.FindStringSubmatch(line[2]); m != nil && before > 0 {
			percent, _ := strconv.ParseFloat(m[1], 64)
			seconds += percent / 100 * (at - before)
		}
		before = at
	}
	return seconds
}

// TestProcfsBesideExporter loads both plugins in either order, reloads them, once with a failure, and stops.
func TestProcfsBesideExporter(t *testing.T) {
	needsInputs(t)
	if !atLeast(t, 3, 2) {
		t.Skip("no hot reload")
	}
	in := procfsPlugin(t)
	for name, plugins := range map[string][]string{"input first": {in, plugin}, "output first": {plugin, in}} {
		t.Run(name, func(t *testing.T) {
			address := freePort(t)
			sections := func(input, output string) string {
				return "[INPUT]\n    Name go_procfs\n    Tag system.metrics\n    Interval_Sec 1\n    Pid 1\n" + input +
					"[OUTPUT]\n    Name " + output + "\n    Match system.*\n    Listen_Address " + address + "\n"
			}
			dir := procfsConf(t, plugins, sections("", "promexporter"))
			rewrite := func(input, output string) {
				text, err := os.ReadFile(filepath.Join(procfsConf(t, plugins, sections(input, output)), "fluent-bit.conf"))
				if err == nil {
					err = os.WriteFile(filepath.Join(dir, "fluent-bit.conf"), text, 0o644)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			a := start(t, dir, "-c", "fluent-bit.conf", "-Y")
			url := "http://" + address + "/metrics"
			a.url(0)
			page := a.page(url, "no record", func(page string) bool { return value(page, `cpu_jiffies{tag="system.metrics"}`) != "" })
			for n := range 3 {
				rewrite("    Format wide\n", "no_such_output")
				a.reload()
				until(t, "the broken reload", func() bool { return strings.Count(a.log.String(), "Reloading is halted") == n+1 })
				rewrite([]string{"    Format wide\n", ""}[n%2], "promexporter")
				a.reload()
				a.url(n + 1)
				series := []string{"pid_1_cpu_jiffies", "cpu_jiffies"}[n%2] + `{tag="system.metrics"}`
				before := received(page)
				page = a.page(url, "no record after reload", func(page string) bool {
					return value(page, series) != "" && received(page) > before
				})
			}
			if took := a.stop(); took > maxStop {
				t.Errorf("stopping took %s", took)
			}
			portIsFree(t, url)
			if strings.Contains(a.log.String(), "panic") {
				t.Error("a panic was logged")
			}
		})
	}
}

// received returns how many records the output has counted.
func received(page string) (n int) {
	_, _ = fmt.Sscan(value(page, `promexporter_records_received_total{output="promexporter.0"}`), &n) // 0 before the first
	return n
}

// reload sends SIGHUP, and sends it again if Fluent Bit logs that the reload before is not complete.
func (a *agent) reload() {
	a.t.Helper()
	count := func(text string) int { return strings.Count(a.log.String(), text) }
	for {
		taken, refused := count("reloading instance"), count("reloading in progress")
		a.signal(syscall.SIGHUP)
		until(a.t, "no answer to SIGHUP", func() bool {
			return count("reloading instance") > taken || count("reloading in progress") > refused
		})
		if count("reloading in progress") == refused {
			return
		}
	}
}

// TestProcfsTwice has two sections: since 4.1 both have records; before, the second one is refused with a log line.
func TestProcfsTwice(t *testing.T) {
	needsInputs(t)
	dir := procfsConf(t, []string{procfsPlugin(t)}, "[INPUT]\n    Name go_procfs\n    Tag first\n    Interval_Sec 1\n    Pid 1\n"+
		"[INPUT]\n    Name go_procfs\n    Tag second\n    Interval_Sec 1\n    Pid 1\n    Format wide\n"+toStdout)
	a := start(t, dir, "-c", "fluent-bit.conf")
	a.logged("] first: [[")
	if atLeast(t, 4, 1) {
		a.logged("] second: [[")
	} else {
		a.logged("[input:go_procfs:go_procfs.1] another [INPUT] section of this plugin is open")
		until(t, "the first one does not continue", func() bool { return strings.Count(a.log.String(), "] first: [[") > 2 })
		if strings.Contains(a.log.String(), "second: [[") {
			t.Error("records of the section that was refused")
		}
	}
	if strings.Contains(a.log.String(), `first: [[`) && regexp.MustCompile(`first: .*"timestamp"=>`).MatchString(a.log.String()) {
		t.Error("the first section has the records of the second")
	}
	if took := a.stop(); took > maxStop {
		t.Errorf("stopping took %s", took)
	}
}

// TestProcfsMistakes has all mistakes of a section in the log. Fluent Bit before 4.0.3 continues without the section.
func TestProcfsMistakes(t *testing.T) {
	needsInputs(t)
	for name, test := range map[string]struct {
		keys string
		want []string
	}{
		"values": {"    Interval_Sec 0\n    Format tall\n    Top none\n", []string{
			`interval_sec: "0": with interval_nsec "0" that is 0s`, `format: "tall": neither process nor wide`,
			`top: "none": not a whole number; write for example top=20`}},
		"no procfs": {"    Path /dev\n", []string{`path: "/dev": not a procfs: `}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := procfsConf(t, []string{procfsPlugin(t)}, "[INPUT]\n    Name go_procfs\n    Tag t\n"+test.keys+toStdout)
			a := start(t, dir, "-c", "fluent-bit.conf")
			for _, want := range test.want {
				a.logged(want)
			}
			if atLeast(t, 4, 1) {
				a.failed()
				return
			}
			a.logged("delivers no records")
			a.stop()
		})
	}
}

func TestProcfsUnknownKey(t *testing.T) {
	if !atLeast(t, 5, 1) {
		t.Skip("unknown keys are refused from Fluent Bit 5.1.1 on")
	}
	dir := procfsConf(t, []string{procfsPlugin(t)}, "[INPUT]\n    Name go_procfs\n    Intervall_Sec 1\n"+toStdout)
	a := start(t, dir, "-c", "fluent-bit.conf")
	a.failed()
	a.logged("intervall_sec")
}

// TestProcfsYAML is the default section in the other format.
func TestProcfsYAML(t *testing.T) {
	t.Parallel()
	needsInputs(t)
	needsYAML(t)
	file := filepath.Join(t.TempDir(), "fluent-bit.yaml")
	text := "service:\n  flush: 0.2\nplugins:\n  - " + plugin + "\n  - " + procfsPlugin(t) + "\npipeline:\n  inputs:\n" +
		"    - name: go_procfs\n      tag: system.metrics\n      interval_sec: 3\n      top: 3\n  outputs:\n" +
		"    - name: promexporter\n      match: system.*\n      listen_address: 127.0.0.1:0\n      rules_file: " + procfsRules(t) + "\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	a := start(t, "", "-c", file)
	page := a.page(a.url(0), "no sum of the others", func(page string) bool {
		return number(t, page, `processes_alive{name="other"}`) > 3 &&
			value(page, `processes_cpu_seconds_total{mode="system",name="other"}`) != ""
	})
	if n := strings.Count(page, "\nprocesses_alive{"); n < 2 || n > 8 { // the busiest of a round may be others in the second
		t.Errorf("%d names:\n%s", n, foreign(page))
	}
	lint(t, page)
	a.stop()
}
