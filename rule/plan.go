package rule

import "github.com/promexporter/promexporter/record"

// Bounds of what a Set remembers of tags.
const (
	maxTagBytes = 16 << 20 // for some 100,000 tags of containers
	tagCost     = 48       // bytes of a tag beside its text
)

// Plan is what a Set does with the events of one tag, which it borrows. It is safe for concurrent use, each goroutine with
// a Scratch of its own.
type Plan struct {
	*program
	tag string
}

// Selector returns what the plan wants to be read of an event.
func (p *Plan) Selector() *record.Selector { return p.selector }

// Plan returns the plan for tag. The Set remembers which rules match a tag, because matching may cost as much as a
// record does.
func (s *Set) Plan(tag string) Plan {
	s.mu.RLock()
	p := s.tags[tag]
	s.mu.RUnlock()
	if p == nil {
		p = s.learn(tag)
	}
	return Plan{p, tag}
}

// learn finds the program for a tag and remembers it. One after another, other tags make room for it.
func (s *Set) learn(tag string) *program {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.program(tag)
	size := len(tag) + tagCost
	if _, known := s.tags[tag]; known || size > maxTagBytes {
		return p
	}
	for other := range s.tags { // in no order
		if s.tagBytes+size <= maxTagBytes {
			break
		}
		s.tagBytes -= len(other) + tagCost
		delete(s.tags, other)
	}
	s.tags[string([]byte(tag))] = p // the caller may have borrowed it
	s.tagBytes += size
	return p
}

// program returns the program of the rules that match tag. Its caller holds mu.
func (s *Set) program(tag string) *program {
	s.key = s.key[:0]
	for _, r := range s.rules {
		if r.matches(tag) {
			s.key = append(s.key, 1)
		} else {
			s.key = append(s.key, 0)
		}
	}
	p, ok := s.programs[string(s.key)]
	if !ok {
		p = s.compile(s.key)
		s.programs[string(s.key)] = p
	}
	return p
}
