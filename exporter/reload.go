package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/promexporter/promexporter/internal/fence"
)

// reloaders returns the sessions that offer a reload.
func (t *routes) reloaders() []*session {
	var offers []*session
	for _, s := range t.sessions {
		if s.options.Reload != nil && s.isOpen() {
			offers = append(offers, s)
		}
	}
	return offers
}

// serveReload reloads the rules of every instance that offers it and reports all that failed. An instance whose reload
// fails keeps its rules.
func (s *server) serveReload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		w.Header().Set("Allow", "POST, PUT")
		http.Error(w, "405 method not allowed; use POST", http.StatusMethodNotAllowed)
		return
	}
	if err := s.checkOrigin(r); err != nil {
		http.Error(w, "403 forbidden; "+err.Error(), http.StatusForbidden)
		return
	}
	err := s.reloads.get(r.Context(), s.reloadAll)
	switch {
	case r.Context().Err() != nil: // the client has disconnected
	case err != nil:
		text := err.Error()
		if len(text) > maxReloadBody {
			text = strings.ToValidUTF8(text[:maxReloadBody], "") + "...\nsee the log for the rest"
		}
		http.Error(w, "reload failed; the last valid rules stay active\n"+text, http.StatusInternalServerError)
	default:
		writeText(w, http.StatusOK, "reloaded")
	}
}

func (s *server) reloadAll() error {
	var failed []error
	for _, sess := range s.routes.Load().reloaders() {
		if err := fence.Run(sess.options.Reload); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", sess.instance(), err))
		}
	}
	return errors.Join(failed...)
}

// checkOrigin refuses requests that a browser sends for another site, with a password that the browser remembers or
// from a network in which none is needed. Without users, it checks the host name as well, because a site can resolve
// its own name to this address (DNS rebinding), and its requests are then same-origin.
func (s *server) checkOrigin(r *http.Request) error {
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		return err
	}
	if s.access.HasUsers() || s.isAllowedHost(r.Host) {
		return nil
	}
	return fmt.Errorf("host %q: send the request to an IP address, localhost or the name of this machine, or write the host "+
		"into allowed_hosts", r.Host)
}

func (s *server) isAllowedHost(hostport string) bool {
	host := strings.TrimSuffix((&url.URL{Host: hostport}).Hostname(), ".")
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	machine, _ := os.Hostname() // it is empty after an error
	allowed := []string{"", "localhost", machine}
	for _, sess := range s.routes.Load().sessions {
		allowed = append(allowed, sess.options.AllowedHosts...)
	}
	return slices.ContainsFunc(allowed, func(name string) bool { return strings.EqualFold(host, name) })
}

// reloads runs at most one reload per reloadInterval. Requests that arrive meanwhile share the next one, so that each
// gets the result of a reload that started after its request.
type reloads struct {
	sem chan struct{} // a semaphore for the fields below: has an element while one goroutine uses them

	began, ended time.Time // of the last reload
	err          error     // its result
}

func newReloads() *reloads { return &reloads{sem: make(chan struct{}, 1)} }

// get returns the result of a reload that starts after the call. It waits until ctx ends at most, unless it is the call
// that reloads.
func (s *reloads) get(ctx context.Context, reload func() error) error {
	arrived := time.Now()
	select {
	case s.sem <- struct{}{}:
		defer func() { <-s.sem }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if s.began.After(arrived) {
		return s.err
	}
	select {
	case <-time.After(time.Until(s.ended.Add(reloadInterval))):
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	s.began = time.Now()
	s.err = fence.Run(reload)
	s.ended = time.Now()
	return s.err
}
