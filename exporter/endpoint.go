package exporter

import (
	"context"
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

// Suspend lets no further scrape use the source, for an instance that is about to be opened again: its servers go on, so
// that no client is refused in between, and scrapes of its page wait for Resume, for some seconds at most. Scrapes that
// use the source are waited for, then ended, so that Suspend returns within one second. An error means that the source did
// not return from Gather by then.
//
// Resume or Close must follow. Nothing else ends the suspension.
func (e *Endpoint) Suspend() error {
	e.closing.Lock()
	defer e.closing.Unlock()
	s := e.session.Load()
	if !s.isOpen() {
		return nil
	}
	s.end(errSuspended)
	grace, limit, cancel := closeTimes()
	defer cancel()
	return s.drain(grace, limit)
}

// Resume serves o in the place of what was served before Suspend: on the addresses that both have, the connections and
// the self-metrics stay, unless o has other users or TLS. Then the address is closed and opened anew. On return, addresses
// that o does not have are free. Addresses and files of o.Web that cannot be read now, and were the same before, are taken
// as they were found then.
//
// After an error the endpoint is suspended as before.
func (e *Endpoint) Resume(o Options) error {
	e.closing.Lock()
	defer e.closing.Unlock()
	if e.isClosed {
		return errClosed
	}
	o.ListenLater = true
	return e.table.open(e, o)
}

// Close takes the endpoint off its page. Addresses of which it was the last one are free on return. No scrape calls
// Gather after Close began, and those that use the source are waited for, then ended, so that Close returns within one
// second. An error means that the source did not return from Gather by then: it may still do so later, and its done
// function is called then. Further calls return what the first one returned.
func (e *Endpoint) Close() error {
	e.closing.Lock()
	defer e.closing.Unlock()
	if e.isClosed {
		return e.closeErr
	}
	e.isClosed = true
	s := e.session.Load()
	removed := e.table.detach(e)
	if s.isOpen() {
		s.end(errClosed)
	}
	s.abandon()
	grace, limit, cancel := closeTimes()
	defer cancel()
	shutDown(removed, grace)
	e.closeErr = s.drain(grace, limit)
	return e.closeErr
}

// closeTimes returns when scrapes have had the time to end by themselves, and when Close returns at the latest.
func closeTimes() (grace, limit context.Context, cancel func()) {
	limit, cancelLimit := context.WithTimeout(context.Background(), closeLimit)
	grace, cancelGrace := context.WithTimeout(limit, closeGrace)
	return grace, limit, func() { cancelGrace(); cancelLimit() }
}

// Redefine replaces Options.Definitions, when the source is about to give other families. A *ConflictError says that another
// instance of the page stands against it; then they stay as they were. An instance that has its definition of the same
// origin is expected to follow, and stands against nothing of it.
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

// Addrs are the addresses that the endpoint listens on, with their real ports, in the order of Options.Addresses. One that
// it cannot listen on yet is as it was asked for.
func (e *Endpoint) Addrs() []net.Addr {
	var all []net.Addr
	for _, srv := range e.session.Load().servers {
		all = append(all, srv.addr())
	}
	return all
}

// Listening reports whether the endpoint listens on all of its addresses, as it always does after Open without
// Options.ListenLater.
func (e *Endpoint) Listening() bool {
	return !slices.ContainsFunc(e.session.Load().servers, func(s *server) bool { return s.listener() == nil })
}

// Encrypted reports whether clients have to use TLS.
func (e *Endpoint) Encrypted() bool { return e.session.Load().access.Encrypted() }

// MarkReady says that the first flush has happened. It may be called any number of times, also after Close.
func (e *Endpoint) MarkReady() { e.flushed.Store(true) }

// ready reports whether e no longer keeps its server from being ready.
func (e *Endpoint) ready() bool {
	return e.flushed.Load() || time.Since(e.opened) >= readyAfter
}

// warnOpen logs that others may read a password on its way, or that a file protects nothing.
func (s *session) warnOpen() {
	if s.access.ProtectsNothing() {
		s.log.Warn("web_config_file has neither TLS nor users: everybody may read", "file", s.options.Access.ConfigFile)
	}
	for _, srv := range s.servers {
		if s.access.ExposesPasswords() && !listen.IsLocal(srv.addr()) {
			s.log.Warn("passwords cross the network unencrypted; web_config_file offers TLS", "address", srv.address.String())
		}
	}
}
