package pipeline

import "sync"

// flushers are those that rest, so that a flush of what was seen before takes no memory. A [sync.Pool] would forget them
// at a garbage collection, and the next flush would take their memory anew.
type flushers struct {
	fresh func() *flusher

	mu   sync.Mutex
	idle []*flusher // the one that was used last is the last one; guarded by mu
}

// take returns the flusher that was used last, because its memory is warm, or a new one.
func (s *flushers) take() *flusher {
	if f := s.last(); f != nil {
		return f
	}
	return s.fresh()
}

func (s *flushers) last() *flusher {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(s.idle) - 1
	if n < 0 {
		return nil
	}
	f := s.idle[n]
	s.idle[n] = nil
	s.idle = s.idle[:n]
	return f
}

func (s *flushers) put(f *flusher) {
	f.used = true
	s.mu.Lock()
	defer s.mu.Unlock()
	s.idle = append(s.idle, f)
}

// shrink gives back the memory that no flush has needed since the last shrink, and returns how many bytes that are. It
// leaves flushers alone that are at work.
func (s *flushers) shrink() (freed int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := s.idle[:0]
	for _, f := range s.idle {
		freed += f.batch.Shrink()
		if f.used {
			f.used = false
			kept = append(kept, f)
		}
	}
	clear(s.idle[len(kept):])
	s.idle = kept
	return freed
}
