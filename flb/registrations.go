package flb

import "sync"

// registrations are the registrations of a plugin that the host has not ended, each for one configuration. The zero value
// is ready; it is safe for concurrent use.
type registrations struct {
	mu       sync.Mutex
	live     map[uintptr]struct{} // by the address of the host's definition, which is never read here
	replaced bool                 // one has ended while there was another
}

func (r *registrations) register(def uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live == nil {
		r.live = make(map[uintptr]struct{})
	}
	r.live[def] = struct{}{}
}

func (r *registrations) unregister(def uintptr) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.live, def)
	r.replaced = len(r.live) > 0
}

// multiple reports whether there is more than one.
func (r *registrations) multiple() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.live) > 1
}

// hasReplaced reports whether the only one there is has taken the place of another.
func (r *registrations) hasReplaced() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.replaced
}
