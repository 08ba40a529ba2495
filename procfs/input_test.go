package procfs

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
)

// logbook keeps log lines.
type logbook struct{ logtest.Buffer }

func (l *logbook) count(text string) int { return strings.Count(l.String(), text) }

func openInput(t *testing.T, text string) (*Input, *logbook) {
	t.Helper()
	book := &logbook{}
	log := slog.New(slog.NewTextHandler(book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	in, err := Open(Options{Property: properties(text), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(in.Close)
	return in, book
}

func collect(t *testing.T, in *Input, now time.Time) []event {
	t.Helper()
	return decode(t, records(t, in, now))
}

// records asks until a round is through, which under a debugger or on a busy machine may take more than one callback.
// The host's next tick is the only thing that it says about the time.
func records(t *testing.T, in *Input, now time.Time) []byte {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		if b := in.Collect(now); b != nil || !in.running {
			return b
		}
		if time.Now().After(deadline) {
			t.Fatal("the round does not end")
		}
	}
}

func TestInput(t *testing.T) {
	tree := newFakeTree(t)
	for pid := range 3 {
		tree.process(fake{pid: pid + 1, name: fmt.Sprint("p", pid), user: 10, start: 5})
	}
	for _, test := range []struct {
		keys string
		want []any
	}{
		{"", []any{"p0", "p1", "p2"}},
		{"format=wide", []any{nil}},
		{"top=1", []any{"p0", "other"}},
		{"include=[01]", []any{"p0", "p1"}},
		{"include=[01]\nround_stats=on", []any{"p0", "p1", nil}},
		{"include=none\nround_stats=on", []any{nil}},
	} {
		in, _ := openInput(t, "path="+tree.path+"\n"+test.keys)
		start := time.Now()
		for second, due := range []bool{true, false, false, false, false, true, false} {
			want := test.want
			if !due {
				want = nil
			}
			got := collect(t, in, start.Add(time.Duration(second)*time.Second))
			if !slices.Equal(names(got), want) {
				t.Errorf("%q: records of %v at %ds, want %v", test.keys, names(got), second, want)
			}
			for _, e := range got {
				if !e.at.Equal(got[0].at) {
					t.Errorf("%q: records of %s and %s in one round", test.keys, got[0].at, e.at)
				}
			}
		}
	}
}

func TestPause(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "x"})
	in, _ := openInput(t, "interval_sec=2\npath="+tree.path)
	start := time.Now()
	for second, want := range []int{1, 0, 1, 0, 0, 0, 0, 1, 0, 1} {
		switch second {
		case 3:
			in.Pause()
		case 7:
			in.Resume()
		}
		if got := collect(t, in, start.Add(time.Duration(second)*time.Second)); len(got) != want {
			t.Errorf("%d records at %ds, want %d", len(got), second, want)
		}
	}
}

func TestOpenFails(t *testing.T) {
	for text, want := range map[string]string{
		"top=x\nformat=y": "format: \"y\": neither process nor wide; write for example format=process\n" +
			"top: \"x\": not a whole number; write for example top=20",
		"path=" + filepath.Join("testdata", "absent"): `path: "testdata/absent": not a procfs: `,
		"path=testdata": `path: "testdata": not a procfs: `,
		"path=testdata/proc\nuser=on\npasswd_file=testdata/absent":           `passwd_file: "testdata/absent": stat testdata/absent: no such file`,
		"path=testdata/proc\nexclude_user=x\npasswd_file=testdata/proc/self": `passwd_file: "testdata/proc/self": not a regular file; write`,
	} {
		in, err := Open(Options{Property: properties(text), Log: slog.New(slog.DiscardHandler)})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, %v, want %s", text, in, err, want)
		}
		if key, _, _ := strings.Cut(want, ":"); strings.HasPrefix(text, "path=") && !strings.Contains(fmt.Sprint(err), "; write for example "+key+"=/") {
			t.Errorf("%q: %v does not say what would be right", text, err)
		}
	}
}

