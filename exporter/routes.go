package exporter

import (
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/status"
	"github.com/promexporter/promexporter/internal/fence"
)

const (
	healthyPath = "/-/healthy"
	readyPath   = "/-/ready"
	landingPath = "/"
	rulesPath   = "/-/rules"
	reloadPath  = "/-/reload"
)

// routes is what a server serves at one time. It is immutable.
type routes struct {
	sessions []*session // in the order in which their endpoints were opened
	pages    map[string]*page
	failures map[string]sourceCounts // by instance
	log      *slog.Logger            // of the first session, or of the last one that was removed
}

// A page is what one path serves: the families of its sessions and of the server itself. It is immutable except for
// inFlight and counts, which later pages of the same path use as well.
type page struct {
	path     string
	sessions []*session
	limit    int // of scrapes in flight
	inFlight *requestLimit
	counts   *pageCounts
}

// add adds a session to the routes, or replaces the earlier session of its endpoint. The caller holds the lock of the
// table.
func (s *server) add(next *session) {
	sessions := slices.Clone(s.routes.Load().sessions)
	i := slices.IndexFunc(sessions, func(other *session) bool { return other.endpoint == next.endpoint })
	if i >= 0 {
		sessions[i] = next
	} else {
		sessions = append(sessions, next)
	}
	s.route(sessions)
}

// route replaces the routes by those of sessions. Paths and instances that existed before keep their counters. The
// caller holds the lock of the table.
func (s *server) route(sessions []*session) {
	before := s.routes.Load()
	next := &routes{
		sessions: sessions, pages: make(map[string]*page), failures: make(map[string]sourceCounts), log: sessions[0].log,
	}
	for _, sess := range sessions {
		p := next.pages[sess.path()]
		if p == nil {
			p = s.newPage(before.pages[sess.path()], sess)
			next.pages[p.path] = p
		}
		p.sessions = append(p.sessions, sess)
		p.limit = min(p.limit, sess.options.MaxRequests)
		next.failures[sess.instance()] = s.self.addInstance(sess.instance())
	}
	s.routes.Store(next)
	for path := range before.pages {
		if next.pages[path] == nil {
			s.self.remove("path", path)
		}
	}
	for instance := range before.failures {
		if next.failures[instance] == nil {
			s.self.remove(InstanceLabel, instance)
		}
	}
}

// newPage returns the page of a session's path, without sessions. before is the earlier page of the path, or nil.
func (s *server) newPage(before *page, sess *session) *page {
	p := &page{
		path: sess.path(), limit: sess.options.MaxRequests, inFlight: new(requestLimit), counts: s.self.addPath(sess.path()),
	}
	if before != nil {
		p.inFlight = before.inFlight
	}
	return p
}

// allSuspended reports whether the server only waits for suspended instances to resume.
func (s *server) allSuspended() bool {
	return !slices.ContainsFunc(s.routes.Load().sessions, func(sess *session) bool { return !sess.isSuspended() })
}

// isProbe reports whether path is a health check, which needs no password: probes usually have none, and the answer
// contains nothing else.
func isProbe(path string) bool { return path == healthyPath || path == readyPath }

// refuseBodies refuses requests with a body before they reach next. No valid request has one.
func refuseBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength == 0 {
			next.ServeHTTP(w, r)
			return
		}
		// Without a deadline, net/http would wait for the body after the answer.
		_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // only the writer of a test does not support it
		w.Header().Set("Connection", "close")
		http.Error(w, "413 the request has a body; send it without one", http.StatusRequestEntityTooLarge)
	})
}

// ServeHTTP serves all requests. After a panic, the part of the answer that was already sent is not changed.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := fence.Run(func() error { s.serve(w, r); return nil }); err != nil {
		s.self.panics.Inc()
		s.logs.Warn(s.log(), err, "request failed", "path", r.URL.Path)
		http.Error(w, "500 internal server error; see the log", http.StatusInternalServerError)
	}
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	now := s.routes.Load()
	if r.URL.Path == reloadPath && len(now.reloaders()) > 0 {
		s.serveReload(w, r)
		return
	}
	handler := s.handler(now, r.URL.Path)
	switch {
	case handler == nil:
		http.Error(w, "404 page not found; / lists the pages", http.StatusNotFound)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "405 method not allowed; use GET", http.StatusMethodNotAllowed)
	default:
		handler(w, r)
	}
}

// handler returns the handler for path, or nil. A metrics page may replace the landing page.
func (s *server) handler(now *routes, path string) http.HandlerFunc {
	if p := now.pages[path]; p != nil {
		return func(w http.ResponseWriter, r *http.Request) { s.serveScrape(w, r, p) }
	}
	switch {
	case path == healthyPath:
		return serveHealthy
	case path == readyPath:
		return now.serveReady
	case path == landingPath:
		return s.statusRequests.handler(maxStatusRequests, s.serveLanding)
	case path == rulesPath:
		return s.statusRequests.handler(maxStatusRequests, s.serveRules)
	case strings.HasPrefix(path, status.ProfilesPath) && now.debugs():
		return s.statusRequests.handler(maxStatusRequests, status.ServeProfile)
	}
	return nil
}

func (t *routes) debugs() bool {
	return slices.ContainsFunc(t.sessions, func(s *session) bool { return s.options.Debug })
}

func serveHealthy(w http.ResponseWriter, _ *http.Request) {
	writeText(w, http.StatusOK, "healthy")
}

// serveReady answers with 503 while an endpoint waits for its first flush.
func (t *routes) serveReady(w http.ResponseWriter, _ *http.Request) {
	var waiting []string
	for _, s := range t.sessions {
		if !s.endpoint.ready() {
			waiting = append(waiting, s.instance())
		}
	}
	if len(waiting) == 0 {
		writeText(w, http.StatusOK, "ready")
		return
	}
	writeText(w, http.StatusServiceUnavailable, fmt.Sprintf(
		"not ready: waiting for the first flush of %s; ready without one %s after the start", strings.Join(waiting, ", "), readyAfter))
}

func writeText(w http.ResponseWriter, code int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(code)
	_, _ = fmt.Fprintln(w, text) // the client may have disconnected
}
