package input

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// capture returns what Fluent Bit 5.1.1 wrote, and the time in it.
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

func newInput(t *testing.T, name string, s System, keysAndValues ...string) Input {
	t.Helper()
	in, err := New(name, property.Of(keysAndValues...), s)
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := in.(io.Closer); ok {
		t.Cleanup(func() {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
		})
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

func TestCPULikeFluentBit(t *testing.T) {
	want, now := capture(t, "cpu.mp")
	proc := t.TempDir()
	stat := filepath.Join(proc, "stat")
	write(t, stat, "cpu  100 10 50 1000 5 0 0 0 0 0\ncpu0 50 5 25 500 2 0 0\ncpu1 50 5 25 500 3 0 0\nintr 1 2 3\n")
	in := newInput(t, "cpu", System{Proc: proc})
	// 75 ticks in user mode and 24 in system mode of all; core 1 was busy throughout.
	write(t, stat, "cpu  165 20 74 1100 5 0 0 0 0 0\ncpu0 50 5 25 600 2 0 0\ncpu1 115 15 50 500 3 0 0\nintr 1 2 3\n")
	if got := collect(t, in, now); !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

func TestCPUInterval(t *testing.T) {
	proc := t.TempDir()
	stat := filepath.Join(proc, "stat")
	write(t, stat, "cpu  10 0 0 0 0\ncpu0 10 0 0 0 0\n")
	in := newInput(t, "cpu", System{Proc: proc}, "interval_sec", "2", "interval_nsec", "500000000", "tag", "t")
	if in.Interval() != 2500*time.Millisecond {
		t.Errorf("interval %v", in.Interval())
	}
	write(t, stat, "cpu  260 0 0 0 0\ncpu0 260 0 0 0 0\n")
	got := fields(t, collect(t, in, time.Now()))
	if got["user_p"] != 100.0 || got["cpu0.p_user"] != 100.0 || got["system_p"] != 0.0 {
		t.Errorf("got %v", got)
	}
	write(t, stat, "cpu  250 0 0 0 0\ncpu0 250 0 0 0 0\n")
	if got := fields(t, collect(t, in, time.Now())); got["cpu_p"] != 4.0 {
		t.Errorf("a counter that goes back: %v", got)
	}
}

// A core that goes away takes its fields along.
func TestCPUCoreGone(t *testing.T) {
	proc := t.TempDir()
	stat := filepath.Join(proc, "stat")
	write(t, stat, "cpu  1 0 0 0 0\ncpu0 1 0 0 0 0\ncpu1 1 0 0 0 0\n")
	in := newInput(t, "cpu", System{Proc: proc})
	write(t, stat, "cpu  1 0 0 0 0\ncpu0 1 0 0 0 0\n")
	if got := fields(t, collect(t, in, time.Now())); len(got) != 6 {
		t.Errorf("got %v", got)
	}
}

func TestCPUErrors(t *testing.T) {
	for _, content := range []string{
		"", "cpu  1 2 3 4 5\n", "cpu  1 2 3\ncpu0 1 2 3\n", "cpu  a 2 3 4 5\ncpu0 1 2 3 4 5\n",
	} {
		proc := t.TempDir()
		write(t, filepath.Join(proc, "stat"), content)
		if _, err := New("cpu", nil, System{Proc: proc}); err == nil {
			t.Errorf("%q was read", content)
		}
	}
	if _, err := New("cpu", nil, System{Proc: t.TempDir()}); err == nil {
		t.Error("no stat is no error")
	}
}

func TestMemLikeFluentBit(t *testing.T) {
	want, now := capture(t, "mem.mp")
	proc := t.TempDir()
	write(t, filepath.Join(proc, "meminfo"), "MemTotal:       24684092 kB\nMemFree:        22590024 kB\n"+
		"MemAvailable:   23000000 kB\nSwapTotal:             0 kB\nSwapFree:              0 kB\nHugePages_Total:       0\n")
	in := newInput(t, "mem", System{Proc: proc})
	if got := collect(t, in, now); !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

func TestMemErrors(t *testing.T) {
	proc := t.TempDir()
	in := newInput(t, "mem", System{Proc: proc})
	for _, content := range []string{"", "MemTotal: 1 kB\n", "MemTotal: x kB\n"} {
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
		if b := collect(t, newInput(t, name, System{}), time.Now()); len(fields(t, b)) < 6 {
			t.Errorf("%s: %x", name, b)
		}
	}
}

func TestDummyLikeFluentBit(t *testing.T) {
	want, now := capture(t, "dummy.mp")
	in := newInput(t, "dummy", System{}, "dummy", `{"message":"GET /index.html", "status":200, "latency":0.0123, "ok":true,
		"nil":null, "neg":-5, "big":18446744073709551615, "bigneg":-9223372036854775808, "str_num":"42.5",
		"nested":{"a":{"b":1.5},"list":[1,2,{"c":3}]}, "unicode":"h\u00e9llo \u2713", "dotted.key":7, "space key":8}`)
	if got := collect(t, in, now); !bytes.Equal(got, want) {
		t.Errorf("got\n%x\nwant\n%x", got, want)
	}
}

func TestDummy(t *testing.T) {
	in := newInput(t, "dummy", System{}, "samples", "2", "copies", "3", "rate", "4", "metadata", `{"m":1}`)
	if in.Interval() != time.Second/4 {
		t.Errorf("interval %v", in.Interval())
	}
	now := time.Unix(1, 2)
	one := []byte("\x92\x92\xd7\x00\x00\x00\x00\x01\x00\x00\x00\x02\x81\xa1m\x01\x81\xa7message\xa5dummy")
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
		{"disk", nil, "[config] section 'disk' tried to instance a plugin name that doesn't exist"},
		{"cpu", property.Of("pid", "1"), "[config] cpu: unknown configuration property 'pid'. " +
			"The following properties are allowed: interval_sec, and interval_nsec."},
		{"mem", property.Of("interval_sec", "soon"), `[input:mem] interval_sec="soon" is not a whole number`},
		{"dummy", property.Of("dummy", "[1]"), `[input:dummy] dummy=[1]: not a JSON object, as {"message":"dummy"} is`},
		{"dummy", property.Of("dummy", `{"a":`), "[input:dummy] dummy={\"a\":: "},
		{"dummy", property.Of("dummy", `{"a":1} {}`), "not a JSON object"},
		{"dummy", property.Of("rate", "x"), "[input:dummy] rate="},
		{"tail", nil, "[input:tail] no input 'path' was given"},
		{"tail", property.Of("path", "x", "parser", "docker"), "[input:tail] parser=\"docker\""},
		{"tail", property.Of("path", "x", "read_from_head", "2"), "[input:tail] read_from_head=\"2\""},
		{"tail", property.Of("path", "[", "tag", "x"), "[input:tail] path=\"[\": syntax error"},
	} {
		if _, err := New(tt.name, tt.l, System{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %v: got %v, want %s", tt.name, tt.l, err, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]string{
		"0":                     "\x00",
		"200":                   "\xcc\xc8",
		"-1":                    "\xff",
		"-200":                  "\xd1\xff\x38",
		"1.0":                   "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
		"1e0":                   "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
		"-9223372036854775809":  "\xcb\xc3\xe0\x00\x00\x00\x00\x00\x00",
		"18446744073709551616":  "\xcb\x43\xf0\x00\x00\x00\x00\x00\x00",
		"1e999":                 "\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00",
		"9223372036854775808":   "\xcf\x80\x00\x00\x00\x00\x00\x00\x00",
		"-9223372036854775808 ": "\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
	} {
		if got := appendNumber(nil, strings.TrimSpace(text)); string(got) != want {
			t.Errorf("%s became %x, want %x", text, got, want)
		}
	}
}

// lines returns the records of a chunk as JSON.
func lines(t *testing.T, chunk []byte) []string {
	t.Helper()
	var all []string
	for len(chunk) > 0 {
		if !bytes.HasPrefix(chunk, []byte{0x92, 0x92, 0xd7, 0x00}) {
			t.Fatalf("no event: %x", chunk)
		}
		record, err := msgp.Skip(chunk[12:])
		if err != nil {
			t.Fatal(err)
		}
		if chunk, err = msgp.Skip(record); err != nil {
			t.Fatal(err)
		}
		var json strings.Builder
		if _, err := msgp.UnmarshalAsJSON(&json, record[:len(record)-len(chunk)]); err != nil {
			t.Fatal(err)
		}
		all = append(all, json.String())
	}
	return all
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

func TestTail(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.log")
	write(t, path, "old\n")
	in := newInput(t, "tail", System{}, "path", filepath.Join(dir, "*.log"), "key", "line")
	want := func(what string, want ...string) {
		t.Helper()
		got := lines(t, collect(t, in, time.Now()))
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	add := func(path, text string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	want("what was there before")
	add(path, "plain\r\n{\"a\":{\"b\":[1,2.5]}}\n\n{\"broken\"\n[1]\nhal")
	want("lines", `{"line":"plain"}`, `{"a":{"b":[1,2.5]}}`, `{"line":"{\"broken\""}`, `{"line":"[1]"}`)
	want("nothing new")
	add(path, "f\n")
	want("the other half", `{"line":"half"}`)

	other := filepath.Join(dir, "b.log")
	add(other, "first\n")
	want("a new file is found")
	want("and read from its start", `{"line":"first"}`)

	add(path, "before rotation\n")
	if err := os.Rename(path, filepath.Join(dir, "a.old")); err != nil {
		t.Fatal(err)
	}
	add(path, "after\n")
	want("rotated", `{"line":"before rotation"}`)
	want("the new file", `{"line":"after"}`)

	write(t, other, "short\n")
	want("same length or shorter")
	write(t, other, "s\n")
	want("shorter", `{"line":"s"}`)
}

func TestTailFromHead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	write(t, path, "one\n{\"two\":2}\n")
	in := newInput(t, "tail", System{}, "path", "absent, "+path, "Read_From_Head", "on", "parser", "json")
	if got := lines(t, collect(t, in, time.Now())); fmt.Sprint(got) != `[{"log":"one"} {"two":2}]` {
		t.Errorf("got %q", got)
	}
}

// A line without end does not take memory without end.
func TestTailLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	write(t, path, strings.Repeat("x", 5*maxTailLine/2)+"\n")
	in := newInput(t, "tail", System{}, "path", path, "read_from_head", "on")
	var sizes []int
	for range 4 {
		for _, l := range lines(t, collect(t, in, time.Now())) {
			sizes = append(sizes, len(l)-len(`{"log":""}`))
		}
	}
	if fmt.Sprint(sizes) != fmt.Sprint([]int{maxTailLine, maxTailLine, maxTailLine / 2}) {
		t.Errorf("got lines of %d bytes", sizes)
	}
}
