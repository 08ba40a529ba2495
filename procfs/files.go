package procfs

// readFiles reports false if the process has vanished. A file that cannot be read leaves its fields out.
func (s *Sampler) readFiles(dir int, p *Process, known *remembered) bool {
	if s.choice.Only == Times {
		return true
	}
	s.readMemory(dir, p)
	n, err := s.tree.length(dir, nameFD)
	if !s.usable("fd", dir, p.PID, err) {
		return false
	}
	if err == nil {
		p.OpenFDs = int32(n)
	}
	b, err := s.tree.read(dir, nameIO)
	if !s.usable("io", dir, p.PID, err) {
		return false
	}
	if err == nil {
		if p.IO, p.HasIO = parseIO(b); !p.HasIO {
			s.report("io", p.PID, errGarbled)
		}
	}
	return s.choice.Only == Files || s.readCommand(dir, p, known)
}

// readMemory takes what statm says. What stat says lacks what processors have counted and not yet added up: since Linux
// 6.2 some hundred KiB with two of them, and with many the whole of a small process. It stays where there is no statm.
func (s *Sampler) readMemory(dir int, p *Process) {
	if p.Virtual == 0 { // kernel threads and zombies have none
		return
	}
	b, err := s.tree.read(dir, nameStatm)
	if err != nil { // if the process has vanished, the next file tells
		return
	}
	if pages, ok := parseStatm(b); ok {
		p.RSS = s.bytes(pages)
	}
}

func (s *Sampler) readCommand(dir int, p *Process, known *remembered) bool {
	b, err := s.tree.read(dir, nameCmdline)
	if !s.usable("cmdline", dir, p.PID, err) {
		return false
	}
	if err == nil {
		known.cmdline = intern(known.cmdline, joinArguments(b))
		p.Cmdline = known.cmdline
	}
	return true
}

// joinArguments puts a blank, in place, where the kernel has the end of an argument.
func joinArguments(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	for i, c := range b {
		if c == 0 {
			b[i] = ' '
		}
	}
	return b
}

// usable reports whether a process can be told about after a file gave err: not if it has vanished. A kernel may have
// been built without a file, and it may be closed to this user.
func (s *Sampler) usable(file string, dir int, pid int32, err error) bool {
	if err == nil {
		return true
	}
	if vanished(err) && !s.tree.exists(dir) {
		s.round.Skipped.Vanished++
		return false
	}
	s.report(file, pid, err)
	return true
}
