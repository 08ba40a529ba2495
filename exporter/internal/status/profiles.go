package status

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"strconv"
	"strings"
	"time"
)

const (
	// ProfilesPath is the path under which [ServeProfile] serves. net/http/pprof allows no other.
	ProfilesPath = "/debug/pprof/"

	// ProfileLimit is the longest time that a profile records.
	ProfileLimit = time.Minute
)

// ServeProfile serves the Go profiles of net/http/pprof. It leaves out the command line, which may hold a password.
// Recordings are limited to [ProfileLimit]; the caller limits how many run at once.
func ServeProfile(w http.ResponseWriter, r *http.Request) {
	// net/http/pprof extends the write timeout by the requested time, so a long one would let a slow client hold its
	// connection.
	seconds, err := strconv.ParseFloat(r.FormValue("seconds"), 64)
	if limit := ProfileLimit.Seconds(); err == nil && !(seconds <= limit) { // not ">", which is false for NaN
		http.Error(w, fmt.Sprintf("a profile takes at most %g seconds; ask for less", limit), http.StatusBadRequest)
		return
	}
	// The index has style attributes.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	// The read timeout of the server would cancel a recording that takes longer. A writer without deadlines has none.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	switch strings.TrimPrefix(r.URL.Path, ProfilesPath) {
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
