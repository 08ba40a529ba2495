package collector

// refused remembers what was received and cannot be on a page, because it comes again with each chunk. The zero value
// is ready.
type refused struct {
	families map[string]refusal  // by name
	keys     map[string]struct{} // of series
}

// Bounds of what is remembered.
const (
	maxRefused    = 1024
	maxRefusedKey = 256 // bytes
)

// refusal is why a family was not made.
type refusal struct {
	kind   Type
	reason Reason
	by     *store // which has one of its names; nil if something else is the reason
}

// family returns why a family is still refused, or Kept.
func (r *refused) family(name []byte, kind Type) Reason {
	f, ok := r.families[string(name)]
	switch {
	case !ok || f.kind != kind:
		return Kept
	case f.by != nil && (f.by.removed || f.by.family.Received && len(f.by.keys) == 0):
		return Kept // its names are free
	}
	return f.reason
}

func (r *refused) addFamily(f *Family, reason Reason) {
	if r.families == nil || len(r.families) >= maxRefused {
		r.families = make(map[string]refusal)
	}
	r.families[f.Name] = refusal{f.Type, reason, f.refusedBy}
}

// isWellFormed reports whether a page may have a series with a key.
func (r *refused) isWellFormed(key []byte) bool {
	if _, bad := r.keys[string(key)]; bad {
		return false
	}
	if wellFormedPairs(key) {
		return true
	}
	if r.keys == nil || len(r.keys) >= maxRefused {
		r.keys = make(map[string]struct{})
	}
	if len(key) <= maxRefusedKey {
		r.keys[string(key)] = struct{}{}
	}
	return false
}
