package procfs

// readFiles reports false if the process has vanished. A file that cannot be read leaves its fields out.
func (s *Sampler) readFiles(dir int, p *Process) bool {
	s.readMemory(dir, p)
	n, err := s.tree.length(dir, fileFD)
	if !s.usable("fd", dir, p.PID, err) {
		return false
	}
	if err == nil {
		p.OpenFDs = int32(n)
	}
	b, err := s.tree.read(dir, fileIO)
	if !s.usable("io", dir, p.PID, err) {
		return false
	}
	if err == nil {
		if p.IO, p.HasIO = parseIO(b); !p.HasIO {
			s.report("io", p.PID, errGarbled)
		}
	}
	return true
}

// readMemory takes what statm says. What stat says lacks what processors have counted and not yet added up: since Linux
// 6.2 some hundred KiB with two of them, and with many the whole of a small process. It stays where there is no statm.
func (s *Sampler) readMemory(dir int, p *Process) {
	if p.Virtual == 0 { // kernel threads and zombies have none
		return
	}
	b, err := s.tree.read(dir, fileStatm)
	if err != nil { // if the process has vanished, the read of the next file reports it
		return
	}
	if pages, ok := parseStatm(b); ok {
		p.RSS = s.bytes(pages)
	}
}

// readCounts takes what the status file and the smaps_rollup file say.
func (s *Sampler) readCounts(dir int, p *Process, d *details) (alive bool) {
	if s.reads.has(Swap | ContextSwitches) {
		b, err := s.tree.read(dir, fileStatus)
		if !s.usable("status", dir, p.PID, err) {
			return false
		}
		status := parseStatus(b)
		d.Swap = status.swap
		if status.counted {
			d.Switches.set(status.switches)
		} else if err == nil {
			s.report("status", p.PID, errGarbled)
		}
	}
	if !s.reads.has(PSS) || p.Virtual == 0 {
		return true
	}
	b, err := s.tree.read(dir, fileRollup)
	if !s.usable("smaps_rollup", dir, p.PID, err) {
		return false
	}
	if d.PSS = parseRollup(b); err == nil && !d.PSS.Known {
		s.report("smaps_rollup", p.PID, errGarbled)
	}
	return true
}

// usable reports whether a process can be reported after a file gave err: not if it has vanished. A kernel may have
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
