package procfs

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

const (
	// hangLimit is how long a file may keep a round waiting, at least. A round notices it after one to two times that.
	// The kernel makes such a file in microseconds, the largest smaps_rollup in a second or so per 100 GB.
	hangLimit = 500 * time.Millisecond

	// maxBlocked bounds the goroutines, each with a thread, that hang in files of processes.
	maxBlocked = 32
)

// pass is how far a round is.
type pass struct {
	clock          func() time.Time
	booted, listed bool
	next           int   // position in Sampler.pids
	pid            int32 // the process that is read; 0 for a file of no process
}

// blocked is a process whose reader hangs.
type blocked struct {
	reader *tree
	file   string
	since  time.Time
}

// BlockedError is the error of a file in which a reader hangs.
type BlockedError struct{ For time.Duration }

func (e BlockedError) Error() string {
	return fmt.Sprintf("a reader has waited for it for %s", e.For.Round(time.Second))
}

// Round reads every process once. What it returns is valid until the next Round. clock is asked at the start and for
// each process, as a round may take a while; calls do not overlap. A round that ctx ends gives its error, and the next
// one continues from there.
//
// A goroutine of its own reads, and if it hangs, another one continues with the next process: the kernel may block a
// reader for good, for example while the program of a process is loaded from a file system that does not answer.
func (s *Sampler) Round(ctx context.Context, clock func() time.Time) (*Round, error) {
	r := &s.round
	r.Time, r.Processes, r.Skipped = clock(), r.Processes[:0], Skipped{}
	for pid, b := range s.blocked {
		if !b.reader.turn.hangs() {
			delete(s.blocked, pid)
		}
	}
	s.pass = pass{clock: clock}
	go s.read(ctx)
	if err := s.watch(ctx); err != nil {
		return nil, err
	}
	s.memory.end(r.Time)
	r.Took = clock().Sub(r.Time)
	return r, nil
}

// watch waits for the end of the round, and has another goroutine go on where the one that reads hangs.
func (s *Sampler) watch(ctx context.Context) error {
	ticker := time.NewTicker(s.limit)
	defer ticker.Stop()
	var reader *tree
	var seen uint64
	for {
		select {
		case err := <-s.done:
			return err
		case <-ticker.C:
		}
		if state := s.tree.turn.state.Load(); s.tree != reader || state != seen {
			reader, seen = s.tree, state
			continue
		}
		if ctx.Err() == nil && s.crowded() || !s.tree.turn.take(seen) {
			continue
		}
		s.abandon()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		go s.read(ctx)
	}
}

// abandon leaves the reader where it hangs. The goroutine that calls it has the turn.
func (s *Sampler) abandon() {
	b := blocked{reader: s.tree, file: strings.TrimSuffix(s.tree.file, "\x00"), since: time.Now().Add(-s.limit)}
	s.blocked[s.pass.pid] = b
	s.tree = s.tree.fork()
	s.block(s.pass.pid, b)
}

// block leaves out what hangs.
func (s *Sampler) block(pid int32, b blocked) {
	if pid != 0 {
		s.memory.hide(pid)
		s.round.Skipped.Blocked++
	}
	s.report(b.file, pid, BlockedError{time.Since(b.since)})
}

// crowded reports whether as many readers hang as may. Then no file is read but those that the kernel makes without
// waiting for anything: a round that hangs has no records at all.
func (s *Sampler) crowded() bool { return len(s.blocked) >= s.most }

// read continues the round where the goroutine before it stopped. It reports its end, unless it hangs.
func (s *Sampler) read(ctx context.Context) {
	defer func() { // also runs when a turn was taken, and then there is nothing to recover from
		if cause := recover(); cause != nil {
			s.done <- &panicError{cause, debug.Stack()}
		}
	}()
	s.done <- s.readAll(ctx)
}

// panicError is a panic of the goroutine that reads.
type panicError struct {
	cause any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.cause) }

func (s *Sampler) readAll(ctx context.Context) error {
	p := &s.pass
	if !p.booted {
		p.booted = true
		s.readShared()
	}
	if !p.listed {
		p.listed = true
		if err := s.list(); err != nil {
			return fmt.Errorf("list %s: %w", s.choice.Path, err)
		}
		s.memory.begin()
	}
	for p.next < len(s.pids) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		p.pid = s.pids[p.next]
		p.next++
		if b, ok := s.blocked[p.pid]; ok {
			s.block(p.pid, b)
			continue
		}
		s.process(p.pid, p.clock)
		// The rest of the process gets its turn. A runtime that was loaded before another one cannot be interrupted by
		// its own signal, and its garbage collector would wait for a loop without calls like this one.
		runtime.Gosched()
	}
	return nil
}

// readShared reads what is not of one process. The time of the boot is read for every round: a clock that is set moves
// it, too. What cannot be read stays what it was.
func (s *Sampler) readShared() {
	if b, ok := s.blocked[0]; ok {
		s.block(0, b)
		return
	}
	fs, tree := s.fs, s.tree // until resume returns, another goroutine may have s
	tree.file = "stat"
	tree.turn.leave()
	boot, err := readBoot(fs)
	tree.turn.resume()
	if err != nil {
		s.report("stat", 0, err)
	} else {
		s.round.Boot = boot
	}
	if s.reads.has(User) {
		if err := s.users.refresh(); err != nil {
			s.report(s.users.path, 0, err)
		}
	}
}

func (s *Sampler) list() (err error) {
	if s.choice.PIDs != nil {
		s.pids = s.choice.PIDs
		return nil
	}
	s.pids, err = s.tree.pids(s.pids[:0])
	slices.Sort(s.pids) // as the kernel lists them, but not the copy of a tree
	return err
}
