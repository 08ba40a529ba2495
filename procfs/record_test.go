package procfs

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

var sample = Round{
	Time:   time.Date(2026, 11, 21, 1, 2, 3, 400, time.FixedZone("", 3600)),
	Took:   1500 * time.Microsecond,
	Boot:   1_700_000_000,
	Fields: detailed,
	Processes: []Process{
		{PID: 42, Parent: 1, Name: "burn", State: 'R', User: 33, Threads: 2, Start: 150, Virtual: 8192, RSS: 4096, OpenFDs: 7,
			Total: CPU{500, 125}, Interval: CPU{150, 50}, Elapsed: 4 * time.Second,
			HasIO: true, IO: IO{10, 20}, Details: &Details{
				Cmdline: "/bin/burn -x", Exe: "/bin/burn", User: "www-data", Cgroup: "/a", ContainerID: "4f",
				PSS: Size{3000, true}, Swap: Size{1024, true},
				Switches:   Counter{Total: Pair{8, 9}, Interval: Pair{2, 1}, Known: true, Compared: true},
				PageFaults: Counter{Total: Pair{70, 6}, Interval: Pair{5, 0}, Known: true, Compared: true},
			}},
		{PID: 7, Name: "", State: 'Z', OpenFDs: -1, Total: CPU{3, 4}},
	},
	Skipped: Skipped{Vanished: 1, Unreadable: 2, Garbled: 3, Blocked: 4},
}

// TestProcessRecords holds the fields, their order and their types.
func TestProcessRecords(t *testing.T) {
	b := appendProcesses(nil, &sample)
	want := []string{
		`[1795219323.0000004,{"pid":42,"ppid":1,"name":"burn","state":"R","uid":33,"cpu_jiffies":625,"cpu_user_seconds":5,` +
			`"cpu_system_seconds":1.25,"cpu_percent":50,"interval_cpu_user_seconds":1.5,"interval_cpu_system_seconds":0.5,` +
			`"rss_bytes":4096,"virtual_bytes":8192,"threads":2,"open_fds":7,"start_time":1700000001.5,"read_bytes":10,` +
			`"written_bytes":20,"cmdline":"/bin/burn -x","exe":"/bin/burn","user":"www-data","cgroup":"/a","container_id":"4f",` +
			`"pss_bytes":3000,"swap_bytes":1024,"voluntary_context_switches":8,"involuntary_context_switches":9,` +
			`"interval_voluntary_context_switches":2,"interval_involuntary_context_switches":1,"minor_page_faults":70,` +
			`"major_page_faults":6,"interval_minor_page_faults":5,"interval_major_page_faults":0}]`,
		`[1795219323.0000004,{"pid":7,"ppid":0,"name":"","state":"Z","uid":0,"cpu_jiffies":7,"cpu_user_seconds":0.03,` +
			`"cpu_system_seconds":0.04,"rss_bytes":0,"virtual_bytes":0,"threads":0,"start_time":1700000000}]`,
	}
	for n, e := range decode(t, b) {
		if !e.at.Equal(sample.Time) {
			t.Errorf("record %d is of %s", n, e.at)
		}
		if got := inOrder(t, b, n); got != want[n] {
			t.Errorf("record %d\n%s, want\n%s", n, got, want[n])
		}
	}
}

// TestRecordsHoldWhatWasAskedFor has details that filters alone needed.
func TestRecordsHoldWhatWasAskedFor(t *testing.T) {
	all := decode(t, appendProcesses(nil, &sample))[0].record
	sum := 0
	for _, f := range fieldSwitches() {
		one := sample
		one.Fields = f.field
		record := decode(t, appendProcesses(nil, &one))[0].record
		for field, v := range record {
			if all[field] != v {
				t.Errorf("%s: %s is %v, want %v", f.name, field, v, all[field])
			}
		}
		none := sample
		none.Fields = Files
		sum += len(record) - len(decode(t, appendProcesses(nil, &none))[0].record)
	}
	if none := 18; sum != len(all)-none {
		t.Errorf("the keys add %d fields, want %d", sum, len(all)-none)
	}
}

func TestStatsRecord(t *testing.T) {
	b := appendStats(nil, &sample)
	want := `[1795219323.0000004,{"round_processes":2,"round_vanished":1,"round_unreadable":2,"round_garbled":3,"round_blocked":4,` +
		`"round_seconds":0.0015}]`
	if got := inOrder(t, b, 0); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestTypes(t *testing.T) {
	record := decode(t, appendProcesses(nil, &sample))[0].record
	for name, want := range map[string]string{
		"pid": "uint64", "cpu_jiffies": "uint64", "rss_bytes": "uint64", "open_fds": "uint64", "written_bytes": "uint64",
		"cpu_user_seconds": "float64", "cpu_percent": "float64", "interval_cpu_user_seconds": "float64", "start_time": "float64",
		"name": "string", "state": "string",
	} {
		got := fmt.Sprintf("%T", record[name])
		if got == "int64" { // msgpack has one form for small numbers of either kind
			got = "uint64"
		}
		if got != want {
			t.Errorf("%s is a %s, want %s", name, got, want)
		}
	}
}

func TestWideRecord(t *testing.T) {
	b := appendWide(nil, &sample)
	events := decode(t, b)
	if len(events) != 1 || !events[0].at.Equal(sample.Time) {
		t.Fatalf("got %v", events)
	}
	want := `[1795219323.0000004,{"timestamp":"2026-11-21T00:02:03.000000400Z","pid_42_cpu_jiffies":625,"pid_7_cpu_jiffies":7}]`
	if got := inOrder(t, b, 0); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	empty := Round{Time: sample.Time}
	if got := decode(t, appendWide(nil, &empty)); len(got) != 1 || len(got[0].record) != 1 {
		t.Errorf("a round without processes: %v", got)
	}
}

// inOrder returns event n as JSON that keeps the order of the fields.
func inOrder(t *testing.T, b []byte, n int) string {
	t.Helper()
	var text jsonText
	text.events(t, b)
	if !json.Valid([]byte(text.all[n])) {
		t.Fatalf("not JSON: %s", text.all[n])
	}
	return text.all[n]
}
