package procfs

import (
	"errors"
	"fmt"
	"math"
	"os"
	"time"

	prometheus "github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// Round is what one pass over the processes found.
type Round struct {
	Time      time.Time // when it began
	Took      time.Duration
	Boot      float64   // Unix time of the boot
	Fields    Fields    // that were asked for
	Processes []Process // in the order of the pids
	Skipped   Skipped
}

// Skipped counts processes that a round knew of and could not tell about.
type Skipped struct {
	Vanished   int // ended while they were read
	Unreadable int
	Garbled    int // have a stat file that is not one
	Blocked    int // block whoever reads them
}

// Sampler reads the processes of a procfs, round by round. It is for one goroutine.
type Sampler struct {
	choice   Choice
	judged   Fields // what filters look at
	reads    Fields // and what records hold
	fs       prometheus.FS
	users    users
	memory   *memory
	pageSize uint64
	report   func(file string, pid int32, err error)
	round    Round

	// The goroutine that has the turn uses what is above and what is here.
	tree    *tree
	pass    pass
	pids    []int32
	done    chan error
	blocked map[int32]blocked
	limit   time.Duration // how long a file may keep the round waiting
	most    int           // of blocked
}

// NewSampler opens a procfs. It fails if there is none at the path. It calls report for every file that cannot be read:
// of a process, or of the whole procfs where pid is 0. One goroutine at a time calls it.
func NewSampler(c Choice, report func(file string, pid int32, err error)) (*Sampler, error) {
	fs, err := prometheus.NewFS(c.Path)
	if err != nil {
		return nil, err
	}
	if c.CmdlineLength == 0 {
		c.CmdlineLength = defaultCmdlineLength
	}
	judged := c.Filters.fields()
	s := &Sampler{choice: c, judged: judged, reads: judged | c.Fields, fs: fs, users: users{path: c.PasswdFile},
		memory: newMemory(), pageSize: uint64(os.Getpagesize()), report: report,
		round: Round{Fields: c.Fields}, done: make(chan error, 1), blocked: map[int32]blocked{},
		limit: hangLimit, most: maxBlocked}
	if s.round.Boot, err = readBoot(fs); err != nil {
		return nil, err
	}
	if s.tree, err = openTree(c.Path, s.bufferSize()); err != nil {
		return nil, fmt.Errorf("open %s: %w", c.Path, err)
	}
	return s, nil
}

func (s *Sampler) bufferSize() int {
	size := bufferSize
	if s.reads.has(detailed &^ (Cmdline | PageFaults)) {
		size = longBufferSize
	}
	return max(size, s.choice.CmdlineLength)
}

// Close ends the sampler. No round may be under way.
func (s *Sampler) Close() { s.tree.close() }

// errNoBoot is what a directory gives that has a stat file, but not the kernel's.
var errNoBoot = errors.New("its file stat has no btime")

func readBoot(fs prometheus.FS) (float64, error) {
	stat, err := fs.Stat()
	if err != nil {
		return 0, err
	}
	if stat.BootTime == 0 {
		return 0, errNoBoot
	}
	return float64(stat.BootTime), nil
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
	if !ok || !known.named.passes || !s.readRest(dir, &p, known) {
		return
	}
	known.compare(&p, now)
	s.round.Processes = append(s.round.Processes, p)
}

// readRest reads what stat does not say, and reports whether the process belongs to the round. What the filters said
// last is still true of a process that may not be looked into now.
func (s *Sampler) readRest(dir int, p *Process, known *remembered) bool {
	if s.crowded() {
		return known.wanted || s.judged == 0
	}
	known.wanted = true
	if s.reads.has(detailed) {
		d := known.more()
		p.Details = &d.Details
		if s.reads.has(PageFaults) {
			d.PageFaults.set(p.faults)
		}
		var alive bool
		if known.wanted, alive = s.readTexts(dir, p, d); !known.wanted || !alive || !s.readCounts(dir, p, d) {
			return false
		}
	}
	return !s.reads.has(Files) || s.readFiles(dir, p)
}

// skip counts a process that cannot be reported.
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
	b, err := s.tree.read(dir, fileStat)
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
	known.named.judge(&known.name, intern(known.name, f.name), &s.choice.Filters.Name)
	p.Name, p.State, p.Parent, p.Threads, p.Start = known.name, f.state, f.parent, f.threads, f.start
	p.Virtual, p.RSS = f.virtual, s.bytes(f.pages)
	p.Total, p.faults = CPU{f.user, f.system}, f.faults
	return known, true
}

// bytes returns at most what fits, whatever a file says.
func (s *Sampler) bytes(pages uint64) uint64 {
	return min(pages, math.MaxUint64/s.pageSize) * s.pageSize
}
