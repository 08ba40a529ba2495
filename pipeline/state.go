package pipeline

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/internal/ratelog"
	"github.com/promexporter/promexporter/internal/statefile"
	"github.com/promexporter/promexporter/rule"
)

// stateCloseTimeout bounds how long Close waits for the state file to be written. Together with its other waits, Close
// stays within a second.
const stateCloseTimeout = 850 * time.Millisecond

// lockWait is how long the start waits for a state file that another instance or process has locked, which may be about
// to end.
const lockWait = time.Second

// stateOptions configures a state.
type stateOptions struct {
	file         string
	instance     string // the name of the instance
	interval     time.Duration
	gauges       bool
	received     bool // whether metrics events are taken
	log          *slog.Logger
	collector    *collector.Collector
	awaitFlushes func()                       // returns when no chunk is being applied
	guard        func(text string, do func()) // recovers, counts and logs a panic
	events       *events
}

// state saves the series of an instance in a file, and restores them after a restart. The methods of a nil state do
// nothing.
type state struct {
	stateOptions
	owner  string
	create func(name string) (statefile.Writer, error)

	lock     io.Closer                          // nil if the file is not locked; owned by the goroutine of run after start
	restored atomic.Pointer[collector.Imported] // never nil; read by scrapes
	started  bool
	quit     chan struct{} // closed by close
	done     chan struct{} // closed after the last write
	repeats  ratelog.Log
	failed   bool // the last write failed; owned by the goroutine of run

	writtenAt, writtenBytes, writtenIn atomic.Int64 // of the last write, in nanoseconds, bytes, nanoseconds
	errors                             atomic.Uint64
}

// openState opens the state of p, if it has a state_file. It returns an error only for a mistake in the configuration:
// the path is not a regular file, or another instance uses it.
func (p *Pipeline) openState() error {
	if p.config.StateFile == "" {
		return nil
	}
	s, err := newState(stateOptions{
		file: p.config.StateFile, instance: p.name, interval: p.config.StateInterval, gauges: p.config.StateGauges, received: p.config.MetricsEvents,
		log: p.log, collector: p.collector, awaitFlushes: p.awaitFlushes, guard: p.guard, events: &p.events,
	})
	if err != nil {
		return err
	}
	p.state = s
	s.register(p.metrics)
	return nil
}

// newState returns a state that has locked its file, if possible.
func newState(o stateOptions) (*state, error) {
	file, err := statefile.Resolve(o.file)
	if err != nil {
		return nil, fmt.Errorf("state_file: %w; write the path of a file that only this section uses", err)
	}
	o.file = file
	s := &state{
		stateOptions: o, owner: ownerName(o.instance), create: statefile.Create,
		quit: make(chan struct{}), done: make(chan struct{}),
	}
	s.restored.Store(new(collector.Imported))
	var taken *statefile.LockedError
	s.lock, err = statefile.Lock(file, s.owner, lockWait)
	switch {
	case errors.As(err, &taken) && taken.Owner != s.owner:
		return nil, fmt.Errorf("state_file: %s is used by %s; give %s its own file", file, taken.Owner, o.instance)
	case err != nil:
		// The predecessor of a reload may still be writing, and a missing or read-only directory is not a reason to
		// fail. The first write tries again.
		s.lock = nil
	default:
		os.Remove(statefile.TempName(file)) // left by a crash
	}
	return s, nil
}

// closeState closes the state of a pipeline that was not started.
func (p *Pipeline) closeState() {
	p.state.close()
	p.state.unregister(p.metrics)
	p.state = nil
}

// ownerName returns the name of an instance in a lock file.
func ownerName(instance string) string { return fmt.Sprintf("%s in process %d", instance, os.Getpid()) }

// awaitFlushes returns when no chunk is being applied.
func (p *Pipeline) awaitFlushes() {
	p.rules.mu.Lock()
	defer p.rules.mu.Unlock()
}

