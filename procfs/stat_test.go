package procfs

import (
	"fmt"
	"math"
	"strings"
	"testing"

	prometheus "github.com/prometheus/procfs"
)

func TestParseStat(t *testing.T) {
	line := fake{pid: 7, parent: 3, name: "a) b (c", user: 11, system: 22, start: 33}.stat()
	got, ok := parseStat([]byte(line), 7)
	if !ok || string(got.name) != "a) b (c" {
		t.Fatalf("name %q, %v", got.name, ok)
	}
	got.name = nil
	want := stat{state: 'S', parent: 3, faults: Pair{87751, 0}, user: 11, system: 22, threads: 3, start: 33, virtual: 8192000, pages: 25}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, ok := parseStat([]byte(line), 8); ok {
		t.Error("another process's file was taken")
	}
	for cut := range len(line) {
		if s, ok := parseStat([]byte(line[:cut]), 7); ok {
			t.Errorf("cut off at %d: %+v", cut, s)
		}
	}
	_, fields, _ := strings.Cut(line, ") b (c)")
	for _, garbage := range []string{"0" + line, strings.Replace(line, fields, strings.Replace(fields, " 0 ", "  ", 1), 1)} {
		if s, ok := parseStat([]byte(garbage), 7); ok {
			t.Errorf("%q was taken: %+v", garbage, s)
		}
	}
}

// TestAgainstPrometheus reads this machine's processes by both: by the other one before and after, to know what stayed.
func TestAgainstPrometheus(t *testing.T) {
	fs, err := prometheus.NewFS("/proc")
	if err != nil {
		t.Skip(err)
	}
	r := newRig(t, Choice{Path: "/proc", Fields: Files | Cmdline})
	before := byPrometheus(t, fs)
	ours := make(map[int]Process)
	for _, p := range r.round(0).Processes {
		ours[int(p.PID)] = p
	}
	compared := 0
	for pid, after := range byPrometheus(t, fs) {
		b, a, p := before[pid].stat, after.stat, ours[pid]
		if b.Starttime != a.Starttime || b.Comm != a.Comm || b.PPID != a.PPID || before[pid].user != after.user {
			continue
		}
		compared++
		if p.Start != a.Starttime || p.Name != a.Comm || int(p.Parent) != a.PPID || uint64(p.User) != after.user ||
			p.Total.User < uint64(b.UTime) || p.Total.User > uint64(a.UTime) ||
			p.Total.System < uint64(b.STime) || p.Total.System > uint64(a.STime) {
			t.Errorf("%+v, and by prometheus %+v and %+v", p, before[pid], after)
		}
	}
	if compared == 0 {
		t.Error("no process was compared")
	}
}

type readByPrometheus struct {
	stat prometheus.ProcStat
	user uint64
}

// byPrometheus reads all processes, but for those that end meanwhile.
func byPrometheus(t *testing.T, fs prometheus.FS) map[int]readByPrometheus {
	t.Helper()
	all, err := fs.AllProcs()
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[int]readByPrometheus)
	for _, p := range all {
		status, err := p.NewStatus()
		if err != nil {
			continue
		}
		if stat, err := p.Stat(); err == nil {
			found[p.PID] = readByPrometheus{stat, status.UIDs[1]}
		}
	}
	return found
}

func TestParseStatm(t *testing.T) {
	for text, want := range map[string]struct {
		pages uint64
		ok    bool
	}{
		"16884 2871 1500 600 0 1200 0\n": {2871, true},
		"0 0 0 0 0 0 0\n":                {0, true},
		"5 18446744073709551615\n":       {math.MaxUint64, true},
		"5 18446744073709551616\n":       {},
		"16884 2871 1500 600 0 1200 0":   {},
		"16884 2871":                     {},
		"16884\n":                        {},
		"16884 \n":                       {},
		" 2871\n":                        {},
		"x 2871\n":                       {},
		"5 -1\n":                         {},
		"5 2x\n":                         {},
		"\n":                             {},
		"":                               {},
	} {
		if pages, ok := parseStatm([]byte(text)); ok != want.ok || ok && pages != want.pages {
			t.Errorf("%q: %d, %v, want %+v", text, pages, ok, want)
		}
	}
}

func TestParseIO(t *testing.T) {
	for text, want := range map[string]struct {
		io IO
		ok bool
	}{
		"read_bytes: 5\nwrite_bytes: 6\n":                           {IO{5, 6}, true},
		"rchar: 1\nread_bytes: 5\nx\nwrite_bytes: 6\nmore: y\n":     {IO{5, 6}, true},
		"cancelled_write_bytes: 9\nwrite_bytes: 6\nread_bytes: 0\n": {IO{0, 6}, true},
		"read_bytes: 18446744073709551615\nwrite_bytes: 0\n":        {IO{math.MaxUint64, 0}, true},
		"read_bytes: 18446744073709551616\nwrite_bytes: 0\n":        {},
		"read_bytes: -1\nwrite_bytes: 0\n":                          {},
		"read_bytes: \nwrite_bytes: 0\n":                            {},
		"read_bytes: 5\nwrite_bytes: 6":                             {},
		"read_bytes: 5\ncancelled_write_bytes: 9\n":                 {},
		"xread_bytes: 5\nwrite_bytes: 6\n":                          {},
		"":                                                          {},
		"\n\n":                                                      {},
	} {
		io, ok := parseIO([]byte(text))
		if ok != want.ok || ok && io != want.io {
			t.Errorf("%q: %+v, %v, want %+v", text, io, ok, want)
		}
	}
}

func TestParsePID(t *testing.T) {
	for name, want := range map[string]int32{
		"1": 1, "4194304": 4194304, "2147483647": math.MaxInt32,
		"0": 0, "": 0, "self": 0, "1a": 0, "-1": 0, "+1": 0, " 1": 0, "2147483648": 0, "99999999999999999999": 0,
		"01": 0,
	} {
		if pid, ok := parsePID([]byte(name)); pid != want || ok != (want != 0) {
			t.Errorf("%q: %d, %v, want %d", name, pid, ok, want)
		}
	}
}

// FuzzParseStat holds that nothing panics, and that what is taken begins and ends as it should.
func FuzzParseStat(f *testing.F) {
	f.Add([]byte(fake{pid: 7, name: "a) b (c"}.stat()))
	f.Add([]byte("7 ()\n"))
	f.Add([]byte(")7 (\n"))
	f.Add([]byte("7 (x) S 1 2 3"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, ok := parseStat(b, 7)
		if ok && (string(b[:3]) != "7 (" || b[len(b)-1] != '\n' || s.parent < 0 || s.threads < 0) {
			t.Errorf("%q was taken: %+v", b, s)
		}
		parseIO(b)
		parseStatm(b)
	})
}
