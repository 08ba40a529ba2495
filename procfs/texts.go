package procfs

import (
	"bytes"
	"unicode/utf8"
)

// readTexts reads what filters look at and what the record holds, and reports whether the filters pass it all. The
// first that does not ends it. A text that cannot be read is empty.
func (s *Sampler) readTexts(dir int, p *Process, d *details) (wanted, alive bool) {
	f := &s.choice.Filters
	if s.reads.has(User) && !d.user.judge(&d.User, s.users.name(p.User), &f.User) {
		return false, true
	}
	if s.reads.has(Exe) {
		b, alive := s.readExe(dir, p)
		if !alive || !d.exe.judge(&d.Exe, intern(d.Exe, b), &f.Exe) {
			return false, alive
		}
	}
	if s.reads.has(Cgroup | ContainerID) {
		if wanted, alive := s.readCgroup(dir, p, d); !wanted || !alive {
			return false, alive
		}
	}
	if s.reads.has(Cmdline) {
		b, err := s.readCmdline(dir)
		if !s.usable("cmdline", dir, p.PID, err) {
			return false, false
		}
		return d.cmdline.judge(&d.Cmdline, intern(d.Cmdline, b), &f.Cmdline), true
	}
	return true, true
}

// readExe returns nothing for a kernel thread or a zombie: these have no program.
func (s *Sampler) readExe(dir int, p *Process) (b []byte, alive bool) {
	if p.Virtual == 0 {
		return nil, true
	}
	b, err := s.tree.link(dir, fileExe)
	return b, s.usable("exe", dir, p.PID, err)
}

func (s *Sampler) readCgroup(dir int, p *Process, d *details) (wanted, alive bool) {
	b, err := s.tree.read(dir, fileCgroup)
	if !s.usable("cgroup", dir, p.PID, err) {
		return false, false
	}
	path, ok := parseCgroup(b)
	if err == nil && !ok {
		s.report("cgroup", p.PID, errGarbled)
	}
	old := d.Cgroup
	wanted = d.cgroup.judge(&d.Cgroup, intern(old, path), &s.choice.Filters.Cgroup)
	if d.Cgroup != old || !d.containerID.given {
		wanted = d.containerID.judge(&d.ContainerID, containerID(d.Cgroup), &s.choice.Filters.ContainerID) && wanted
	}
	return wanted && d.containerID.passes, true
}

// readCmdline returns the arguments with blanks between them. Of a line that is too long it keeps the head, which names
// the program, and the tail, which names the main class after the class path of a Java program.
func (s *Sampler) readCmdline(dir int) ([]byte, error) {
	b, cut, err := s.tree.readEnds(dir, fileCmdline, s.choice.CmdlineLength)
	if err != nil {
		return nil, err
	}
	if cut {
		b = cutOut(b, (s.choice.CmdlineLength+1)/2)
	}
	return joinArguments(b), nil
}

// ellipsis is what a long command line has between its head and its tail.
const ellipsis = "..."

// cutOut puts the ellipsis at the end of the head of b, and the tail after it. Neither has a part of a character there.
func cutOut(b []byte, middle int) []byte {
	head, tail := b[:middle-len(ellipsis)], b[middle:]
	for i := len(head) - 1; i >= max(0, len(head)-utf8.UTFMax); i-- {
		if utf8.RuneStart(head[i]) {
			if !utf8.FullRune(head[i:]) {
				head = head[:i]
			}
			break
		}
	}
	for n := 0; n < utf8.UTFMax-1 && len(tail) > 0 && !utf8.RuneStart(tail[0]); n++ {
		tail = tail[1:]
	}
	n := len(head) + copy(b[len(head):], ellipsis)
	return b[:n+copy(b[n:], tail)]
}

// joinArguments puts a blank, in place, where the kernel has the end of an argument.
func joinArguments(b []byte) []byte {
	b = bytes.TrimRight(b, "\x00")
	for i, c := range b {
		if c == 0 {
			b[i] = ' '
		}
	}
	return b
}
