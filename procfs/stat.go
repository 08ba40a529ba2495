package procfs

import (
	"bytes"
	"math"
)

// Linux counts CPU time in ticks of 1/100 s wherever it shows it to programs. sysconf(_SC_CLK_TCK) returns this
// constant of the binary interface, USER_HZ, and not the HZ that a kernel was built with; no architecture that Go knows
// has another one.
const ticksPerSecond = 100

// stat is what the file of that name says of a process.
type stat struct {
	name    []byte // as the process set it: any bytes but NUL
	state   byte
	parent  int32
	faults  Pair   // minor and major, of all threads
	user    uint64 // ticks
	system  uint64 // ticks
	threads int32
	start   uint64 // ticks after boot
	virtual uint64 // bytes
	pages   uint64 // resident, about
}

// parseStat reads a stat file. It reports false for what is not one, or another process's: of a file that was cut off,
// no field can be trusted, since a number may have lost its end.
func parseStat(b []byte, pid int32) (s stat, ok bool) {
	// A name may hold blanks, parentheses and newlines. What follows it holds no parenthesis.
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 1 || end < open || len(b) == 0 || b[len(b)-1] != '\n' {
		return stat{}, false
	}
	if n, ok := parsePID(b[:open-1]); !ok || n != pid || b[open-1] != ' ' {
		return stat{}, false
	}
	s.name = b[open+1 : end]
	f := fields{rest: b[end+1 : len(b)-1]}
	s.state = f.letter()
	s.parent = f.int32()
	f.skip(5) // pgrp session tty_nr tpgid flags
	s.faults[0] = f.uint()
	f.skip(1) // cminflt
	s.faults[1] = f.uint()
	f.skip(1) // cmajflt
	s.user, s.system = f.uint(), f.uint()
	f.skip(4) // cutime cstime priority nice
	s.threads = f.int32()
	f.skip(1) // itrealvalue
	s.start, s.virtual, s.pages = f.uint(), f.uint(), f.uint()
	return s, !f.bad
}

// parseStatm reads the second number, which is what is resident.
func parseStatm(b []byte) (pages uint64, ok bool) {
	_, rest := cutUint(b)
	if len(rest) == len(b) || len(rest) == 0 || rest[len(rest)-1] != '\n' {
		return 0, false
	}
	f := fields{rest: rest[:len(rest)-1]}
	pages = f.uint()
	return pages, !f.bad
}

// parseIO reads the two totals of an io file that count what went to and came from storage.
func parseIO(b []byte) (io IO, ok bool) {
	var read, written bool
	for len(b) > 0 {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		name, value, _ := bytes.Cut(line, []byte(": "))
		n, end := cutUint(value)
		good := whole && len(value) > 0 && len(end) == 0
		switch string(name) {
		case "read_bytes":
			io.Read, read = n, good
		case "write_bytes":
			io.Written, written = n, good
		}
		b = rest
	}
	return io, read && written
}

// fields reads fields, each after one blank. One that is not as it should be makes it bad for good.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) next() []byte {
	if len(f.rest) < 2 || f.rest[0] != ' ' || f.rest[1] == ' ' {
		f.bad, f.rest = true, nil
		return nil
	}
	field := f.rest[1:]
	if end := bytes.IndexByte(field, ' '); end >= 0 {
		field = field[:end]
	}
	f.rest = f.rest[1+len(field):]
	return field
}

func (f *fields) skip(n int) {
	for range n {
		f.next()
	}
}

func (f *fields) letter() byte {
	field := f.next()
	if len(field) != 1 || field[0] < 'A' || field[0] > 'z' {
		f.bad = true
		return 0
	}
	return field[0]
}

func (f *fields) uint() uint64 {
	field := f.next()
	n, rest := cutUint(field)
	f.bad = f.bad || len(field) == 0 || len(rest) > 0
	return n
}

func (f *fields) int32() int32 {
	n := f.uint()
	f.bad = f.bad || n > math.MaxInt32
	return int32(n)
}

// cutUint reads digits. What follows them, and a digit that would be too much, is the rest.
func cutUint(b []byte) (n uint64, rest []byte) {
	for i, c := range b {
		d := uint64(c - '0')
		if c < '0' || c > '9' || n > (math.MaxUint64-d)/10 {
			return n, b[i:]
		}
		n = n*10 + d
	}
	return n, nil
}
