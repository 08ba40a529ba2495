package exporter

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/listen"
)

// Endpoint is what one instance serves: its part of one page, on one or more servers. It is safe for concurrent use.
type Endpoint struct {
	table   *Servers
	opened  time.Time
	flushed atomic.Bool

	session     atomic.Pointer[session] // never nil; replaced under the lock of the table
	definitions []Definition            // guarded by the lock of the table

	closing  sync.Mutex // held by Suspend, Resume and Close
	isClosed bool       // guarded by closing
	closeErr error      // guarded by closing
}

// Suspend keeps further scrapes from using the source, before the instance is opened again. The servers keep running,
// so that no client is refused meanwhile, and scrapes of the page wait for Resume, for a few seconds at most. Suspend
// waits for scrapes that use the source, then cancels them, and returns within one second. An error means that Gather
// did not return in that time.
//
// The caller must call Resume or Close later. Nothing else ends the suspension.
func (e *Endpoint) Suspend() error {
	e.closing.Lock()
	defer e.closing.Unlock()
	s := e.session.Load()
	if !s.isOpen() {
		return nil
	}
	s.end(errSuspended)
	return s.drain()
}

// Resume serves o in place of what was served before Suspend. On the addresses that both have, the connections and the
// self-metrics are kept, unless o has other users or TLS settings. In this case the address is closed and opened again.
// On return, addresses that o does not have are free. If a host name cannot be resolved now, or a file of o.Access
// cannot be read, and o names the same ones as before, the earlier result is used.
//
// After an error, the endpoint is still suspended.
func (e *Endpoint) Resume(o Options) error {
	e.closing.Lock()
	defer e.closing.Unlock()
	if e.isClosed {
		return errClosed
	}
	o.ListenLater = true
	return e.table.open(e, o)
}

// Close removes the endpoint from its page. On return, the addresses that no other endpoint uses are free. No scrape
// calls Gather after Close has started. Close waits for scrapes that use the source, then cancels them, and returns
// within one second. An error means that Gather did not return in that time; if it returns later, its done function is
// still called. Further calls return the result of the first one.
func (e *Endpoint) Close() error {
	e.closing.Lock()
	defer e.closing.Unlock()
	if e.isClosed {
		return e.closeErr
	}
	e.isClosed = true
	s := e.session.Load()
	e.table.mu.Lock()
	removed := e.table.detach(s)
	e.table.mu.Unlock()
	if s.isOpen() {
		s.end(errClosed)
	}
	s.abandon()
	var closing sync.WaitGroup
	closing.Go(func() { shutDown(removed) })
	e.closeErr = s.drain()
	closing.Wait()
	return e.closeErr
}

// Redefine replaces Options.Definitions, before the source returns other families. It returns a *ConflictError, and
// changes nothing, if they conflict with those of another instance of the page. Definitions of the same origin do not
// conflict, because the other instance is expected to change them too.
func (e *Endpoint) Redefine(definitions []Definition) error {
	e.table.mu.Lock()
	defer e.table.mu.Unlock()
	s := e.session.Load()
	if err := e.table.checkDefinitions(s, s.servers, definitions, true); err != nil {
		return err
	}
	e.definitions = definitions
	return nil
}

// Addrs returns the addresses that the endpoint listens on, with their actual ports, in the order of Options.Addresses.
// An address on which it does not listen yet is returned as configured.
func (e *Endpoint) Addrs() []net.Addr {
	var all []net.Addr
	for _, srv := range e.session.Load().servers {
		all = append(all, srv.addr())
	}
	return all
}

// Listening reports whether the endpoint listens on all of its addresses, which is always true after Open without
// Options.ListenLater.
func (e *Endpoint) Listening() bool {
	return !slices.ContainsFunc(e.session.Load().servers, func(s *server) bool { return s.listener.Load() == nil })
}

// Encrypted reports whether clients have to use TLS.
func (e *Endpoint) Encrypted() bool { return e.session.Load().access.Encrypted() }

// MarkReady reports to the endpoint that the first flush has happened. It may be called any number of times, even after
// Close.
func (e *Endpoint) MarkReady() { e.flushed.Store(true) }

// ready reports whether the endpoint counts as ready.
func (e *Endpoint) ready() bool {
	return e.flushed.Load() || time.Since(e.opened) >= readyAfter
}

// warnOpen logs a warning if passwords are sent unencrypted, or if web_config_file protects nothing.
func (s *session) warnOpen() {
	if s.access.ProtectsNothing() {
		s.log.Warn("web_config_file has neither TLS nor users; anyone can read the metrics", "file", s.options.Access.ConfigFile)
	}
	for _, srv := range s.servers {
		if s.access.ExposesPasswords() && !listen.IsLocal(srv.addr()) {
			s.log.Warn("passwords are sent unencrypted; enable TLS in web_config_file", "address", srv.address.String())
		}
	}
}