// restore imports those series of the file that the rules still make. A file that cannot be read is set aside.
func (s *state) restore(set *rule.Set) {
	if s == nil {
		return
	}
	now := time.Now()
	f, err := os.Open(s.file)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var restored collector.Imported
	if err == nil {
		defer f.Close()
		restored, err = s.collector.Import(f, collector.ImportOptions{
			Now: now.UnixNano(), Families: set.Families(), Also: derivedFamily(set, s.received), Gauges: s.gauges,
		})
	}
	s.restored.Store(&restored)
	if err != nil {
		s.setAside(err, now)
		return
	}
	s.logRestored(now, &restored)
}

// setAside moves a file that could not be restored aside.
func (s *state) setAside(err error, now time.Time) {
	s.events.failed(fmt.Sprintf("could not restore the state file; series start from zero: %v", err), now)
	aside, failed := statefile.SetAside(s.file, now)
	if failed != nil {
		s.log.Error("could not restore the state file or move it aside; series start from zero",
			"file", s.file, "error", err, "set_aside", failed)
		return
	}
	s.log.Error("could not restore the state file; series start from zero", "file", s.file, "error", err, "set_aside", aside)
}

func (s *state) logRestored(now time.Time, r *collector.Imported) {
	s.log.Info("state restored", "file", s.file, "age", now.Sub(time.Unix(0, r.At)).Round(time.Second).String(),
		"families", r.Families, "series", r.Series, "remembered", r.Remembered)
	if r.Redefined > 0 {
		s.log.Warn("series of the state file not restored: the rules define their family differently or not at all", "series", r.Redefined)
	}
	if r.OverLimit > 0 {
		s.log.Warn("series of the state file not restored: a limit is lower than before", "series", r.OverLimit)
	}
}

// start starts to write the state file.
func (s *state) start() {
	if s == nil {
		return
	}
	s.started = true
	go s.run()
}

// run writes the state file at once, so that a mistake shows at the start, then at every interval, and at the end.
func (s *state) run() {
	defer close(s.done)
	defer s.unlock()
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	for {
		s.write()
		select {
		case <-s.quit:
			s.awaitFlushes()
			s.write()
			return
		case <-tick.C:
		}
	}
}

// close starts the last write of the state file. await waits for it.
func (s *state) close() {
	if s == nil {
		return
	}
	close(s.quit)
	if !s.started {
		s.unlock()
		close(s.done)
	}
}

func (s *state) unlock() {
	if s.lock != nil {
		s.lock.Close()
		s.lock = nil
	}
}

// await waits for the write that close started, until the deadline.
func (s *state) await(deadline time.Time) {
	if s == nil {
		return
	}
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case <-s.done:
	case <-late.C:
		const text = "state file not written in time; samples since the last write may be lost"
		s.events.failed(text, time.Now())
		s.log.Error(text, "file", s.file)
	}
}

// write writes the state file. A failure is counted and logged, and has no other effect.
func (s *state) write() {
	begin := time.Now()
	size, err := int64(0), fence.ErrPanic // if writeFile panics
	s.guard("write of the state file", func() { size, err = s.writeFile(begin) })
	if err == nil {
		if s.failed {
			s.log.Info("state file is written again", "file", s.file)
		}
		s.failed = false
		s.writtenBytes.Store(size)
		s.writtenIn.Store(int64(time.Since(begin)))
		s.writtenAt.Store(begin.UnixNano())
		return
	}
	s.errors.Add(1)
	if errors.Is(err, fence.ErrPanic) {
		return // already logged
	}
	s.failed = true
	s.events.failed(fmt.Sprintf("could not write the state file: %v", err), begin)
	if suppressed, ok := s.repeats.Due("write", begin); ok {
		s.log.Error("could not write the state file; metrics are still served", "file", s.file, "error", err, "suppressed", suppressed)
	}
}

func (s *state) writeFile(now time.Time) (size int64, err error) {
	if s.lock == nil {
		held, err := statefile.Lock(s.file, s.owner, 0)
		if err != nil {
			return 0, err
		}
		s.lock = held
	}
	copied, err := s.collector.Export(now.UnixNano(), s.gauges)
	if err != nil {
		return 0, err
	}
	return statefile.Replace(s.file, copied, s.create)
}
