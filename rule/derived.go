package rule

import (
	"slices"

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

// maxSuffixes bounds how often a name gets a suffix because it clashes with others. A second time is rare, and a third
// time means that somebody chose the names of fields so that they clash.
const maxSuffixes = 3

// adapted returns a new family with that name, derived for r. If a rule with a fixed name defines a different family
// that exposes one of the names, the derived family gets another name: otherwise the first record would decide which of
// them has samples. So it does if scrapers would take its name for another one that was made of a field.
func (s *Set) adapted(r *rule, name string) *collector.Family {
	f := r.newFamily(name)
	if s.clashesWithFixed(f) {
		f.Name = fitName(metric.BaseName(f.Name, f.Type)+valueSuffix, r.config.Type)
	}
	for range maxSuffixes {
		if !s.clashesWithFixed(f) && s.claim(f) {
			break
		}
		f.Name = distinguish(f.Name, r.config.Type)
	}
	return f
}

func (s *Set) clashesWithFixed(f *collector.Family) bool {
	return slices.ContainsFunc(metric.Names(f.Name, f.Type), func(name string) bool {
		other := s.fixedNames[name]
		return other != nil && !other.Equal(f)
	})
}

// claim keeps the names that f exposes for its name. It fails if one of them is kept for another name, unless all
// scrapers see both names as they are: what then clashes are the types of two rules, and the first family stays.
func (s *Set) claim(f *collector.Family) bool {
	s.claimsMu.Lock()
	defer s.claimsMu.Unlock()
	exposed := metric.Names(f.Name, f.Type)
	for _, name := range exposed {
		owner, taken := s.claims[name]
		if taken && owner != f.Name && !(isLegacy(owner) && isLegacy(f.Name)) {
			return false
		}
	}
	if s.claims == nil {
		s.claims = make(map[string]string)
	}
	for _, name := range exposed {
		if _, taken := s.claims[name]; !taken {
			s.claims[name] = f.Name
		}
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
			s.claim(made) // nothing clashes with it, because it is on the page
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
