package exporter

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/promexporter/promexporter/exporter/internal/render"
)

// sharedPages makes pages, at most pagesAtOnce at a time, and lets scrapes of the same page share it. This way the time
// to make pages, and the memory of pages that clients read slowly, do not grow with the number of clients. Making more
// pages at a time would not be faster, but would take processor time from flushes.
//
// A scrape that arrives while its page is being made waits for the next one, so that no scrape gets a page that is
// older than its request. The zero value is ready to use. sharedPages is safe for concurrent use.
type sharedPages struct {
	once sync.Once
	sem  chan struct{} // a semaphore: has an element for each page that is being made

	mu      sync.Mutex
	waiting map[pageKey]*sharedPage // pages that are not being made yet; guarded by mu
}

// pageKey identifies a page: two scrapes with the same key get the same bytes.
type pageKey struct {
	server *server
	page   *page
	query  query
}

// A sharedPage is one page and the scrapes that share it.
type sharedPage struct {
	scrapes int           // number of scrapes that wait for it; guarded by sharedPages.mu
	done    chan struct{} // closed when page and err are set
	page    *render.Page
	err     error
}

var errNotMade = errors.New("the page was not rendered")

// get returns the page of a key. The caller must write or discard it. The first scrape that waits for a page calls do;
// shared reports that another scrape called it, with its own context.
func (s *sharedPages) get(ctx context.Context, key pageKey, do func() (*render.Page, error)) (p *render.Page, shared bool, err error) {
	one, first := s.join(key)
	if first {
		s.make(ctx, key, one, do)
		return one.page, false, one.err
	}
	select {
	case <-one.done:
		return one.page, true, one.err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		one.scrapes--
		return nil, true, context.Cause(ctx)
	}
}

// join adds a scrape to a page that is not being made yet. The first scrape has to make it.
func (s *sharedPages) join(key pageKey) (one *sharedPage, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one = s.waiting[key]
	if one == nil {
		if s.waiting == nil {
			s.waiting = make(map[pageKey]*sharedPage)
		}
		one = &sharedPage{done: make(chan struct{}), err: errNotMade}
		s.waiting[key] = one
		first = true
	}
	one.scrapes++
	return one, first
}

// make makes the page after it has acquired the semaphore. After a panic, the other scrapes get errNotMade.
func (s *sharedPages) make(ctx context.Context, key pageKey, one *sharedPage, do func() (*render.Page, error)) {
	defer close(one.done)
	begun := s.acquire(ctx)
	if begun {
		defer func() { <-s.sem }()
	}
	s.mu.Lock()
	delete(s.waiting, key) // scrapes that arrive from now on get the next page
	s.mu.Unlock()
	if !begun {
		one.err = context.Cause(ctx)
		return
	}
	p, err := do()
	s.mu.Lock()
	defer s.mu.Unlock()
	one.page, one.err = p, err
	if err == nil && one.scrapes > 1 {
		p.Share()
	}
}

// acquire acquires the semaphore, and reports whether it did so before ctx ended.
func (s *sharedPages) acquire(ctx context.Context) bool {
	s.once.Do(func() { s.sem = make(chan struct{}, max(1, min(pagesAtOnce, runtime.GOMAXPROCS(0)/2))) })
	select {
	case s.sem <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}
