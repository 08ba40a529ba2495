package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/exporter/internal/listen"
	"github.com/promexporter/promexporter/exporter/internal/render"
)

// Servers is the table of HTTP servers that the instances of a process share, one server per listen address. The zero
// value is ready to use. It must not be copied. It is safe for concurrent use.
type Servers struct {
	sockets  listen.Sockets
	pages    sharedPages
	renderer render.Renderer

	mu        sync.Mutex // guards byAddress, and the routes of each server in it; never held while anything waits
	byAddress map[listen.Addr]*server
}

// Open starts to serve o, on new servers or on those of open instances with the same addresses. A port that is in use
// is retried for o.ListenRetry. Every other error is returned at once; it says what is wrong and what would be right.
// After an error, no additional port is open. The caller must close the endpoint.
func (s *Servers) Open(o Options) (*Endpoint, error) {
	e := &Endpoint{table: s, opened: time.Now()}
	if err := s.open(e, o); err != nil {
		return nil, err
	}
	return e, nil
}

// open starts a session of e that serves o.
func (s *Servers) open(e *Endpoint, o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	next, err := prepare(e, o)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(o.ListenRetry); ; time.Sleep(listenPoll) {
		removed, err := s.attach(next)
		shutDown(removed)
		if err == nil {
			next.warnOpen()
			return nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) || !time.Now().Before(deadline) {
			return err
		}
	}
}

// prepare resolves the addresses and reads the files of o. If that fails, and the earlier session of e had the same
// addresses or files, their earlier result is used.
func prepare(e *Endpoint, o Options) (*session, error) {
	before := e.session.Load()
	addresses, err := listen.Resolve(context.Background(), o.Addresses)
	if err != nil && before != nil && slices.Equal(before.options.Addresses, o.Addresses) {
		addresses, err = before.addresses, nil
	}
	if err != nil {
		return nil, err
	}
	a, err := access.Open(o.Access)
	if err != nil && before != nil && before.options.Access == o.Access { // neither has the password, which cannot be the cause
		a, err = before.access, nil
	}
	if err != nil {
		return nil, err
	}
	o.Access.Password = "" // a keeps a hash of it
	return newSession(e, o, a, addresses), nil
}

// attach makes next the session of its endpoint and adds it to the servers of all its addresses, starting those that do
// not exist. With an error, nothing has changed. The caller shuts down the removed servers.
func (s *Servers) attach(next *session) (removed []*server, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	addresses, err := s.sockets.Expand(next.addresses)
	if err != nil {
		return nil, err
	}
	if err := s.check(next, addresses); err != nil {
		return nil, err
	}
	next.servers, removed, err = s.bind(next, addresses)
	if err != nil {
		return removed, err
	}
	before := next.endpoint.session.Swap(next)
	next.endpoint.definitions = next.options.Definitions
	for _, srv := range next.servers {
		srv.add(next)
	}
	if before != nil {
		removed = append(removed, s.detach(before)...)
		before.abandon()
	}
	return removed, nil
}

// check returns an error if next cannot use the servers at addresses.
func (s *Servers) check(next *session, addresses []listen.Addr) error {
	var there []*server
	for _, srv := range s.byAddress {
		for _, other := range srv.routes.Load().sessions {
			if other.instance() == next.instance() && other.endpoint != next.endpoint {
				return fmt.Errorf("instance %q is open already, at %s%s; close it first", next.instance(), srv.address, other.path())
			}
		}
	}
	for _, a := range addresses {
		srv := s.byAddress[a]
		if srv == nil || a.IsAny() {
			continue
		}
		there = append(there, srv)
		if srv.allSuspended() {
			continue
		}
		if key := srv.access.Difference(next.access); key != "" {
			return fmt.Errorf("%s and %s share the address %s (listen_address) with different %s; "+
				"write the same username, password and web_config_file in both, or another listen_address in one",
				srv.routes.Load().sessions[0].instance(), next.instance(), a, key)
		}
	}
	return s.checkDefinitions(next, there, next.options.Definitions, false)
}

// checkDefinitions returns a *ConflictError if definitions conflict with those of other sessions on the pages of a
// session. If follow is set, definitions of the same origin are not compared.
func (s *Servers) checkDefinitions(sess *session, servers []*server, definitions []Definition, follow bool) error {
	for _, srv := range servers {
		p := srv.routes.Load().pages[sess.path()]
		if p == nil || len(definitions) == 0 {
			continue
		}
		for _, other := range p.sessions {
			if other.endpoint == sess.endpoint || other.isSuspended() {
				continue
			}
			if cause := families.Conflict(other.endpoint.definitions, definitions, follow); cause != "" {
				return &ConflictError{First: other.instance(), Second: sess.instance(), Path: sess.path(), cause: cause}
			}
		}
	}
	return nil
}

// detach removes a session from the servers on which it has not been replaced. It returns the servers that have no other
// session: they are removed from the table, and their addresses are free. The caller holds the lock.
func (s *Servers) detach(old *session) (removed []*server) {
	for _, srv := range old.servers {
		if srv = s.byAddress[srv.address]; srv == nil { // it may have been replaced
			continue
		}
		now := srv.routes.Load().sessions
		rest := slices.DeleteFunc(slices.Clone(now), func(other *session) bool { return other == old })
		switch {
		case len(rest) == len(now):
		case len(rest) > 0:
			srv.route(rest)
		default:
			// The routes are kept for connections that are still open, and for the log of the server.
			removed = append(removed, s.remove(srv))
		}
	}
	return removed
}
