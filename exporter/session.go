package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/listen"
)

// A session is an endpoint from Open or Resume until the next Suspend or Close: its options, where it is served, and the
// scrapes that use its source.
type session struct {
	endpoint  *Endpoint
	options   *Options
	log       *slog.Logger
	access    *access.Access
	addresses []listen.Addr
	servers   []*server // one per address; set when the session is attached to them

	ctx    context.Context // ends when scrapes that still use the source have to end; the cause says why
	cancel context.CancelCauseFunc

	mu             sync.Mutex
	scrapes        int           // that use the source; guarded by mu
	endErr         error         // why no more scrapes may, or nil; guarded by mu
	idle           chan struct{} // closed when ended is not nil and scrapes is 0
	suspensionOver chan struct{} // closed when a suspended session has a successor, or is given up
}

// Why a session ended.
var (
	errSuspended = errors.New("an instance of this page is being reloaded; try again")
	errClosed    = errors.New("an instance of this page is closing; try again")
)

func newSession(e *Endpoint, o Options, a *access.Access, addresses []listen.Addr) *session {
	s := &session{
		endpoint: e, options: &o, log: o.log(), access: a, addresses: addresses,
		idle: make(chan struct{}), suspensionOver: make(chan struct{}),
	}
	s.ctx, s.cancel = context.WithCancelCause(context.Background())
	return s
}

func (s *session) instance() string { return s.options.Instance }

func (s *session) path() string { return string(s.options.Path) }

// acquire takes the source into use, or returns why the session ended. Each success is followed by one release.
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

// checkIdle closes idle when it is time to. The caller holds mu.
func (s *session) checkIdle() {
	if s.endErr != nil && s.scrapes == 0 {
		close(s.idle)
	}
}

// end lets no further scrape use the source. It is called once.
func (s *session) end(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.endErr = why
	s.checkIdle()
}

// abandon ends the wait for a successor of a suspended session. It may be called more than once.
func (s *session) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.endErr == errSuspended {
		s.endErr = errClosed
		close(s.suspensionOver)
	}
}

// isSuspended reports whether scrapes wait for a successor.
func (s *session) isSuspended() bool { return s.endCause() == errSuspended }

// isOpen reports whether scrapes may use the source.
func (s *session) isOpen() bool { return s.endCause() == nil }

// endCause is why no more scrapes may use the source, or nil.
func (s *session) endCause() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.endErr
}

// onCancel cancels a scrape that uses the source with the cause, when it has to end before stop is called.
func (s *session) onCancel(cancel context.CancelCauseFunc) (stop func() bool) {
	return context.AfterFunc(s.ctx, func() { cancel(context.Cause(s.ctx)) })
}

// drain waits until no scrape uses the source. It ends those that do when grace is over, and gives up at limit.
func (s *session) drain(grace, limit context.Context) error {
	select {
	case <-s.idle:
	case <-grace.Done():
	}
	s.cancel(s.endCause())
	select {
	case <-s.idle:
		return nil
	case <-limit.Done():
		return fmt.Errorf("close %s at %s%s: its source has not returned from a scrape within %s",
			s.instance(), s.servers[0].address, s.path(), closeLimit)
	}
}
