package rule

import "github.com/promexporter/promexporter/record"

// Bounds of the cache of plans by tag.
const (
	maxTagBytes = 16 << 20 // about 100,000 tags of containers
	tagCost     = 48       // bytes of a tag without its text
)

// Plan makes samples of the events of one tag, which it borrows. It is safe for concurrent use if each goroutine has
// its own Scratch.
type Plan struct {
	*compiledPlan
	tag string
}

// Selector returns the selector for the fields that the plan needs.
func (p *Plan) Selector() *record.Selector { return p.selector }

// Plan returns the plan for tag. The Set caches plans by tag, because matching may cost as much as evaluating a record.
func (s *Set) Plan(tag string) Plan {
	s.mu.RLock()
	p := s.plansByTag[tag]
	s.mu.RUnlock()
	if p == nil {
		p = s.addTag(tag)
	}
	return Plan{p, tag}
}

// addTag adds the plan for a tag to the cache, evicting other tags if it is full.
func (s *Set) addTag(tag string) *compiledPlan {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.planOf(tag)
	size := len(tag) + tagCost
	if _, known := s.plansByTag[tag]; known || size > maxTagBytes {
		return p
	}
	for other := range s.plansByTag { // random order
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

// planOf returns the plan of the rules that match tag. The caller holds mu.
func (s *Set) planOf(tag string) *compiledPlan {
	s.key = s.key[:0]
	for _, r := range s.rules {
		if r.matches(tag) {
			s.key = append(s.key, 1)
		} else {
			s.key = append(s.key, 0)
		}
	}
	for _, r := range s.received {
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