// TestLoggedOnce reads the strange tree twice: each kind of trouble is one line.
func TestLoggedOnce(t *testing.T) {
	in, book := openInput(t, "interval_sec=1\ncmdline=on\npath="+filepath.Join("testdata", "proc"))
	start := time.Now()
	collect(t, in, start)
	collect(t, in, start.Add(time.Second))
	for line, want := range map[string]int{
		"level=WARN":                                                8,
		`file=io pid=31 error="no such file`:                        1,
		`file=io pid=41 error="is a directory`:                      1,
		`file=io pid=70 error="it is not what`:                      1,
		`file=stat pid=40 error="is a directory`:                    1,
		`file=stat pid=50 error="it is not what`:                    1,
		`file=stat pid=80 error="not a directory`:                   1,
		`file=fd pid=41 error="not a directory`:                     1,
		`file=cmdline pid=41 error="is a dir`:                       1,
		"processes=17 vanished=1 unreadable=2 garbled=14 blocked=0": 2,
	} {
		if got := book.count(line); got != want {
			t.Errorf("%d lines with %s, want %d", got, line, want)
		}
	}
	if t.Failed() {
		t.Log(book)
	}
}

// TestBootUnreadable removes the file with the time of the boot.
func TestBootUnreadable(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "x"})
	in, book := openInput(t, "interval_sec=1\npath="+tree.path)
	tree.remove("stat")
	start := time.Now()
	for second := range 2 {
		if got := collect(t, in, start.Add(time.Duration(second)*time.Second)); len(got) != 1 {
			t.Errorf("records of %v", names(got))
		}
	}
	if book.count("a file cannot be read, and what it said stays") != 1 || book.count("is skipped") != 0 {
		t.Errorf("log: %s", book.String())
	}
}

// TestRoundFails takes the tree away: no records, one line, and the input lives on.
func TestRoundFails(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "x"})
	in, book := openInput(t, "interval_sec=1\npath="+tree.path)
	in.sampler.Close()
	in.sampler.tree.root = -1
	start := time.Now()
	for second := range 3 {
		if got := collect(t, in, start.Add(time.Duration(second)*time.Second)); got != nil {
			t.Errorf("records of nothing: %v", got)
		}
	}
	if n := book.count("a round failed"); n != 1 {
		t.Errorf("%d lines of a failed round, want 1", n)
	}
}

func TestPanicInARound(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "x"})
	in, book := openInput(t, "interval_sec=1\npath="+tree.path)
	memory := in.sampler.memory
	in.sampler.memory = nil
	start := time.Now()
	if got := collect(t, in, start); got != nil || book.count("panic in a round") != 1 {
		t.Errorf("%v, log: %s", got, book.String())
	}
	in.sampler.memory = memory
	if got := collect(t, in, start.Add(time.Second)); len(got) != 1 {
		t.Errorf("after the panic: %v", got)
	}
}

// TestSlowRound has a round that hangs, as the kernel can make one. No callback waits for it longer than it may, none
// starts another one, and its records come when they are there.
func TestSlowRound(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "x"})
	in, book := openInput(t, "interval_sec=1\npath="+tree.path)
	in.running, in.began = true, time.Now() // a round that ends when the test says so
	for _, second := range []int{0, 29, 31, 32} {
		began := time.Now()
		if b := in.Collect(in.began.Add(time.Duration(second) * time.Second)); b != nil {
			t.Fatalf("records of a round that hangs: %v", decode(t, b))
		}
		if took := time.Since(began); took > patience+5*time.Second {
			t.Errorf("a callback took %s", took)
		}
	}
	if n := book.count("a round does not end"); n != 1 {
		t.Errorf("%d lines of a round that hangs, want 1", n)
	}
	in.records <- []byte{1}
	if b := records(t, in, time.Now()); len(b) != 1 {
		t.Errorf("the records that came late: %v", b)
	}
}

