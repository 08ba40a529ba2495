package flb

import "sync"

// generations are the registrations of a plugin that the host has not ended, each for one configuration. The zero value
// is ready; it is safe for concurrent use.
type generations struct {
	mu   sync.Mutex
	live map[uintptr]struct{} // by the address of the host's definition, which is never read here
	past bool                 // one has ended while there was another
}

func (g *generations) begin(def uintptr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live == nil {
		g.live = make(map[uintptr]struct{})
	}
	g.live[def] = struct{}{}
}

func (g *generations) end(def uintptr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.live, def)
	g.past = len(g.live) > 0
}

// several reports whether there is more than one.
func (g *generations) several() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.live) > 1
}

// ended reports whether the only one there is has taken the place of another.
func (g *generations) ended() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.past
}
