package rule

import "github.com/promexporter/promexporter/record"

// Bounds of what a Set remembers of tags.
const (
	maxTagBytes = 16 << 20 // for some 100,000 tags of containers
	tagCost     = 48       // bytes of a tag beside its text
)

// Plan is what a Set does with the events of one tag, which it borrows. It is safe for concurrent use, each goroutine
// with a Scratch of its own.
type Plan struct {
	*compiledPlan
	tag string
}

// Selector returns what the plan wants to be read of an event.
func (p *Plan) Selector() *record.Selector { return p.selector }

// Plan returns the plan for tag. The Set remembers which rules match a tag, because matching may cost as much as a
// record does.
func (s *Set) Plan(tag string) Plan {
	s.mu.RLock()
	p := s.plansByTag[tag]
	s.mu.RUnlock()
	if p == nil {
		p = s.addTag(tag)
	}
	return Plan{p, tag}
}

// addTag finds the plan for a tag and keeps it. One after another, other tags make room for it.
func (s *Set) addTag(tag string) *compiledPlan {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.planOf(tag)
	size := len(tag) + tagCost
	if _, known := s.plansByTag[tag]; known || size > maxTagBytes {
		return p
	}
	for other := range s.plansByTag { // in no order
		if s.tagBytes+size <= maxTagBytes {
			break
		}
		s.tagBytes -= len(other) + tagCost
		delete(s.plansByTag, other)
	}
	s.plansByTag[string([]byte(tag))] = p // the caller may have borrowed it
	s.tagBytes += size
	return p
}

// planOf returns the plan of the rules that match tag. Its caller holds mu.
func (s *Set) planOf(tag string) *compiledPlan {
	s.key = s.key[:0]
	for _, r := range s.rules {
		if r.matches(tag) {
			s.key = append(s.key, 1)
		} else {
			s.key = append(s.key, 0)
		}
	}
	p, ok := s.plans[string(s.key)]
	if !ok {
		p = s.compile(s.key)
		s.plans[string(s.key)] = p
	}
	return p
}
