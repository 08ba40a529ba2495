package procfs

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"

	prometheus "github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// Choice says which processes are read, and how much of each.
type Choice struct {
	Path    string
	PIDs    []int32        // in order; none for all
	Include *regexp.Regexp // names; nil for all
	Exclude *regexp.Regexp // names; nil for none
	Only    Part
}

// Part is how much of a process is read: with each part, what those before it have.
type Part int

// The parts. Each costs more than the one before.
const (
	Times   Part = iota // name and CPU time, from one file
	Files               // and open files and IO
	Command             // and the command line
)

// Round is what one pass over the processes found.
type Round struct {
	Time      time.Time // when it began
	Boot      float64   // Unix time of the boot
	Processes []Process // in the order of the pids
	Skipped   Skipped
}

// Skipped counts processes that a round knew of and could not tell about.
type Skipped struct {
	Vanished   int // ended while they were read
	Unreadable int
	Garbled    int // have a stat file that is not one
}

// Sampler reads the processes of a procfs, round by round. It is for one goroutine.
type Sampler struct {
	choice   Choice
	fs       prometheus.FS
	tree     *tree
	memory   *memory
	pageSize uint64
	report   func(file string, pid int32, err error)
	pids     []int32
	round    Round
}

// NewSampler opens a procfs. It fails if there is none at the path. report is told of every file that cannot be read:
// of a process, or of the whole procfs where pid is 0.
func NewSampler(c Choice, report func(file string, pid int32, err error)) (*Sampler, error) {
	fs, err := prometheus.NewFS(c.Path)
	if err != nil {
		return nil, err
	}
	s := &Sampler{choice: c, fs: fs, memory: newMemory(), pageSize: uint64(os.Getpagesize()), report: report}
	if err := s.readBoot(); err != nil {
		return nil, err
	}
	if s.tree, err = openTree(c.Path); err != nil {
		return nil, fmt.Errorf("open %s: %w", c.Path, err)
	}
	return s, nil
}

// Close ends the sampler. No round may be under way.
func (s *Sampler) Close() { s.tree.close() }

// errNoBoot is what a directory gives that has a stat file, but not the kernel's.
var errNoBoot = errors.New("its file stat has no btime")

// readBoot is done for every round: a clock that is set moves the time of the boot, too.
func (s *Sampler) readBoot() error {
	stat, err := s.fs.Stat()
	if err != nil {
		return err
	}
	if stat.BootTime == 0 {
		return errNoBoot
	}
	s.round.Boot = float64(stat.BootTime)
	return nil
}

// Round reads every process once. What it returns is valid until the next Round. clock is asked at the start and for
// each process, as a round may take a while. A round that ctx ends gives its error, and the next one goes on from
// there.
func (s *Sampler) Round(ctx context.Context, clock func() time.Time) (*Round, error) {
	r := &s.round
	r.Time, r.Processes, r.Skipped = clock(), r.Processes[:0], Skipped{}
	if err := s.readBoot(); err != nil {
		s.report("stat", 0, err) // the last one known still serves
	}
	if err := s.list(); err != nil {
		return nil, fmt.Errorf("list %s: %w", s.choice.Path, err)
	}
	s.memory.begin()
	for _, pid := range s.pids {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.process(pid, clock)
		// The rest of the process gets its turn. A runtime that was loaded before another one cannot be interrupted by
		// its own signal, and its garbage collector would wait for a loop without calls like this one.
		runtime.Gosched()
	}
	s.memory.end(r.Time)
	return r, nil
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

func (s *Sampler) process(pid int32, clock func() time.Time) {
	dir, err := s.tree.open(pid)
	if err != nil {
		if s.choice.PIDs == nil || !vanished(err) { // else nobody said that there is such a process
			s.skip(pid, err)
		}
		return
	}
	defer unix.Close(dir)
	p := Process{PID: pid, OpenFDs: -1}
	// The owner comes first: of a process that has ended it would be root.
	if p.User, err = s.tree.owner(dir); err != nil {
		s.skip(pid, err)
		return
	}
	known, ok := s.readStat(dir, &p)
	now := clock()
	if !ok || !known.wanted || !s.readFiles(dir, &p, known) {
		return
	}
	known.compare(&p, now)
	s.round.Processes = append(s.round.Processes, p)
}

// skip counts a process that cannot be told about.
func (s *Sampler) skip(pid int32, err error) {
	if vanished(err) {
		s.round.Skipped.Vanished++
		return
	}
	s.memory.hide(pid)
	s.round.Skipped.Unreadable++
	s.report("stat", pid, err)
}

func vanished(err error) bool { return err == unix.ENOENT || err == unix.ESRCH }

var errGarbled = errors.New("it is not what the kernel writes")

func (s *Sampler) readStat(dir int, p *Process) (known *remembered, ok bool) {
	b, err := s.tree.read(dir, nameStat)
	if err != nil {
		s.skip(p.PID, err)
		return nil, false
	}
	f, ok := parseStat(b, p.PID)
	if !ok {
		s.memory.hide(p.PID)
		s.round.Skipped.Garbled++
		s.report("stat", p.PID, errGarbled)
		return nil, false
	}
	known = s.memory.recall(p.PID, f.start)
	if name := intern(known.name, f.name); name != known.name || known.name == "" {
		known.name, known.wanted = name, s.wants(name)
	}
	p.Name, p.State, p.Parent, p.Threads, p.Start = known.name, f.state, f.parent, f.threads, f.start
	p.Virtual, p.RSS = f.virtual, s.bytes(f.pages)
	p.Total = CPU{f.user, f.system}
	return known, true
}

// bytes is no more than fits, whatever a file says.
func (s *Sampler) bytes(pages uint64) uint64 {
	return min(pages, math.MaxUint64/s.pageSize) * s.pageSize
}

func (s *Sampler) wants(name string) bool {
	return (s.choice.Include == nil || s.choice.Include.MatchString(name)) &&
		(s.choice.Exclude == nil || !s.choice.Exclude.MatchString(name))
}
