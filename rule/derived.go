package rule

import (
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/internal/metric"
)

// derivedFamily returns the family that r makes of a name from fields or records, or nil if it already makes as many as
// it may.
func (s *Set) derivedFamily(r *rule, name string) *collector.Family {
	r.mu.Lock()
	defer r.mu.Unlock()
	f := r.derived[name]
	if f == nil && r.hasRoom() {
		f = s.adapted(r, name)
		r.derive(name, f)
	}
	return f
}

// hasRoom reports whether r may make one more family. The caller holds mu.
func (r *rule) hasRoom() bool {
	return r.config.FamilyLimit == 0 || len(r.derived) < r.config.FamilyLimit
}

// derive notes a new family that r makes. The caller holds mu.
func (r *rule) derive(name string, f *collector.Family) {
	if r.derived == nil {
		r.derived = make(map[string]*collector.Family)
	}
	r.derived[name] = f
	if r.rounds != nil {
		r.rounds.Add(f)
	}
}

// adapted returns a new family with that name, derived for r. If a rule with a fixed name defines a different family
// that exposes one of the names, the derived family gets another name: otherwise the first record would decide which of
// them has samples.
func (s *Set) adapted(r *rule, name string) *collector.Family {
	f := r.newFamily(name)
	for _, name := range metric.Names(f.Name, f.Type) {
		if o := s.fixedNames[name]; o != nil && !o.Equal(f) {
			f.Name = fitName(metric.BaseName(f.Name, f.Type)+valueSuffix, r.config.Type)
			break
		}
	}
	if !isLegacy(f.Name) && !s.isDistinct(f) {
		f.Name = distinguish(f.Name, r.config.Type)
	}
	return f
}

// isDistinct reports whether no scraper takes the name of f for another one that was made of a field, and keeps it for
// f.
func (s *Set) isDistinct(f *collector.Family) bool {
	s.namesMu.Lock()
	defer s.namesMu.Unlock()
	seen := metric.Names(f.Name, f.Type)
	for _, name := range seen {
		if owner, taken := s.namesSeen[name]; taken && owner != f.Name {
			return false
		}
	}
	if s.namesSeen == nil {
		s.namesSeen = make(map[string]string)
	}
	for _, name := range seen {
		s.namesSeen[name] = f.Name
	}
	return true
}

// DerivedFamily returns a family equal to f if a rule of the set that names families by fields or records may make it,
// or nil. The first such rule decides, and the family counts toward its limit.
func (s *Set) DerivedFamily(f *collector.Family) *collector.Family {
	for _, r := range s.rules {
		if r.family != nil || r.config.Drop || !couldExpandTo(r.config.Name, f.Name) {
			continue
		}
		if made := r.newFamily(f.Name); made.Equal(f) && r.readopt(made) {
			return made
		}
	}
	return nil
}

// readopt notes a family that a rule made of records before a reload or restart, if there is room.
func (r *rule) readopt(f *collector.Family) bool {
	if r.config.FamilyLimit == 0 {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, known := r.derived[f.Name]; known {
		return true
	}
	if !r.hasRoom() {
		return false
	}
	r.derive(f.Name, f)
	return true
}