// TestSlowRounds has rounds that are over when the next one is due, as those of ten thousand processes. None is left
// out for that, and none writes where the host still reads the records of the one before.
func TestSlowRounds(t *testing.T) {
	tree := newFakeTree(t)
	reached := tree.slowProcess(fake{pid: 1, name: "x"})
	release := func() { reached()() }
	in, _ := openInput(t, "interval_sec=1\nformat=wide\npath="+tree.path)
	in.sampler.limit = time.Minute
	now := time.Now()
	if b := in.Collect(now); b != nil {
		t.Fatalf("records of a round that is not over: % x", b)
	}
	for second := range 4 {
		release()
		ended := <-in.records
		in.records <- ended
		now = now.Add(time.Second)
		b := records(t, in, now)
		kept := bytes.Clone(b)
		if len(decode(t, b)) != 1 || !in.running {
			t.Fatalf("%d bytes of records after %ds, the next round runs: %v", len(b), second+1, in.running)
		}
		release()
		next := <-in.records
		if !bytes.Equal(b, kept) {
			t.Errorf("the records changed while the host read them: %q, %q", kept, b)
		}
		in.records <- next
		now = now.Add(time.Second)
		if b := records(t, in, now); len(decode(t, b)) != 1 {
			t.Fatalf("%d bytes of records", len(b))
		}
	}
	release()
}

// TestCloseDuringARound holds that Close waits for nothing, and that the sampler is closed all the same.
func TestCloseDuringARound(t *testing.T) {
	tree := newFakeTree(t)
	reached := tree.slowProcess(fake{pid: 1, name: "x"})
	in, err := Open(Options{Property: properties("path=" + tree.path), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	in.sampler.limit = time.Minute
	if b := in.Collect(time.Now()); b != nil {
		t.Fatalf("records of a round that is not over: % x", b)
	}
	release := reached()
	in.Close()
	open := func() bool {
		_, err := in.sampler.tree.owner(in.sampler.tree.root)
		return err == nil
	}
	if in.stopped.Err() == nil || !open() {
		t.Errorf("the round was stopped: %v, it still has its files: %v", in.stopped.Err() != nil, open())
	}
	release()
	for deadline := time.Now().Add(time.Minute); open(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the sampler stays open")
		}
	}
}

// TestBlockedIsLogged has a file that blocks its reader in every round: that is one line a minute.
func TestBlockedIsLogged(t *testing.T) {
	tree := newFakeTree(t)
	tree.process(fake{pid: 1, name: "x"})
	tree.process(fake{pid: 2, name: "y"})
	defer tree.hang("1/io", "")()
	in, book := openInput(t, "interval_sec=1\nround_stats=on\npath="+tree.path)
	in.sampler.limit = 50 * time.Millisecond
	start := time.Now()
	for second := range 3 {
		events := collect(t, in, start.Add(time.Duration(second)*time.Second))
		if got := names(events); !slices.Equal(got, []any{"y", nil}) || events[1].record["round_blocked"] != int64(1) {
			t.Errorf("records %v", events)
		}
	}
	const line = `msg="a file blocks its reader; until it does not, the process has no record" error="io of process 1: a reader has waited`
	if book.count("level=WARN") != 1 || book.count(line) != 1 || book.count("blocked=1") != 3 {
		t.Error(book.String())
	}
}

// TestPathDoesNotAnswer opens a path that blocks whoever reads it, and closes what answers too late.
func TestPathDoesNotAnswer(t *testing.T) {
	tree := newFakeTree(t)
	release := tree.hang("stat", "btime 1700000000\n")
	_, err := openSampler(Choice{Path: tree.path}, nil, 10*time.Millisecond)
	want := fmt.Sprintf("path: %q: it did not answer within 10ms; write for example path=/proc", tree.path)
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	release()
	if _, err := openSampler(Choice{Path: tree.path}, nil, time.Minute); err != nil {
		t.Error(err)
	}
}
