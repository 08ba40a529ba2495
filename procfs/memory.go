package procfs

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// memory is what is kept of processes from one round to the next. It is for one goroutine.
type memory struct {
	processes map[int32]*remembered
	round     uint64    // the number of this round, from 1
	before    time.Time // when the round before this one began
	newest    uint64    // the latest start among the processes of the round before
	latest    uint64    // the same of this round, so far
}

// remembered is one process. Its pid and its start together tell it from every other.
type remembered struct {
	start   uint64 // unknownStart as long as it could not be read
	round   uint64 // the last one that saw it
	at      time.Time
	total   CPU
	io      IO
	hasIO   bool
	name    string
	named   verdict // of the name
	wanted  bool    // all verdicts, when they were given last
	details *details
}

// unknownStart is a start that no stat file of a living process has.
const unknownStart = math.MaxUint64

func newMemory() *memory { return &memory{processes: map[int32]*remembered{}} }

func (m *memory) begin() { m.round++ }

// end forgets the processes that this round did not see.
func (m *memory) end(began time.Time) {
	for pid, r := range m.processes {
		if r.round != m.round {
			delete(m.processes, pid)
		}
	}
	m.before, m.newest, m.latest = began, m.latest, 0
}

// recall returns what is remembered of a process. Of one that is new there is nothing but its start: its number may
// have been another's before, and nothing of that is taken over.
func (m *memory) recall(pid int32, start uint64) *remembered {
	r := m.processes[pid]
	if r == nil || r.start != start {
		hidden := r != nil && r.start == unknownStart
		r = &remembered{start: start}
		if !hidden && m.bornSince(start) {
			// All that it has used, it has used since the round before: it is compared with a process at its birth.
			r.at, r.hasIO = m.before, true
		}
		m.processes[pid] = r
	}
	r.round = m.round
	m.latest = max(m.latest, start)
	return r
}

// more returns what is remembered of the details of a process, for a round that reads them again.
func (r *remembered) more() *details {
	if r.details == nil {
		r.details = newDetails(r.hasIO)
	}
	r.details.begin()
	return r.details
}

// hide is recall for a process that is there and cannot be read. What is remembered of it stays until it can be. One of
// which there is nothing is remembered as such: whatever it has used by then, it may have used before this round.
func (m *memory) hide(pid int32) {
	r := m.processes[pid]
	if r == nil {
		r = &remembered{start: unknownStart}
		m.processes[pid] = r
	}
	r.round = m.round
	if r.start != unknownStart {
		m.latest = max(m.latest, r.start)
	}
}

// bornSince reports whether a process that the round before did not see was not there. It may have been, out of sight.
func (m *memory) bornSince(start uint64) bool { return m.round > 1 && start >= m.newest }

// compare fills in what p used since the round before, and remembers p. A total that went backwards, which the kernel
// does not promise never to do, stays where it was.
func (r *remembered) compare(p *Process, now time.Time) {
	p.Total = p.Total.atLeast(r.total)
	if !r.at.IsZero() {
		p.Interval, p.Elapsed = p.Total.minus(r.total), now.Sub(r.at)
	}
	if p.HasIO {
		p.IO = p.IO.atLeast(r.io)
		if r.hasIO {
			p.ioInterval = p.IO.minus(r.io)
		}
		r.io, r.hasIO = p.IO, true
	}
	r.total, r.at = p.Total, now
}

// intern returns b as a string, without a new one if b is what was remembered.
func intern(old string, b []byte) string {
	if old == string(b) {
		return old
	}
	return strings.ToValidUTF8(string(b), string(utf8.RuneError))
}
