package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const moreRules = `metrics:
- name: java_processes
  type: gauge
  help: Java processes by main class.
  aggregate: count
  condition: {field: $pid, op: exists}
  labels:
    class: {from: $cmdline, regex: '^.* (?:\w+\.)+([A-Z]\w*)(?: |$)', replacement: '$1', default: other}
    container: {from: $container_id, regex: '^(.{4})', replacement: '$1', default: none}
- name: page_faults_total
  type: counter
  help: Page faults.
  fields: '^interval_(?P<kind>minor|major)_page_faults$'
  labels: {kind: {capture: kind}}
- name: swap_bytes
  type: gauge
  help: Swapped memory.
  unit: bytes
  value: $swap_bytes
  aggregate: sum
  condition: {field: $swap_bytes, op: exists}
- name: processes_blocked
  type: gauge
  help: Processes that block their reader.
  value: $round_blocked
  condition: {field: $round_blocked, op: exists}
`

// TestProcfsMore has two Java programs after class paths of 10 KB, one that blocks its reader, and one of another kind.
func TestProcfsMore(t *testing.T) {
	needsInputs(t)
	tree := procfsTree(t, 4)
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(tree, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	classPath := strings.Repeat("/opt/some/libs/library-1.2.3.jar:", 300)
	for pid, class := range []string{"kafka.Kafka", "org.apache.zookeeper.server.quorum.QuorumPeerMain", "nginx"} {
		dir := fmt.Sprint(pid+1, "/")
		write(dir+"cmdline", strings.Join([]string{"/usr/bin/java", "-cp", classPath, class, "x.properties"}, "\x00")+"\x00")
		write(dir+"cgroup", "0::/docker/"+strings.Repeat(fmt.Sprint(pid), 64)+"\n")
		write(dir+"status", "VmSwap:\t   8 kB\nvoluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t1\n")
	}
	write("3/cmdline", "nginx\x00")
	if err := syscall.Mkfifo(filepath.Join(tree, "4", "cmdline"), 0o644); err != nil {
		t.Skip(err)
	}
	write("rules.yaml", moreRules)
	dir := procfsConf(t, []string{procfsPlugin(t), plugin}, "[INPUT]\n    Name go_procfs\n    Tag system.t\n    Interval_Sec 1\n"+
		"    Path "+tree+"\n    Include_Cmdline ^/usr/bin/java\n    Cmdline on\n    Cmdline_Length 200\n    Container_ID on\n    Swap on\n"+
		"    Page_Faults on\n    Round_Stats on\n"+toPage("    Rules_File "+filepath.Join(tree, "rules.yaml")+"\n"))
	a := start(t, dir, "-c", "fluent-bit.conf")
	const kafka = `java_processes{class="Kafka",container="0000"}`
	page := a.page(a.url(0), "no second round", func(page string) bool { return value(page, `page_faults_total{kind="minor"}`) != "" })
	expect(t, page, map[string]string{
		kafka: "1",
		`java_processes{class="QuorumPeerMain",container="1111"}`: "1",
		"swap_bytes":        "16384",
		"processes_blocked": "1",
	})
	if n := strings.Count(page, "\njava_processes{"); n != 2 {
		t.Errorf("%d series of Java processes, want 2:\n%s", n, foreign(page))
	}
	lint(t, page)
	until(t, "the process that blocks is not logged", func() bool {
		return strings.Contains(a.log.String(), "a file blocks its reader; until it does not, the process has no record") &&
			strings.Contains(a.log.String(), "cmdline of process 4")
	})
	if took := a.stop(); took > maxStop {
		t.Errorf("stopping took %s", took)
	}
}
