package main

import (
	"os"
	"path/filepath"
	"testing"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, folder string) (list []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// TestCopyReplaces copies over a file that is in use: who has it open keeps the old content.
func TestCopyReplaces(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write(t, filepath.Join(from, "a.so"), "new")
	write(t, filepath.Join(from, "LICENSE"), "text")
	write(t, filepath.Join(to, "a.so"), "old")
	used, err := os.Open(filepath.Join(to, "a.so"))
	if err != nil {
		t.Fatal(err)
	}
	defer used.Close()
	if err := copyAll(from, to); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(to, "a.so")); string(got) != "new" {
		t.Errorf("copied %q", got)
	}
	b := make([]byte, 9)
	if n, _ := used.Read(b); string(b[:n]) != "old" {
		t.Errorf("the file in use became %q", b[:n])
	}
	if got := names(t, to); len(got) != 1 {
		t.Errorf("the folder has %q", got)
	}
	if info, err := os.Stat(filepath.Join(to, "a.so")); err != nil || info.Mode() != 0o644 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

func TestCopyFails(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	if err := copyAll(from, to); err == nil {
		t.Error("an empty folder was copied")
	}
	write(t, filepath.Join(from, "a.so"), "new")
	if err := copyAll(from, filepath.Join(to, "none")); err == nil {
		t.Error("a file was copied into a folder that does not exist")
	}
	// A folder of that name cannot be replaced by a file.
	if err := os.MkdirAll(filepath.Join(to, "a.so", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := copyAll(from, to); err == nil {
		t.Error("a folder was replaced")
	}
	if got := names(t, to); len(got) != 1 {
		t.Errorf("the folder has %q after a failure", got)
	}
}
