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
)

// routes is what a server serves at one time. It is immutable.
type routes struct {
	endpoints []*Endpoint // in the order in which they were opened
	pages     map[string]*page
	landing   http.Handler
}

// attach adds e. The caller holds the lock of the table.
func (s *server) attach(e *Endpoint) {
	e.failures = s.self.addInstance(e.instance)
	s.route(append(slices.Clone(s.routes.Load().endpoints), e))
}

// detach takes e away, so that rest are left. The caller holds the lock of the table.
func (s *server) detach(e *Endpoint, rest []*Endpoint) {
	s.route(rest)
	s.self.removeInstance(e.instance)
	if s.routes.Load().pages[e.path] == nil {
		s.self.removePath(e.path)
	}
}

// route replaces the routes by those of endpoints. A page that was there before keeps its counters and its slots.
func (s *server) route(endpoints []*Endpoint) {
	before := s.routes.Load().pages
	next := &routes{endpoints: endpoints, pages: make(map[string]*page), landing: s.landingPage(endpoints)}
	for _, e := range endpoints {
		p := next.pages[e.path]
		if p == nil {
			p = &page{path: e.path}
			if old := before[e.path]; old != nil {
				p.slots, p.counts = old.slots, old.counts
			} else {
				p.slots, p.counts = make(chan struct{}, maxScrapes), s.self.addPath(e.path)
			}
			next.pages[e.path] = p
		}
		p.endpoints = append(p.endpoints, e)
	}
	s.routes.Store(next)
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
	switch path {
	case healthyPath:
		return serveHealthy
	case readyPath:
		return now.serveReady
	case landingPath:
		return now.landing.ServeHTTP
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
