package statefile

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// names returns the files of a folder.
func names(t *testing.T, folder string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// faulty is a file of which one step fails.
type faulty struct {
	Writer
	write, sync, close error
}

func (f *faulty) Write(b []byte) (int, error) {
	if f.write != nil {
		n, _ := f.Writer.Write(b[:len(b)/2])
		return n, f.write
	}
	return f.Writer.Write(b)
}

func (f *faulty) Sync() error  { return errors.Join(f.Writer.Sync(), f.sync) }
func (f *faulty) Close() error { return errors.Join(f.Writer.Close(), f.close) }

// TestReplace checks that a file has its old content if a step fails, the new one otherwise, and that no temporary file
// is left.
func TestReplace(t *testing.T) {
	broken := errors.New("broken")
	for name, test := range map[string]struct {
		create func(Writer) (Writer, error)
		want   string
	}{
		"good":  {func(f Writer) (Writer, error) { return f, nil }, "new"},
		"write": {func(f Writer) (Writer, error) { return &faulty{Writer: f, write: broken}, nil }, "old"},
		"sync":  {func(f Writer) (Writer, error) { return &faulty{Writer: f, sync: broken}, nil }, "old"},
		"close": {func(f Writer) (Writer, error) { return &faulty{Writer: f, close: broken}, nil }, "old"},
	} {
		file := filepath.Join(t.TempDir(), "state")
		write(t, file, "old")
		write(t, TempName(file), "what a crash left")
		size, err := Replace(file, bytes.NewBufferString("new"), func(name string) (Writer, error) {
			f, err := Create(name)
			if err != nil {
				t.Fatal(err)
			}
			return test.create(f)
		})
		if text, _ := os.ReadFile(file); string(text) != test.want || (err == nil) != (test.want == "new") || err == nil && size != 3 {
			t.Errorf("%s: %q, %d, %v", name, text, size, err)
		}
		if err != nil && !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
		if all := names(t, filepath.Dir(file)); !slices.Equal(all, []string{"state"}) {
			t.Errorf("%s: left are %q", name, all)
		}
	}
}

// TestReplaceWritesToNothingElse checks that neither a link nor a file that is not regular is written to.
func TestReplaceWritesToNothingElse(t *testing.T) {
	folder := t.TempDir()
	other, file := filepath.Join(folder, "other"), filepath.Join(folder, "state")
	write(t, other, "other")
	if err := os.Symlink(other, TempName(file)); err != nil {
		t.Fatal(err)
	}
	if _, err := Replace(file, bytes.NewBufferString("new"), Create); err != nil {
		t.Error(err)
	}
	for _, name := range []string{other, file} {
		is, err := os.Lstat(name)
		if err != nil || !is.Mode().IsRegular() || is.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, is, err)
		}
	}
	if text, _ := os.ReadFile(other); string(text) != "other" {
		t.Errorf("the other file is %q", text)
	}
	if _, err := Replace(folder, bytes.NewBufferString("new"), Create); err == nil || !strings.HasSuffix(err.Error(), "is not a regular file") {
		t.Errorf("a folder: %v", err)
	}
}

func TestSetAside(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for i := range 5 {
		write(t, file, string(rune('a'+i)))
		to, err := SetAside(file, now.Add(time.Duration(i)*time.Millisecond))
		if text, _ := os.ReadFile(to); err != nil || string(text) != string(rune('a'+i)) {
			t.Errorf("%s has %q, %v", to, text, err)
		}
	}
	want := []string{"state.bad-20260102T030405.002Z", "state.bad-20260102T030405.003Z", "state.bad-20260102T030405.004Z"}
	if all := names(t, filepath.Dir(file)); !slices.Equal(all, want) {
		t.Errorf("left are %q, want %q", all, want)
	}
	if _, err := SetAside(file, now); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

func TestResolve(t *testing.T) {
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(folder, name) }
	write(t, in("file"), "")
	for link, to := range map[string]string{"link": "file", "dir": ".", "hanging": "later"} {
		if err := os.Symlink(in(to), in(link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"file": "file", "link": "file", "dir/file": "file", "dir/new": "new", "none/new": "none/new", "dir/../dir/./file": "file",
	} {
		if got, err := Resolve(in(name)); err != nil || got != in(want) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, in(want))
		}
	}
	for _, name := range []string{"dir", "hanging", "../" + filepath.Base(folder)} {
		if got, err := Resolve(in(name)); err == nil || !strings.HasSuffix(err.Error(), "is not a regular file") {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

// TestLock checks that one owner at a time has the lock, and that others wait for it.
func TestLock(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	held, err := Lock(file, "a long name of the first owner", 0)
	if err != nil {
		t.Fatal(err)
	}
	var taken *LockedError
	if _, err := Lock(file, "b", 2*lockPause); !errors.As(err, &taken) || taken.Owner != "a long name of the first owner" {
		t.Errorf("taken: %v", err)
	}
	waiting := make(chan io.Closer)
	go func() {
		second, err := Lock(file, "b", time.Minute)
		if err != nil {
			t.Error(err)
		}
		waiting <- second
	}()
	held.Close()
	second := <-waiting
	defer second.Close()
	if _, err := Lock(file, "c", 0); err == nil || err.Error() != "it is used by b" {
		t.Errorf("taken again: %v", err)
	}
}

// TestLockWithoutOwner checks the error for a lock without the name of its owner.
func TestLockWithoutOwner(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state")
	held, err := Lock(file, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := Lock(file, "b", 0); err == nil || err.Error() != "it is used by another section or process" {
		t.Error(err)
	}
}

// TestLockIsNoOtherFile checks that a lock is not taken, and nothing is written, if its name leads to another file.
func TestLockIsNoOtherFile(t *testing.T) {
	for name, test := range map[string]struct {
		make func(lock, victim string) error
		want string
	}{
		"a symbolic link": {func(lock, victim string) error { return os.Symlink(victim, lock) }, "is a symbolic link; remove it"},
		"a link to nothing": {func(lock, victim string) error { return os.Symlink(victim+"2", lock) },
			"is a symbolic link; remove it"},
		"a hard link": {func(lock, victim string) error { return os.Link(victim, lock) }, "is one of 2 names of a file; remove it"},
		"a pipe":      {func(lock, _ string) error { return syscall.Mkfifo(lock, 0o600) }, "is not a regular file; remove it"},
		"a folder":    {func(lock, _ string) error { return os.Mkdir(lock, 0o700) }, "is a directory"},
		"of another user": {func(lock, _ string) error {
			write(t, lock, "")
			return os.Chown(lock, os.Geteuid()+1, -1)
		}, "; remove it"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			victim, file := filepath.Join(folder, "victim"), filepath.Join(folder, "state")
			write(t, victim, "precious")
			if err := test.make(file+".lock", victim); errors.Is(err, os.ErrPermission) {
				t.Skip(err)
			} else if err != nil {
				t.Fatal(err)
			}
			held, err := Lock(file, "a", 0)
			if err == nil {
				held.Close()
			}
			if err == nil || !strings.Contains(err.Error(), file+".lock") || !strings.HasSuffix(err.Error(), test.want) {
				t.Errorf("%v, want %s", err, test.want)
			}
			if text, _ := os.ReadFile(victim); string(text) != "precious" {
				t.Errorf("the other file is %q", text)
			}
			if _, err := os.Lstat(victim + "2"); err == nil {
				t.Error("a file was made through the link")
			}
		})
	}
}
