package exporter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/listen"
)

// A session is the life of an endpoint from Open or Resume until the next Suspend or Close: its options, its servers,
// and the scrapes that use its source.
type session struct {
	endpoint  *Endpoint
	options   *Options
	log       *slog.Logger
	access    *access.Access
	addresses []listen.Addr
	servers   []*server // one per address; set when the session is attached to them

	ctx    context.Context // canceled to end the scrapes that still use the source
	cancel context.CancelCauseFunc

	mu             sync.Mutex
	scrapes        int           // number of scrapes that use the source; guarded by mu
	endErr         error         // why no more scrapes may use it, or nil; guarded by mu
	idle           chan struct{} // closed when endErr is not nil and scrapes is 0
	suspensionOver chan struct{} // closed when a suspended session is replaced or abandoned
}

// Reasons why a session ended.
var (
	errSuspended = errors.New("an instance of this page is being reloaded; try again")
	errClosed    = errors.New("an instance of this page is closing; try again")
)

func newSession(e *Endpoint, o Options, a *access.Access, addresses []listen.Addr) *session {
	o.MaxRequests = cmp.Or(o.MaxRequests, defaultMaxRequests)
	s := &session{
		endpoint: e, options: &o, log: o.log(), access: a, addresses: addresses,
		idle: make(chan struct{}), suspensionOver: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

func (s *session) instance() string { return s.options.Instance }

func (s *session) path() string { return string(s.options.Path) }

// acquire registers a scrape that uses the source, or returns why the session ended. After success, the caller must
// call release once.
func (s *session) acquire() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endErr == nil {
		s.scrapes++
	}
	return s.endErr
}

func (s *session) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scrapes--
	s.checkIdle()
}

// checkIdle closes idle if the session has ended and no scrape uses the source. The caller holds mu.
func (s *session) checkIdle() {
	if s.endErr != nil && s.scrapes == 0 {
		close(s.idle)
	}
}

// end keeps further scrapes from using the source. It is called once.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endErr = why
	s.checkIdle()
}

// abandon ends the wait of scrapes for the successor of a suspended session. It may be called more than once.
func (s *session) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endErr == errSuspended {
		s.endErr = errClosed
		close(s.suspensionOver)
	}
}

// isSuspended reports whether scrapes have to wait for a successor.
func (s *session) isSuspended() bool { return s.endCause() == errSuspended }

// isOpen reports whether scrapes may use the source.
func (s *session) isOpen() bool { return s.endCause() == nil }

// endCause returns why no more scrapes may use the source, or nil.
func (s *session) endCause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endErr
}

// onCancel calls cancel with the cause if the session is canceled before stop is called.
func (s *session) onCancel(cancel context.CancelCauseFunc) (stop func() bool) {
	return context.AfterFunc(s.ctx, func() { cancel(context.Cause(s.ctx)) })
}

// drain waits until no scrape uses the source. After closeGrace it cancels the scrapes, and after closeLimit it returns
// an error. The session has ended.
func (s *session) drain() error {
	limit := time.After(closeLimit)
	select {
	case <-s.idle:
	case <-time.After(closeGrace):
	}
	s.cancel(s.endCause())
	select {
	case <-s.idle:
		return nil
	case <-limit:
		return fmt.Errorf("close %s at %s%s: its source has not returned from a scrape within %s",
			s.instance(), s.servers[0].address, s.path(), closeLimit)
	}
}
