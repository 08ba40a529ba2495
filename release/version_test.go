package main

import (
	"os"
	"path/filepath"
	"testing"
)

// project makes a repository with the version script in a commit, and returns its folder.
func project(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "project")
	for _, name := range []string{"release/version.sh", "release/version.txt", ".gitattributes"} {
		content, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	commit(t, dir)
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	execute(t, dir, "git", "init", "-q")
	execute(t, dir, "git", "add", "-A")
	execute(t, dir, "git", "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "all")
}

func version(t *testing.T, dir string) string {
	t.Helper()
	return execute(t, dir, "release/version.sh")
}

func is(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("version %q, want %q", got, want)
	}
}

func TestVersionOfWorkingCopy(t *testing.T) {
	required(t, "git")
	dir := project(t)
	is(t, version(t, dir), execute(t, dir, "git", "describe", "--always"))
	execute(t, dir, "git", "tag", "v1.2.3")
	is(t, version(t, dir), "v1.2.3\n")
}

// TestVersionOfArchive unpacks an archive inside another repository, whose version it must not take.
func TestVersionOfArchive(t *testing.T) {
	required(t, "git")
	dir := project(t)
	unpack := func() string {
		other := t.TempDir()
		write(t, filepath.Join(other, "file"), "")
		commit(t, other)
		execute(t, other, "git", "tag", "v9.9.9")
		archive := filepath.Join(t.TempDir(), "a.tar")
		execute(t, dir, "git", "archive", "--prefix=project/", "-o", archive, "HEAD")
		execute(t, other, "tar", "-xf", archive)
		return filepath.Join(other, "project")
	}
	is(t, version(t, unpack()), execute(t, dir, "git", "rev-parse", "--short", "HEAD"))
	execute(t, dir, "git", "tag", "v1.2.3")
	is(t, version(t, unpack()), "v1.2.3\n")
}

// TestVersionOfFolder has a copy of the files, inside another repository.
func TestVersionOfFolder(t *testing.T) {
	required(t, "git")
	dir := project(t)
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	is(t, version(t, dir), "dev\n")
	other := filepath.Dir(dir)
	write(t, filepath.Join(other, "file"), "")
	execute(t, other, "git", "init", "-q")
	is(t, version(t, dir), "dev\n")
}
