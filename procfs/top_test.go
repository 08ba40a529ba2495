package procfs

import (
	"fmt"
	"testing"
	"time"
)

// load is a process and what it has used since the round before.
type load struct {
	pid      int32
	used     uint64
	openFDs  int32
	unseen   bool // it has no interval
	io, more uint64
}

func busyRound(second int, loads ...load) *Round {
	r := &Round{Time: time.Unix(1_700_000_000+int64(second), 0)}
	for _, l := range loads {
		p := Process{PID: l.pid, Name: fmt.Sprint("p", l.pid), State: 'S', Threads: 2, RSS: 1000, Virtual: 5000,
			OpenFDs: l.openFDs, Total: CPU{l.used, 1000}, HasIO: l.io > 0, IO: IO{l.io, 0}}
		if second > 0 && !l.unseen {
			p.Interval, p.Elapsed, p.ioInterval = CPU{l.used, 0}, time.Second, IO{l.more, 0}
		}
		r.Processes = append(r.Processes, p)
	}
	return r
}

func names(events []event) (names []any) {
	for _, e := range events {
		names = append(names, e.record["name"])
	}
	return names
}

func wantFields(t *testing.T, record map[string]any, want map[string]any) {
	t.Helper()
	for name, v := range want {
		if got := record[name]; fmt.Sprint(got) != fmt.Sprint(v) {
			t.Errorf("%s is %v, want %v", name, got, v)
		}
	}
}

func TestTop(t *testing.T) {
	busiest := top{n: 2}
	// Nothing to compare with yet: the whole lives decide, and are what the others begin with.
	first := decode(t, busiest.append(nil, busyRound(0,
		load{pid: 1, used: 5, openFDs: 3, io: 7}, load{pid: 2, used: 90}, load{pid: 3, used: 20, openFDs: -1}, load{pid: 4, used: 30})))
	if got := fmt.Sprint(names(first)); got != "[p2 p4 other]" {
		t.Fatalf("records of %s", got)
	}
	wantFields(t, first[2].record, map[string]any{
		"processes": 2, "cpu_jiffies": 2025, "cpu_user_seconds": 0.25, "cpu_system_seconds": 20,
		"rss_bytes": 2000, "virtual_bytes": 10000, "threads": 4, "open_fds": 3, "read_bytes": 7,
		"cpu_percent": nil, "interval_cpu_user_seconds": nil, "pid": nil,
	})
	// 2 leaves the busy ones with all that it ever used, which the others' totals do not get.
	second := decode(t, busiest.append(nil, busyRound(1,
		load{pid: 1, used: 50, io: 9, more: 2}, load{pid: 2, used: 10}, load{pid: 3, used: 60}, load{pid: 4, used: 7, unseen: true})))
	if got := fmt.Sprint(names(second)); got != "[p3 p1 other]" {
		t.Fatalf("records of %s", got)
	}
	wantFields(t, second[2].record, map[string]any{
		"processes": 2, "cpu_jiffies": 2035, "cpu_user_seconds": 0.35, "cpu_system_seconds": 20,
		"interval_cpu_user_seconds": 0.1, "interval_cpu_system_seconds": 0, "cpu_percent": 10, "read_bytes": 7,
	})
	// Nobody else: no record of others, and their totals stay for the next time.
	third := decode(t, busiest.append(nil, busyRound(2, load{pid: 3, used: 1}, load{pid: 1, used: 1})))
	if got := fmt.Sprint(names(third)); got != "[p1 p3]" {
		t.Fatalf("records of %s", got)
	}
	fourth := decode(t, busiest.append(nil, busyRound(3, load{pid: 1, used: 4, io: 11, more: 2}, load{pid: 2, used: 8}, load{pid: 3, used: 6})))
	wantFields(t, fourth[2].record, map[string]any{"name": "other", "processes": 1, "cpu_jiffies": 2039, "read_bytes": 9})
}

// TestTopOfDetails sums up the counters of the others: their totals go on by the intervals.
func TestTopOfDetails(t *testing.T) {
	busiest := top{n: 1}
	round := func(second int, faults ...uint64) map[string]any {
		r := busyRound(second, load{pid: 1, used: 99}, load{pid: 2, used: 1}, load{pid: 3, used: 1})
		r.Fields = PSS | PageFaults
		for n, f := range faults {
			r.Processes[n+1].Details = &Details{PSS: Size{10, true}, PageFaults: Counter{Total: Pair{f, 100}, Interval: Pair{f / 2, 0},
				Known: true, Compared: second > 0}}
		}
		return decode(t, busiest.append(nil, r))[1].record
	}
	wantFields(t, round(0, 4, 6), map[string]any{"pss_bytes": 20, "swap_bytes": nil, "minor_page_faults": 10, "major_page_faults": 200,
		"interval_minor_page_faults": nil, "voluntary_context_switches": nil})
	wantFields(t, round(1, 10, 8), map[string]any{"minor_page_faults": 19, "major_page_faults": 200, "interval_minor_page_faults": 9,
		"interval_major_page_faults": 0})
	wantFields(t, round(2, 20), map[string]any{"pss_bytes": 10, "minor_page_faults": 29, "interval_minor_page_faults": 10})
}

func TestTopOfNothing(t *testing.T) {
	busiest := top{n: 2}
	if b := busiest.append(nil, busyRound(0)); len(b) != 0 {
		t.Errorf("records of nothing: % x", b)
	}
}
