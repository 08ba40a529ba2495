package exporter

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Endpoint is what one instance serves: its part of one page, on one or more servers. It is safe for concurrent use.
type Endpoint struct {
	instance    string
	address     string // as in Options
	path        string
	version     string
	source      prometheus.TransactionalGatherer
	reload      func() error // nil when not offered
	log         *slog.Logger
	opened      time.Time
	maxRequests int
	debug       bool
	families    []Family // guarded by the lock of the table
	told        told     // what it last told of itself

	table   *Servers
	on      []*server         // written when it joins them
	missed  map[*server]error // those that did not listen then, and why
	flushed atomic.Bool
	debt    debt // of its source

	away      atomic.Bool   // closed for a reload, and not back; changed under the lock of the table
	back      chan struct{} // closed when it is back, or is no longer waited for
	lingering *time.Timer   // ends the wait; guarded by the lock of the table

	cut       context.Context // done when scrapes that still use the source are ended
	endScrape context.CancelFunc

	mu     sync.Mutex
	uses   int           // scrapes that use the source; guarded by mu
	closed bool          // no new uses; guarded by mu
	idle   chan struct{} // closed when closed is true and uses is 0

	closing  sync.Once
	closeErr error // written in closing
}

func newEndpoint(s *Servers, o Options) *Endpoint {
	e := &Endpoint{
		instance:    o.Instance,
		address:     o.Address,
		path:        o.Path,
		version:     o.Version,
		source:      o.Source,
		reload:      o.Reload,
		log:         o.log(),
		opened:      time.Now(),
		maxRequests: o.maxRequests(),
		debug:       o.Debug,
		families:    o.Families,
		told:        told{ask: o.Status},
		table:       s,
		back:        make(chan struct{}),
		idle:        make(chan struct{}),
	}
	e.cut, e.endScrape = context.WithCancel(context.Background())
	return e
}

// Addr is the first of the addresses that the endpoint listens on, with the real port. It stays the same after Close.
func (e *Endpoint) Addr() net.Addr { return e.on[0].addr() }

// Addrs are the addresses that the endpoint listens on, in the order of Options.Address. One that Options.ListenLater
// still tries to get stands there as it was asked for.
func (e *Endpoint) Addrs() []net.Addr {
	var all []net.Addr
	for _, srv := range e.on {
		all = append(all, srv.addr())
	}
	return all
}

// Listening says whether the endpoint listens on all of its addresses, as it always does without Options.ListenLater.
func (e *Endpoint) Listening() bool {
	return !slices.ContainsFunc(e.on, func(s *server) bool { return s.socket.addr() == nil })
}

// Encrypted says whether clients have to use TLS.
func (e *Endpoint) Encrypted() bool { return e.on[0].front.Load().gate.encrypted() }

func (e *Endpoint) debugs() bool { return e.debug }

// warnOpen tells of a password that others may read on its way, and of a file that protects nothing.
func (e *Endpoint) warnOpen(g *gate) {
	if g.file != nil && !g.file.tls && !g.file.users {
		e.log.Warn("web_config_file has neither TLS nor users: everybody may read", "file", g.file.path)
	}
	for _, srv := range e.on {
		if g.readable() && !isLocal(srv.addr()) {
			e.log.Warn("passwords cross the network unencrypted; web_config_file offers TLS", "address", srv.address.String())
		}
	}
}

func (e *Endpoint) warnMissed() {
	for srv, err := range e.missed {
		srv.notListening(err)
	}
}

// MarkReady says that the first flush has happened. It may be called any number of times, also after Close.
func (e *Endpoint) MarkReady() { e.flushed.Store(true) }

// ready says whether e no longer keeps its server from being ready.
func (e *Endpoint) ready() bool {
	return e.flushed.Load() || time.Since(e.opened) >= readyAfter
}

// Close takes the endpoint off its page. Addresses of which it was the last one are free on return. No scrape calls
// Gather after Close began, and those that use the source are waited for, then ended, so that Close returns within
// one second. An error means that the source did not return from Gather by then: it may still do so later, and its
// done function is called then. Further calls return what the first one returned. After CloseForReload, Close ends
// the wait for the instance to come back.
func (e *Endpoint) Close() error {
	e.closing.Do(func() { e.closeErr = e.drain(e.table.leave(e)) })
	finish(e.giveUp())
	return e.closeErr
}

// drain lets no further scrape use the source, waits for those that do, and shuts down the servers in gone.
func (e *Endpoint) drain(gone []*server) error {
	limit, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	grace, cancelGrace := context.WithTimeout(limit, closeGrace)
	defer cancelGrace()

	e.refuse()
	shutDownAll(gone, grace, e.endScrape)
	if e.awaitIdle(grace) || e.awaitIdleAfterCut(limit) {
		return nil
	}
	return fmt.Errorf("close %s at %s%s: its source has not returned from a scrape within %s",
		e.instance, e.on[0].address, e.path, closeLimit)
}

func (e *Endpoint) awaitIdleAfterCut(ctx context.Context) bool {
	e.endScrape()
	return e.awaitIdle(ctx)
}

// onCut calls f when scrapes that still use the source are ended, unless stop was called before. When stop returns, f
// does not run.
func (e *Endpoint) onCut(f func()) (stop func()) {
	ended := make(chan struct{})
	revoke := context.AfterFunc(e.cut, func() {
		defer close(ended)
		f()
	})
	return func() {
		if !revoke() {
			<-ended
		}
	}
}

// awaitIdle waits until nothing uses the source of a closed endpoint, and says whether it came to that.
func (e *Endpoint) awaitIdle(ctx context.Context) bool {
	select {
	case <-e.idle:
	case <-ctx.Done():
		// Both may be so, and then this one counts.
		select {
		case <-e.idle:
		default:
			return false
		}
	}
	e.endScrape() // frees the context
	return true
}

// acquire takes the source into use, unless the endpoint is closed. Each success is followed by one release.
func (e *Endpoint) acquire() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.uses++
	return true
}

func (e *Endpoint) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.uses--
	if e.closed && e.uses == 0 {
		close(e.idle)
	}
}

func (e *Endpoint) isOpen() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.closed
}

// refuse lets no further scrape use the source.
func (e *Endpoint) refuse() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	if e.uses == 0 {
		close(e.idle)
	}
}
