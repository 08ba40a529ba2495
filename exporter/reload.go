package exporter

import (
	"errors"
	"fmt"
	"net/http"
)

const reloadPath = "/-/reload"

// reloaders returns the endpoints that offer a reload.
func (t *routes) reloaders() []*Endpoint {
	var offers []*Endpoint
	for _, e := range t.endpoints {
		if e.reload != nil && !e.isAway() {
			offers = append(offers, e)
		}
	}
	return offers
}

// serveReload reloads every instance that offers it and tells of all that failed. An instance whose reload fails goes
// on as before.
func (t *routes) serveReload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		w.Header().Set("Allow", "POST, PUT")
		http.Error(w, "405 method not allowed; use POST", http.StatusMethodNotAllowed)
		return
	}
	// A browser that knows the password, or is let in without one, must not do this for another site.
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		http.Error(w, "403 forbidden; "+err.Error(), http.StatusForbidden)
		return
	}
	var failed []error
	for _, e := range t.reloaders() {
		if err := recovered(e.reload); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", e.instance, err))
		}
	}
	if err := errors.Join(failed...); err != nil {
		http.Error(w, "reload failed; the rules in force are the last good ones\n"+err.Error(), http.StatusInternalServerError)
		return
	}
	writeText(w, http.StatusOK, "reloaded")
}
