package exporter

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"strconv"
	"strings"
	"time"
)

const profilesPath = "/debug/pprof/"

// serveProfiles answers with Go's profiles. The command line, which the package offers as well, is not among them:
// it may hold a password.
func (s *server) serveProfiles(w http.ResponseWriter, r *http.Request) {
	v := s.people.enter(peopleRequests, w, r)
	if v == nil {
		http.Error(w, "too many requests are in flight; try again later", http.StatusServiceUnavailable)
		return
	}
	defer v.leave()
	// Not for ever: the package extends the write time-out by this, and a client that reads slowly fills the memory.
	if seconds, err := strconv.ParseFloat(r.FormValue("seconds"), 64); err == nil && !(seconds <= profileLimit.Seconds()) {
		http.Error(w, fmt.Sprintf("400 a profile takes %g seconds at most", profileLimit.Seconds()), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	// A profile takes as long as is asked for; the read time-out would end it before.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	switch strings.TrimPrefix(r.URL.Path, profilesPath) {
	case "cmdline":
		http.NotFound(w, r)
	case "profile":
		pprof.Profile(w, r)
	case "symbol":
		pprof.Symbol(w, r)
	case "trace":
		pprof.Trace(w, r)
	default:
		pprof.Index(w, r)
	}
}
