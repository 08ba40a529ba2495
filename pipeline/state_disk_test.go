package pipeline

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/internal/statefile"
)

// faulty is a file on a disk with faults.
type faulty struct {
	statefile.Writer
	room int                            // bytes that fit
	sync func(f statefile.Writer) error // instead of Sync
}

func (f *faulty) Write(b []byte) (int, error) {
	if len(b) > f.room {
		n, _ := f.Writer.Write(b[:f.room])
		f.room = 0
		return n, syscall.ENOSPC
	}
	f.room -= len(b)
	return f.Writer.Write(b)
}

func (f *faulty) Sync() error {
	if f.sync != nil {
		return f.sync(f.Writer)
	}
	return f.Writer.Sync()
}

// openDisk opens a state of one series on a disk whose files are as given.
func openDisk(t *testing.T, create func(statefile.Writer) statefile.Writer) (s *state, c *collector.Collector, log *logged) {
	t.Helper()
	c = collector.New(collector.Options{SeriesLimit: 10})
	t.Cleanup(c.Close)
	log = new(logged)
	s, err := newState(stateOptions{
		file: filepath.Join(t.TempDir(), "state"), instance: "promexporter.0", interval: time.Hour,
		log: log.logger(), collector: c, awaitFlushes: func() {}, guard: func(_ string, do func()) { do() }, events: new(events),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.create = func(name string) (statefile.Writer, error) {
		f, err := statefile.Create(name)
		if err != nil {
			return nil, err
		}
		return create(f), nil
	}
	t.Cleanup(s.unlock)
	return s, c, log
}

func count(t *testing.T, c *collector.Collector) {
	t.Helper()
	b := &collector.Batch{Now: time.Now().UnixNano()}
	b.Append(&collector.Sample{Family: &collector.Family{Name: "a_total", Type: collector.Counter}, Value: 1})
	if err := c.Ingest(b, nil); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk checks that the last state is kept if a new one does not fit.
func TestFullDisk(t *testing.T) {
	room := 1 << 20
	var fails error
	s, c, log := openDisk(t, func(f statefile.Writer) statefile.Writer {
		return &faulty{f, room, func(f statefile.Writer) error { return errors.Join(f.Sync(), fails) }}
	})
	count(t, c)
	s.write()
	good, err := os.ReadFile(s.file)
	if err != nil || s.errors.Load() != 0 {
		t.Fatal(err, log.lines(""))
	}
	for room = range len(good) {
		count(t, c)
		s.write()
		if now, err := os.ReadFile(s.file); err != nil || string(now) != string(good) {
			t.Fatalf("with room for %d bytes the state is %q, %v", room, now, err)
		}
	}
	room, fails = 1<<20, syscall.EIO
	s.write()
	if n := s.errors.Load(); n != uint64(len(good))+1 {
		t.Errorf("%d errors counted, want %d", n, len(good)+1)
	}
	if _, err := os.Stat(statefile.TempName(s.file)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the draft: %v", err)
	}
	if lines := log.lines("no space left on device"); len(lines) != 1 {
		t.Errorf("log: %q", lines)
	}
	fails = nil
	s.write()
	if now, err := os.ReadFile(s.file); err != nil || string(now) == string(good) || len(log.lines("written again")) != 1 {
		t.Errorf("with room again: %q, %v, %q", now, err, log.lines(""))
	}
}

// TestRealFullDisk is the same test on a real disk of 64 KiB, if one can be mounted.
func TestRealFullDisk(t *testing.T) {
	keys := stateKeys(t, oneRule)
	keys["state_interval"] = "1h"
	folder := filepath.Dir(keys["state_file"])
	if err := syscall.Mount("tmpfs", folder, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("no disk can be mounted: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(folder, syscall.MNT_DETACH) })
	p, log := openOne(t, keys)
	until(t, "the first write", func() bool { return p.state.writtenAt.Load() > 0 })
	for i := range 5000 {
		flush(t, p, "t", fmt.Sprintf(`{"l":"a long value of a label, of which there are many %d"}`, i), flb.OK)
	}
	p.state.write()
	if n := p.state.errors.Load(); n == 0 || len(log.lines("no space left on device")) != 1 {
		t.Errorf("%d errors, log %q", n, log.lines(""))
	}
	closeWritten(t, p)
	if files, _ := filepath.Glob(keys["state_file"] + "*"); len(files) != 2 {
		t.Errorf("left are %q", files)
	}
	if err := syscall.Mount("", folder, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Skip(err)
	}
	p, _ = openOne(t, keys) // with the state from the start of the last one
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	until(t, "no error", func() bool { return p.state.errors.Load() > 0 })
	expect(t, p, `a_total{l="x"} 1`)
}

// TestDiskThatHangs checks that Close does not wait longer than documented.
func TestDiskThatHangs(t *testing.T) {
	hanging, release := make(chan struct{}, 9), make(chan struct{})
	s, c, log := openDisk(t, func(f statefile.Writer) statefile.Writer {
		return &faulty{f, 1 << 20, func(statefile.Writer) error { hanging <- struct{}{}; <-release; return nil }}
	})
	count(t, c)
	s.start()
	<-hanging
	count(t, c) // the collector does not wait
	begin := time.Now()
	s.close()
	s.await(begin.Add(50 * time.Millisecond))
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	if lines := log.lines("not written in time"); len(lines) != 1 {
		t.Errorf("log: %q", log.lines(""))
	}
	close(release)
	<-s.done
}

// TestPanicInWrite checks that after a panic the next write succeeds.
func TestPanicInWrite(t *testing.T) {
	s, c, _ := openDisk(t, nil)
	causes := 0
	s.guard = func(_ string, do func()) {
		if err := fence.Run(func() error { do(); return nil }); err != nil {
			causes++
		}
	}
	s.create = func(string) (statefile.Writer, error) { panic("a bug") }
	count(t, c)
	s.write()
	s.create = statefile.Create
	s.write()
	if causes != 1 || s.errors.Load() != 1 || s.writtenAt.Load() == 0 {
		t.Errorf("%d panics, %d errors, written at %d", causes, s.errors.Load(), s.writtenAt.Load())
	}
}
