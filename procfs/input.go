package procfs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/promexporter/promexporter/internal/ratelog"
)

// Options are what an input is opened with.
type Options struct {
	Property func(key string) string // [INPUT] keys; "" for one that is absent
	Log      *slog.Logger
}

// Input is one [INPUT] section. Its methods are for one goroutine at a time, which is the host's thread for it.
//
// A round over ten thousand processes takes longer than the host may be kept waiting: it cannot pause or end an input
// that is in a callback. So a round runs concurrently with the callback that starts it, and what is not ready in time
// goes out with a later one. No two rounds of an input run at once.
type Input struct {
	config   Config
	log      *slog.Logger
	sampler  *Sampler
	schedule schedule
	top      top
	stop     context.CancelFunc
	stopped  context.Context

	paused  bool
	running bool
	began   time.Time   // of the round that is running
	slow    bool        // that it does not end has been logged
	records chan []byte // what the round that is running will give; nil if it failed
	buffer  []byte      // the round's while one is running, otherwise the host's until the next Collect
	spare   []byte      // the host's while a round is running that began as it got the records of the one before

	logged  map[string]bool // of what is logged once; for the round that is running
	ratelog ratelog.Log
}

const (
	// patience is how long a callback waits for its round. A thousand processes take about half of it.
	patience = 50 * time.Millisecond
	// openTimeout is how long Open waits for a path.
	openTimeout = 5 * time.Second
	// slowRound is when a round is said to hang: the kernel may block a reader for good.
	slowRound = 30 * time.Second
)

// Open reads the keys and opens the procfs. The error has a line for each mistake.
func Open(o Options) (*Input, error) {
	config, err := ParseKeys(o.Property)
	if err != nil {
		return nil, err
	}
	in := &Input{
		config:   config,
		log:      o.Log,
		schedule: schedule{interval: config.Interval},
		top:      top{n: config.Top},
		records:  make(chan []byte, 1),
		logged:   map[string]bool{},
	}
	if in.sampler, err = openSampler(config.Choice, in.unreadable, openTimeout); err != nil {
		return nil, err
	}
	in.stopped, in.stop = context.WithCancel(context.Background())
	in.log.Info("reading the processes of "+config.Path, "interval", config.Interval)
	return in, nil
}

// Collect returns the records of a round, or nothing if none is due or ready. It returns within patience. The records
// are valid until the next Collect.
func (in *Input) Collect(now time.Time) []byte {
	if in.paused {
		return nil
	}
	late := in.running
	if !late {
		if !in.schedule.due(now) {
			return nil
		}
		in.begin(now)
	}
	b, ended := in.wait()
	if !ended {
		in.warnSlow(now)
	}
	if ended && late && in.schedule.due(now) {
		in.buffer, in.spare = in.spare, in.buffer // the host is to read what this round gave
		in.begin(now)
	}
	return b
}

func (in *Input) begin(now time.Time) {
	in.running, in.began, in.slow = true, now, false
	go in.round()
}

// wait returns the records of the round that is running, if it ends within patience.
func (in *Input) wait() (records []byte, ended bool) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case b := <-in.records:
		in.running = false
		return b, true
	case <-timeout.C:
		return nil, false
	}
}

func (in *Input) warnSlow(now time.Time) {
	if took := now.Sub(in.began); took > slowRound && !in.slow {
		in.slow = true
		in.log.Warn("a round does not end; no records come until it does", "since", took.Round(time.Second))
	}
}

// Pause lets Collect return nothing, and begin no round, until Resume. The records of a round that is running wait.
func (in *Input) Pause() { in.paused = true }

// Resume ends a pause. A round is due at once if its time came during the pause, but no more than one.
func (in *Input) Resume() { in.paused = false }

// Close ends a running round before its next process. It does not wait for that.
func (in *Input) Close() {
	in.stop()
	if !in.running {
		in.sampler.Close()
		return
	}
	go func() {
		<-in.records
		in.sampler.Close()
	}()
}

func (in *Input) round() {
	var records []byte
	defer func() { in.records <- records }()
	defer in.rescue()
	began := time.Now()
	r, err := in.sampler.Round(in.stopped, time.Now)
	if in.stopped.Err() != nil {
		return
	}
	var panicked *panicError
	if errors.As(err, &panicked) {
		in.logPanic(panicked.cause, panicked.stack)
		return
	}
	if err != nil {
		in.once("round", "a round failed; this is logged once", "error", err)
		return
	}
	in.buffer = in.encode(in.buffer[:0], r)
	records = in.buffer
	in.log.Debug("round", "processes", len(r.Processes), "vanished", r.Skipped.Vanished,
		"unreadable", r.Skipped.Unreadable, "garbled", r.Skipped.Garbled, "blocked", r.Skipped.Blocked,
		"took", time.Since(began))
}

func (in *Input) encode(b []byte, r *Round) []byte {
	switch {
	case in.config.Wide:
		b = appendWide(b, r)
	case in.config.Top > 0:
		b = in.top.append(b, r)
	default:
		b = appendProcesses(b, r)
	}
	if in.config.RoundStats {
		b = appendStats(b, r)
	}
	return b
}

func (in *Input) rescue() {
	if cause := recover(); cause != nil {
		in.logPanic(cause, debug.Stack())
	}
}

func (in *Input) logPanic(cause any, stack []byte) {
	in.log.Error("panic in a round; please report this bug", "panic", cause)
	for frame := range strings.Lines(string(stack)) {
		in.log.Error(strings.TrimSpace(frame))
	}
}

// unreadable logs what cannot be read, the first of each kind. A file that belongs to no process has the pid 0.
func (in *Input) unreadable(file string, pid int32, err error) {
	if blocked := (BlockedError{}); errors.As(err, &blocked) {
		in.ratelog.Warn(in.log, fmt.Errorf("%s of process %d: %w", file, pid, err),
			"a file blocks its reader; until it does not, the process has no record")
		return
	}
	if pid == 0 {
		in.once(file, "a file cannot be read, and what it said stays; this is logged once", "file", file, "error", err)
		return
	}
	kind := file // and the error, unless its text may be another one each time
	if errno := unix.Errno(0); errors.As(err, &errno) {
		kind += errno.Error()
	}
	message := "a file of a process cannot be read, and the record lacks its fields"
	if file == "stat" {
		message = "a process cannot be read, and is skipped"
	}
	in.once(kind, message+"; this is logged once, for the first such process", "file", file, "pid", pid, "error", err)
}

func (in *Input) once(kind, message string, attrs ...any) {
	if !in.logged[kind] {
		in.logged[kind] = true
		in.log.Warn(message, attrs...)
	}
}
