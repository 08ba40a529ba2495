package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/statefile"
)

// TestUnusableStates checks that a file that cannot be restored does not prevent the start, that it is set aside, and
// that the last ones are kept.
func TestUnusableStates(t *testing.T) {
	keys := stateKeys(t, oneRule)
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	closeWritten(t, p)
	good, err := os.ReadFile(keys["state_file"])
	if err != nil {
		t.Fatal(err)
	}
	version := slices.Clone(good)
	version[8] = 1
	for name, test := range map[string]struct {
		state []byte
		want  string
	}{
		"empty":     {nil, "the state is cut off"},
		"truncated": {good[:len(good)/2], "the state is cut off"},
		"corrupt":   {append(slices.Clone(good[:len(good)-5]), "abcde"...), "the state is corrupt"},
		"foreign":   {[]byte("metrics:\n- {name: a_total}\n"), "this is not a state of promexporter"},
		"older":     {version, "the state is of version 1, this program reads version 3"},
	} {
		rewrite(t, keys["state_file"], string(test.state))
		p, log := openOne(t, keys)
		if lines := log.lines("series start from zero"); len(lines) != 1 || !strings.Contains(lines[0], test.want) {
			t.Errorf("%s: log %q", name, lines)
		}
		bad := setAsideFiles(t, keys["state_file"])
		if text, err := os.ReadFile(bad[len(bad)-1]); err != nil || string(text) != string(test.state) {
			t.Errorf("%s was not set aside: %q, %v", name, text, err)
		}
		flush(t, p, "t", `{"l":"x"}`, flb.OK)
		p, _ = reopen(t, p, keys)
		expect(t, p, `a_total{l="x"} 1`)
		closeWritten(t, p)
		time.Sleep(2 * time.Millisecond) // names have a time
	}
	if bad := setAsideFiles(t, keys["state_file"]); len(bad) != 3 {
		t.Errorf("set aside are %q", bad)
	}
}

func setAsideFiles(t *testing.T, file string) []string {
	t.Helper()
	bad, err := filepath.Glob(file + ".bad-*")
	if err != nil || len(bad) == 0 {
		t.Fatalf("nothing was set aside (%v)", err)
	}
	return bad
}

// TestStateFileOfAnother checks that two instances cannot share a file, under any name, and that the error names both.
func TestStateFileOfAnother(t *testing.T) {
	of := newProcess(t)
	keys := stateKeys(t, oneRule)
	first := of.open("promexporter.0", keys)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(filepath.Dir(keys["state_file"]), link); err != nil {
		t.Fatal(err)
	}
	other := map[string]string{"rules_file": keys["rules_file"], "state_file": filepath.Join(link, "state")}
	_, err := Open(of.options("promexporter.1", other))
	want := fmt.Sprintf("state_file: %s is used by promexporter.0 in process %d; give promexporter.1 its own file", keys["state_file"], os.Getpid())
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	closeWritten(t, first)
	second := of.open("promexporter.1", other)
	closeWritten(t, second)
}

// TestStateFileOfAFailedOpen checks that an instance that could not start unlocks its file.
func TestStateFileOfAFailedOpen(t *testing.T) {
	of := newProcess(t)
	keys := stateKeys(t, oneRule)
	keys["listen_address"] = "192.0.2.1:1"
	if _, err := Open(of.options("promexporter.0", keys)); err == nil {
		t.Fatal("opened")
	}
	held, err := statefile.Lock(keys["state_file"], ownerName("promexporter.1"), 0)
	if err != nil {
		t.Fatal(err)
	}
	held.Close()
	delete(keys, "listen_address")
	of.open("promexporter.1", keys)
}

// TestStateFileIsStillBeingWritten checks that a closed instance that cannot end, because its disk hangs, only prevents
// its successor from writing.
func TestStateFileIsStillBeingWritten(t *testing.T) {
	keys := stateKeys(t, oneRule)
	keys["state_interval"] = "1s"
	held, err := statefile.Lock(keys["state_file"], ownerName("promexporter.0"), 0)
	if err != nil {
		t.Fatal(err)
	}
	p, log := openOne(t, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	if lines := notWritten(t, p, log); len(lines) != 1 || !strings.Contains(lines[0], "promexporter.0 in process") {
		t.Errorf("log: %q", lines)
	}
	held.Close()
	until(t, "it is not written", func() bool { return p.state.writtenAt.Load() > 0 })
	until(t, "it is not logged", func() bool { return len(log.lines("state file is written again")) == 1 })
}

// notWritten waits for the log line about a failed write, which follows the count of the error.
func notWritten(t *testing.T, p *Pipeline, log *logged) (lines []string) {
	t.Helper()
	until(t, "no error", func() bool {
		lines = log.lines("could not write the state file; metrics are still served")
		return p.state.errors.Load() > 0 && len(lines) > 0
	})
	return lines
}

// TestStateIsForItsOwner checks that only the owner can read the state file, whatever the umask is.
func TestStateIsForItsOwner(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	keys := stateKeys(t, kept)
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"l":"x","n":0.5}`, flb.OK)
	closeWritten(t, p)
	for _, file := range []string{keys["state_file"], keys["state_file"] + ".lock"} {
		if is, err := os.Stat(file); err != nil || is.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", file, is.Mode(), err)
		}
	}
}

func TestStateFileIsNoFile(t *testing.T) {
	for name, file := range map[string]string{"a folder": t.TempDir(), "a device": "/dev/null", "a pipe": pipe(t)} {
		_, err := Open(newProcess(t).options("promexporter.0", map[string]string{"state_file": file}))
		if err == nil || err.Error() != "state_file: "+file+" is not a regular file; write the path of a file that only this section uses" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStateFolderIsNotThere checks that the folder of the state may come and go.
func TestStateFolderIsNotThere(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "later")
	keys := map[string]string{"rules_file": writeRules(t, oneRule), "state_file": filepath.Join(folder, "state"), "state_interval": "1s"}
	p, log := openOne(t, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	if lines := notWritten(t, p, log); len(lines) != 1 || !strings.Contains(lines[0], "no such file or directory") {
		t.Errorf("log: %q", lines)
	}
	expect(t, p, `a_total{l="x"} 1`)
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	until(t, "it is not written", func() bool { return p.state.writtenAt.Load() > 0 })
	p, _ = reopen(t, p, keys)
	expect(t, p, `a_total{l="x"} 1`)
}

// TestStateThroughALink checks that the file that a link points to is written, and that the link stays.
func TestStateThroughALink(t *testing.T) {
	keys := stateKeys(t, oneRule)
	file := keys["state_file"]
	rewrite(t, file, "")
	os.Remove(file + ".lock")
	keys["state_file"] = filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(file, keys["state_file"]); err != nil {
		t.Fatal(err)
	}
	p, _ := openOne(t, keys) // sets the empty file aside
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	closeWritten(t, p)
	if is, err := os.Lstat(file); err != nil || !is.Mode().IsRegular() || is.Size() == 0 {
		t.Errorf("%v, %v", is, err)
	}
	if is, err := os.Lstat(keys["state_file"]); err != nil || is.Mode().Type() != os.ModeSymlink {
		t.Errorf("%v, %v", is, err)
	}
}
