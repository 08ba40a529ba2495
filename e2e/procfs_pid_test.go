package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rulesByPID removes the # of the rules by process in rules/procfs.yaml, as a user does, and returns the file.
func rulesByPID(t *testing.T) (path string) {
	t.Helper()
	text, err := os.ReadFile("../rules/procfs.yaml")
	if err != nil {
		t.Fatal(err)
	}
	head, comments, ok := strings.Cut(string(text), "\n# The same by process")
	_, variant, ok2 := strings.Cut(comments, "\n#\n")
	if !ok || !ok2 {
		t.Fatal("there are no rules by process")
	}
	path = filepath.Join(t.TempDir(), "procfs.yaml")
	variant = regexp.MustCompile(`(?m)^# ?`).ReplaceAllString(variant, "")
	if err := os.WriteFile(path, []byte(head+"\n"+variant), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProcfsByPID checks that the page has the totals of the kernel, by process.
func TestProcfsByPID(t *testing.T) {
	needsInputs(t)
	b := startBurner(t, "burn-by-pid")
	used := b.burn()
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, fmt.Sprintf("[INPUT]\n    Name go_procfs\n    Tag system.metrics\n"+
		"    Interval_Sec 1\n    Pid %d, %d\n    Exclude ^no-such-\n", b.pid(), os.Getpid())+toPage("    Rules_File "+rulesByPID(t)+"\n"))
	a := start(t, dir, "-c", "fluent-bit.conf")
	url := a.url(0)
	series := func(metric, labels string) string {
		return fmt.Sprintf(`process_by_pid_%s{%sname="burn-by-pid",pid="%d"}`, metric, labels, b.pid())
	}
	for range 2 {
		seconds := func(page string) float64 {
			return number(t, page, series("cpu_seconds_total", `mode="user",`)) +
				number(t, page, series("cpu_seconds_total", `mode="system",`))
		}
		page := a.page(url, "the time that was used does not show", func(page string) bool { return seconds(page) > used-0.05 })
		if got := seconds(page); !near(got, used, 0.05) {
			t.Errorf("%v s on the page, the process used %v s", got, used)
		}
		a.page(url, "the memory is not what the kernel says", func(page string) bool {
			return near(number(t, page, series("resident_memory_bytes", "")), 1024*b.status("VmRSS"), 1e6)
		})
		_, err := os.ReadFile("/proc/self/io") // not every kernel has it
		if n := strings.Count(page, "\nprocess_by_pid_written_bytes_total{"); err == nil && n != 2 {
			t.Errorf("%d processes wrote, want 2:\n%s", n, foreign(page))
		}
		lint(t, page)
		used = b.burn()
	}
	a.stop()
}
