package flb

import "sync"

// registrations are the current registrations of a plugin. Each is for one configuration of the host. The zero value is
// ready to use. It is safe for concurrent use.
type registrations struct {
	mu       sync.Mutex
	live     map[uintptr]struct{} // by the address of the host's definition, which is not dereferenced
	replaced bool                 // the last one to end had a successor
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

// multiple reports whether there is more than one registration.
func (r *registrations) multiple() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.live) > 1
}

// hasReplaced reports whether the current registration has replaced another one.
func (r *registrations) hasReplaced() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.replaced
}
