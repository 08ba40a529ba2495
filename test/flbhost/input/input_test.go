package input

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/test/flbhost/property"
)

// capture returns a chunk that Fluent Bit 5.1.1 wrote, and its time.
func capture(t *testing.T, name string) ([]byte, time.Time) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b, time.Unix(int64(binary.BigEndian.Uint32(b[4:])), int64(binary.BigEndian.Uint32(b[8:])))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func newInput(t *testing.T, name, proc string, keysAndValues ...string) Input {
	t.Helper()
	in, ok, err := New(name, property.Of(keysAndValues...), proc)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	return in
}

func collect(t *testing.T, in Input, now time.Time) []byte {
	t.Helper()
	b, err := in.Collect(now, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fields returns the only record of a chunk.
func fields(t *testing.T, chunk []byte) map[string]any {
	t.Helper()
	rest, err := msgp.Skip(chunk[12:])
	if err != nil {
		t.Fatal(err)
	}
	m, rest, err := msgp.ReadMapStrIntfBytes(rest, nil)
	if err != nil || len(rest) > 0 {
		t.Fatal(err, rest)
	}
	return m
}

func TestCPULikeFluentBit(t *testing.T) {
	want, now := capture(t, "cpu.mp")
	proc := t.TempDir()
	stat := filepath.Join(proc, "stat")
	write(t, stat, "cpu  100 10 50 1000 5 0 0 0 0 0\ncpu0 50 5 25 500 2 0 0\ncpu1 50 5 25 500 3 0 0\nintr 1 2 3\n")
	in := newInput(t, "cpu", proc)
	// 75 ticks in user mode and 24 in system mode of all; core 1 was busy throughout.
	write(t, stat, "cpu  165 20 74 1100 5 0 0 0 0 0\ncpu0 50 5 25 600 2 0 0\ncpu1 115 15 50 500 3 0 0\nintr 1 2 3\n")
	if got := collect(t, in, now); !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

// TestCPUShares divides by a second, whatever time has passed, and has a counter that goes back.
func TestCPUShares(t *testing.T) {
	proc := t.TempDir()
	stat := filepath.Join(proc, "stat")
	write(t, stat, "cpu  10 0 0 0 0\ncpu0 10 0 0 0 0\n")
	in := newInput(t, "cpu", proc, "tag", "t")
	write(t, stat, "cpu  260 0 0 0 0\ncpu0 260 0 0 0 0\n")
	if got := fields(t, collect(t, in, time.Now())); got["user_p"] != 250.0 || got["cpu0.p_user"] != 250.0 || got["system_p"] != 0.0 {
		t.Errorf("got %v", got)
	}
	write(t, stat, "cpu  250 0 0 0 0\ncpu0 250 0 0 0 0\n")
	if got := fields(t, collect(t, in, time.Now())); got["cpu_p"] != 10.0 {
		t.Errorf("got %v", got)
	}
}

// TestCPUCoreGone has a core that disappears, and its fields with it.
func TestCPUCoreGone(t *testing.T) {
	proc := t.TempDir()
	stat := filepath.Join(proc, "stat")
	write(t, stat, "cpu  1 0 0 0 0\ncpu0 1 0 0 0 0\ncpu1 1 0 0 0 0\n")
	in := newInput(t, "cpu", proc)
	write(t, stat, "cpu  1 0 0 0 0\ncpu0 1 0 0 0 0\n")
	if got := fields(t, collect(t, in, time.Now())); len(got) != 6 {
		t.Errorf("got %v", got)
	}
}

func TestCPUErrors(t *testing.T) {
	for _, content := range []string{
		"", "cpu  1 2 3 4 5\n", "cpu  1 2\ncpu0 1 2 3\n", "cpu  a 2 3 4 5\ncpu0 1 2 3 4 5\n",
	} {
		proc := t.TempDir()
		write(t, filepath.Join(proc, "stat"), content)
		if _, _, err := New("cpu", nil, proc); err == nil {
			t.Errorf("%q was read", content)
		}
	}
	if _, _, err := New("cpu", nil, t.TempDir()); err == nil {
		t.Error("a missing stat is not an error")
	}
}

func TestMemLikeFluentBit(t *testing.T) {
	want, now := capture(t, "mem.mp")
	proc := t.TempDir()
	write(t, filepath.Join(proc, "meminfo"), "MemTotal:       24684092 kB\nMemFree:        22590024 kB\n"+
		"MemAvailable:   23000000 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\nHugePages_Total:       0\n")
	in := newInput(t, "mem", proc)
	if got := collect(t, in, now); !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

func TestMemErrors(t *testing.T) {
	proc := t.TempDir()
	in := newInput(t, "mem", proc)
	for _, content := range []string{"", "MemTotal: 1 kB\nMemFree: 1 kB\n", "MemTotal: x kB\n"} {
		write(t, filepath.Join(proc, "meminfo"), content)
		if b, err := in.Collect(time.Now(), []byte("kept")); err == nil || string(b) != "kept" {
			t.Errorf("%q: %q, %v", content, b, err)
		}
	}
}

func TestThisMachine(t *testing.T) {
	if _, err := os.Stat("/proc/stat"); err != nil {
		t.Skip("no procfs")
	}
	for _, name := range []string{"cpu", "mem"} {
		if b := collect(t, newInput(t, name, "/proc"), time.Now()); len(fields(t, b)) < 6 {
			t.Errorf("%s: %x", name, b)
		}
	}
}

func TestDummyLikeFluentBit(t *testing.T) {
	want, now := capture(t, "dummy.mp")
	in := newInput(t, "dummy", "/proc", "dummy", `{"message":"GET /index.html", "status":200, "latency":0.0123, "ok":true,
		"nil":null, "neg":-5, "big":18446744073709551615, "bigneg":-9223372036854775808, "str_num":"42.5",
		"nested":{"a":{"b":1.5},"list":[1,2,{"c":3}]}, "unicode":"h\u00e9llo \u2713", "dotted.key":7, "space key":8}`)
	if got := collect(t, in, now); !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

func TestDummy(t *testing.T) {
	in := newInput(t, "dummy", "", "samples", "2", "copies", "3", "rate", "4")
	if in.Interval != time.Second/4 {
		t.Errorf("interval %v", in.Interval)
	}
	now := time.Unix(1, 2)
	one := []byte("\x92\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02\x80\x81\xa7message\xa5dummy")
	for range 2 {
		if got := collect(t, in, now); !bytes.Equal(got, bytes.Repeat(one, 3)) {
			t.Errorf("got %q, want three times %q", got, one)
		}
	}
	if got := collect(t, in, now); len(got) != 0 {
		t.Errorf("a third sample: %q", got)
	}
}

func TestNewErrors(t *testing.T) {
	for _, tt := range []struct {
		name string
		l    property.List
		want string
	}{
		{"cpu", property.Of("pid", "1"), "[config] cpu: unknown configuration property 'pid'"},
		{"dummy", property.Of("dummy", "[1]"), "[input:dummy] dummy: [1] is not a JSON object"},
		{"dummy", property.Of("dummy", `{"a":`), `[input:dummy] dummy: {"a": is not a JSON object`},
		{"dummy", property.Of("dummy", `{"a":1} {}`), "is not a JSON object: text follows the value"},
		{"dummy", property.Of("dummy", `{"a":1e999}`), "is not a JSON object: "},
		{"dummy", property.Of("rate", "x"), `[input:dummy] rate: "x" is not a positive whole number`},
		{"dummy", property.Of("samples", "0"), `[input:dummy] samples: "0" is not`},
		{"dummy", property.Of("copies", "-1"), `[input:dummy] copies: "-1" is not`},
	} {
		if _, _, err := New(tt.name, tt.l, "/proc"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: got %v, want %s", tt.name, tt.l, err, tt.want)
		}
	}
	if _, ok, err := New("tail", nil, "/proc"); ok || err != nil {
		t.Errorf("tail: %v, %v", ok, err)
	}
}
