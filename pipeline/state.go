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

// closeState bounds how long Close waits in all for the state to be written. With
// what it waits for beside that, it stays within a second.
const closeState = 850 * time.Millisecond

// lockWait is how long a start waits for the state file of another section or process,
// which may be about to end.
const lockWait = time.Second

// stateOptions are what a state needs.
type stateOptions struct {
	file      string
	instance  string // of the section
	interval  time.Duration
	gauges    bool
	received  bool // whether metrics events are taken
	log       *slog.Logger
	collector *collector.Collector
	quiet     func()                       // waits for the last flush
	guard     func(text string, do func()) // counts and logs a panic
	events    *events
}

// state keeps the series of a section over a restart, in a file. Its methods do
// nothing when it is nil.
type state struct {
	stateOptions
	owner  string
	create func(name string) (statefile.Writer, error)

	lock     io.Closer                          // nil while it could not be had; of run's goroutine once that runs
	restored atomic.Pointer[collector.Imported] // never nil; a scrape may look while the file is read
	began    bool
	quit     chan struct{} // closed by close
	ended    chan struct{} // closed when nothing is written any more
	failing  ratelog.Log
	failed   bool // the last write did; of run's goroutine

	writtenAt, writtenBytes, writtenIn atomic.Int64 // of the last write, in nanoseconds, bytes, nanoseconds
	errors                             atomic.Uint64
}

// openState prepares the state file of p, if it has one. Only a mistake of the
// configuration is an error: no regular file, or that of another section.
func (p *Pipeline) openState() error {
	if p.config.StateFile == "" {
		return nil
	}
	s, err := newState(stateOptions{
		file: p.config.StateFile, instance: p.instance, interval: p.config.StateInterval, gauges: p.config.StateGauges, received: p.config.MetricsEvents,
		log: p.log, collector: p.collector, quiet: p.awaitFlushes, guard: p.guard, events: &p.events,
	})
	if err != nil {
		return err
	}
	p.state = s
	s.register(p.metrics)
	return nil
}

// newState prepares a state, and takes the lock of its file if nobody has it.
func newState(o stateOptions) (*state, error) {
	file, err := statefile.Resolve(o.file)
	if err != nil {
		return nil, fmt.Errorf("state_file: %w", err)
	}
	o.file = file
	s := &state{
		stateOptions: o, owner: ownerName(o.instance), create: statefile.Create,
		quit: make(chan struct{}), ended: make(chan struct{}),
	}
	s.restored.Store(new(collector.Imported))
	var taken *statefile.TakenError
	s.lock, err = statefile.Lock(file, s.owner, lockWait)
	switch {
	case errors.As(err, &taken) && taken.Owner != s.owner:
		return nil, fmt.Errorf("state_file: %s is that of %s; give %s a file of its own", file, taken.Owner, o.instance)
	case err != nil:
		// What a reload left behind may still write; and a folder that is read-only or
		// not there yet is not worth the metrics. The first write tries again.
		s.lock = nil
	default:
		os.Remove(statefile.Draft(file)) // from a crash
	}
	return s, nil
}

// closeState ends the state of a pipeline that was not run.
func (p *Pipeline) closeState() {
	p.state.close()
	p.state.unregister(p.metrics)
	p.state = nil
}

// ownerName is how a section is named in a lock.
func ownerName(instance string) string { return fmt.Sprintf("%s in process %d", instance, os.Getpid()) }

// awaitFlushes returns when no chunk is being applied.
func (p *Pipeline) awaitFlushes() {
	p.rules.swap.Lock()
	defer p.rules.swap.Unlock()
}

// restore gives the collector the series that the file has and the rules in force
// still make. A file that cannot be read is set aside.
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
			Now: now.UnixNano(), Families: set.Families(), Also: makes(set, s.received), Gauges: s.gauges,
		})
	}
	s.restored.Store(&restored)
	if err != nil {
		s.giveUp(err, now)
		return
	}
	s.tell(now, &restored)
}

// giveUp sets a file aside that could not be restored.
func (s *state) giveUp(err error, now time.Time) {
	s.events.failed(fmt.Sprintf("the state could not be restored, the series start from zero: %v", err), now)
	aside, failed := statefile.SetAside(s.file, now)
	if failed != nil {
		s.log.Error("the state could not be restored and not be set aside, the series start from zero",
			"file", s.file, "error", err, "set_aside", failed)
		return
	}
	s.log.Error("the state could not be restored, the series start from zero", "file", s.file, "error", err, "set_aside", aside)
}

func (s *state) tell(now time.Time, r *collector.Imported) {
	s.log.Info("the state was restored", "file", s.file, "age", now.Sub(time.Unix(0, r.At)).Round(time.Second).String(),
		"families", r.Families, "series", r.Series, "remembered", r.Remembered)
	if r.Redefined > 0 {
		s.log.Warn("series of the state were left out, because the rules define their family otherwise or not at all", "series", r.Redefined)
	}
	if r.Beyond > 0 {
		s.log.Warn("series of the state were left out, because a limit is lower than it was", "series", r.Beyond)
	}
}

// start writes the state from now on.
func (s *state) start() {
	if s == nil {
		return
	}
	s.began = true
	go s.run()
}

// run writes the state at once, so that a mistake shows at the start, then from time
// to time, and at the end.
func (s *state) run() {
	defer close(s.ended)
	defer s.unlock()
	tick := time.NewTicker(s.interval)
	defer tick.Stop()
	for {
		s.write()
		select {
		case <-s.quit:
			s.quiet()
			s.write()
			return
		case <-tick.C:
		}
	}
}

// close begins to write the state a last time. await waits for it.
func (s *state) close() {
	if s == nil {
		return
	}
	close(s.quit)
	if !s.began {
		s.unlock()
		close(s.ended)
	}
}

func (s *state) unlock() {
	if s.lock != nil {
		s.lock.Close()
		s.lock = nil
	}
}

// await waits for what close began, until the deadline.
func (s *state) await(deadline time.Time) {
	if s == nil {
		return
	}
	late := time.NewTimer(time.Until(deadline))
	defer late.Stop()
	select {
	case <-s.ended:
	case <-late.C:
		const text = "the state was not written in time, what was counted since the last one may be lost"
		s.events.failed(text, time.Now())
		s.log.Error(text, "file", s.file)
	}
}

// write writes the state. Whatever fails costs no more than a counter and a line.
func (s *state) write() {
	begin := time.Now()
	size, err := int64(0), fence.ErrPanic // if try does not return
	s.guard("panic while the state was written, please report it", func() { size, err = s.try(begin) })
	if err == nil {
		if s.failed {
			s.log.Info("the state is written again", "file", s.file)
		}
		s.failed = false
		s.writtenBytes.Store(size)
		s.writtenIn.Store(int64(time.Since(begin)))
		s.writtenAt.Store(begin.UnixNano())
		return
	}
	s.errors.Add(1)
	if errors.Is(err, fence.ErrPanic) {
		return // it was logged
	}
	s.failed = true
	s.events.failed(fmt.Sprintf("the state could not be written: %v", err), begin)
	if suppressed, ok := s.failing.Due("write", begin); ok {
		s.log.Error("the state could not be written; the metrics go on", "file", s.file, "error", err, "suppressed", suppressed)
	}
}

func (s *state) try(now time.Time) (size int64, err error) {
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
