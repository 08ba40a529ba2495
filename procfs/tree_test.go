package procfs

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fakeTree is a procfs on disk.
type fakeTree struct {
	tb   testing.TB
	path string
}

const fakeBoot = 1_700_000_000

func newFakeTree(tb testing.TB) fakeTree {
	tb.Helper()
	t := fakeTree{tb, tb.TempDir()}
	t.write("stat", fmt.Sprintf("cpu  1 2 3 4 5 6 7 8 9 10\nbtime %d\nprocesses 7\n", fakeBoot))
	t.write("self/nothing", "")
	return t
}

func (t fakeTree) write(name, content string) {
	t.tb.Helper()
	path := filepath.Join(t.path, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.tb.Fatal(err)
	}
}

func (t fakeTree) remove(name string) {
	t.tb.Helper()
	if err := os.RemoveAll(filepath.Join(t.path, name)); err != nil {
		t.tb.Fatal(err)
	}
}

// fake is a process of the tree.
type fake struct {
	pid, parent  int
	name         string
	user, system uint64
	start        uint64
	fds          int
	read         uint64
	cmdline      []string
}

func (f fake) stat() string {
	return fmt.Sprintf("%d (%s) S %d 1 1 0 -1 4194560 87751 102337502 0 12837 %d %d 9 9 20 0 3 0 %d 8192000 25 "+
		"18446744073709551615 1 1 0 0 0 0 0 4096 1256 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
		f.pid, f.name, f.parent, f.user, f.system, f.start)
}

func (t fakeTree) process(f fake) {
	t.tb.Helper()
	dir := fmt.Sprint(f.pid, "/")
	t.write(dir+"stat", f.stat())
	t.write(dir+"io", fmt.Sprintf("rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: %d\nwrite_bytes: %d\n"+
		"cancelled_write_bytes: 5\n", f.read, 2*f.read))
	t.write(dir+"cmdline", strings.Join(f.cmdline, "\x00")+"\x00")
	if err := os.MkdirAll(filepath.Join(t.path, dir, "fd"), 0o755); err != nil {
		t.tb.Fatal(err)
	}
	for n := range f.fds {
		t.write(fmt.Sprint(dir, "fd/", n), "")
	}
}

// slowProcess adds a process at which each round stops. reached waits for a round to come there, and release lets it go
// on.
func (t fakeTree) slowProcess(f fake) (reached func() (release func())) {
	t.tb.Helper()
	t.process(f)
	t.remove(fmt.Sprint(f.pid, "/stat"))
	path := filepath.Join(t.path, fmt.Sprint(f.pid), "stat")
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.tb.Skip(err)
	}
	return func() func() {
		t.tb.Helper()
		pipe, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
		if err != nil {
			t.tb.Fatal(err)
		}
		return func() {
			t.tb.Helper()
			_, err := pipe.WriteString(f.stat())
			if err := errors.Join(err, pipe.Close()); err != nil {
				t.tb.Fatal(err)
			}
		}
	}
}
