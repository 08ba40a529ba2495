package pipeline

import (
	"cmp"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

// defaultLinger is how long a section that was closed for a reload waits for its
// successor.
const defaultLinger = 10 * time.Second

// Sections joins the sections of a process: the HTTP servers that they share, and
// what those that were closed for a reload leave to their successors. The zero
// value is ready, and must not be copied. It is safe for concurrent use.
type Sections struct {
	// Linger is how long what was closed for a reload waits to be opened again; 0
	// means ten seconds. It is set before the first Open.
	Linger time.Duration

	servers  exporter.Servers
	identify sync.Once
	id       string // of the pages, set by process

	mu     sync.Mutex
	parked map[string]*parking // by instance
}

// parking is a closed pipeline that waits for its successor.
type parking struct {
	pipeline *Pipeline
	timeout  *time.Timer
}

// park keeps p, which is closed, for its successor. When none comes in time, its
// series are gone.
func (s *Sections) park(p *Pipeline) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parked == nil {
		s.parked = make(map[string]*parking)
	}
	if other := s.parked[p.instance]; other != nil && other.timeout.Stop() {
		go other.pipeline.discard()
	}
	place := &parking{pipeline: p}
	place.timeout = time.AfterFunc(cmp.Or(s.Linger, defaultLinger), func() { s.expire(place) })
	s.parked[p.instance] = place
}

func (s *Sections) expire(place *parking) {
	if s.remove(place) {
		place.pipeline.log.Info("the section did not come back with the reload, its series are gone")
		place.pipeline.discard()
	}
}

// remove reports whether place was still waiting.
func (s *Sections) remove(place *parking) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parked[place.pipeline.instance] != place {
		return false
	}
	delete(s.parked, place.pipeline.instance)
	return true
}

// take returns the pipeline that waits for a successor of this name, or nil.
func (s *Sections) take(instance string) *Pipeline {
	s.mu.Lock()
	defer s.mu.Unlock()
	place := s.parked[instance]
	if place == nil {
		return nil
	}
	place.timeout.Stop()
	delete(s.parked, instance)
	return place.pipeline
}
