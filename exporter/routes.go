package exporter

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	healthyPath = "/-/healthy"
	readyPath   = "/-/ready"
	landingPath = "/"
	rulesPath   = "/-/rules"
)

// routes is what a server serves at one time. It is immutable.
type routes struct {
	endpoints []*Endpoint // in the order in which they were opened
	pages     map[string]*page
	failures  map[string]sourceCounts // by instance
}

// attach adds e, in the place of the endpoint of the same instance that is away, if there is one. The caller holds
// the lock of the table.
func (s *server) attach(e *Endpoint) {
	endpoints := slices.Clone(s.routes.Load().endpoints)
	i := slices.IndexFunc(endpoints, func(o *Endpoint) bool { return o.instance == e.instance })
	if i >= 0 {
		endpoints[i] = e
	} else {
		endpoints = append(endpoints, e)
	}
	s.route(endpoints)
}

// route replaces the routes by those of endpoints. Pages and instances that were there before keep their counters
// and their slots. The caller holds the lock of the table.
func (s *server) route(endpoints []*Endpoint) {
	before := s.routes.Load()
	next := &routes{endpoints: endpoints, pages: make(map[string]*page), failures: make(map[string]sourceCounts)}
	for _, e := range endpoints {
		p := next.pages[e.path]
		if p == nil {
			p = s.newPage(before.pages[e.path], e)
			next.pages[e.path] = p
		}
		p.endpoints = append(p.endpoints, e)
		p.limit = min(p.limit, e.maxRequests)
		next.failures[e.instance] = s.self.addInstance(e.instance)
	}
	s.routes.Store(next)
	for path := range before.pages {
		if next.pages[path] == nil {
			s.self.removePath(path)
		}
	}
	for instance := range before.failures {
		if next.failures[instance] == nil {
			s.self.removeInstance(instance)
		}
	}
}

// newPage is the page of e's path, as yet without endpoints.
func (s *server) newPage(before *page, e *Endpoint) *page {
	p := &page{path: e.path, limit: e.maxRequests}
	if before != nil {
		p.slots, p.counts = before.slots, before.counts
	} else {
		p.counts = s.self.addPath(e.path)
		p.slots = &slots{cut: p.counts.cut}
	}
	return p
}

// ServeHTTP answers every request of the server.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer s.recoverRequest(w, r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if now := s.routes.Load(); r.URL.Path == reloadPath && len(now.reloaders()) > 0 {
		now.serveReload(w, r)
		return
	}
	handler := s.handler(r.URL.Path)
	switch {
	case handler == nil:
		http.Error(w, "404 page not found; / lists what there is", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed; use GET", http.StatusMethodNotAllowed)
	default:
		handler(w, r)
	}
}

// handler is what serves path, or nil. A metrics page may take the place of the landing page.
func (s *server) handler(path string) http.HandlerFunc {
	now := s.routes.Load()
	if p := now.pages[path]; p != nil {
		return func(w http.ResponseWriter, r *http.Request) { s.scrape(w, r, p) }
	}
	switch {
	case path == healthyPath:
		return serveHealthy
	case path == readyPath:
		return now.serveReady
	case path == landingPath:
		return s.serveLanding
	case path == rulesPath:
		return s.serveRules
	case strings.HasPrefix(path, profilesPath) && slices.ContainsFunc(now.endpoints, (*Endpoint).debugs):
		return s.serveProfiles
	}
	return nil
}

// recoverRequest ends a request that panicked. Whatever was sent of its answer already is left as it is.
func (s *server) recoverRequest(w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	s.self.panics.Inc()
	s.logs.warn(s.log(), fmt.Errorf("%w: %v", errPanic, p), "request failed", "path", r.URL.Path)
	http.Error(w, "500 internal server error; the log says more", http.StatusInternalServerError)
}

func serveHealthy(w http.ResponseWriter, _ *http.Request) {
	writeText(w, http.StatusOK, "healthy")
}

// serveReady says 503 while an endpoint waits for its first flush.
func (t *routes) serveReady(w http.ResponseWriter, _ *http.Request) {
	var waiting []string
	for _, e := range t.endpoints {
		if !e.ready() {
			waiting = append(waiting, e.instance)
		}
	}
	if len(waiting) == 0 {
		writeText(w, http.StatusOK, "ready")
		return
	}
	writeText(w, http.StatusServiceUnavailable, fmt.Sprintf(
		"not ready: no flush yet of %s; ready without one %s after the start", strings.Join(waiting, ", "), readyAfter))
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, text) // a client that left is no error
}
