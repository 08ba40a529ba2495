package exporter

import (
	"context"
	"errors"
	"runtime"
	"sync"

	"github.com/promexporter/promexporter/exporter/internal/render"
)

// sharedPages makes pages, pagesAtOnce at most, and lets scrapes that want the same one share it: neither the memory of
// the pages, which clients may be slow to read, nor the time to make them grows with the number of clients. More pages at
// once would be made no sooner, but take the processors from those who make the metrics.
//
// A scrape that comes while its page is being made waits for the next one, so that no scrape gets a page that is older
// than its request. The zero value is ready; it is safe for concurrent use.
type sharedPages struct {
	once sync.Once
	sem  chan struct{} // holds an element for each page that is being made

	mu      sync.Mutex
	waiting map[pageKey]*sharedPage // those that nobody has begun to make; guarded by mu
}

// pageKey tells pages apart: two scrapes with the same key get the same bytes.
type pageKey struct {
	server *server
	page   *page
	query  query
}

// A sharedPage is one page and the scrapes that share it.
type sharedPage struct {
	scrapes int           // that wait for it; guarded by sharedPages.mu
	done    chan struct{} // closed when the fields below are written
	page    *render.Page
	err     error
}

var errNotMade = errors.New("the page was not made")

// get returns the page of a key, which the caller writes or discards. The first scrape that waits for it calls do;
// shared reports that another one did, with a context of its own.
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
		s.leave(one)
		return nil, true, context.Cause(ctx)
	}
}

// join enters a scrape for a page that nobody has begun to make. The first one has to make it.
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

// make makes the page when it is its turn. After a panic those who wait get errNotMade.
func (s *sharedPages) make(ctx context.Context, key pageKey, one *sharedPage, do func() (*render.Page, error)) {
	defer close(one.done)
	begun := s.acquire(ctx)
	if begun {
		defer func() { <-s.sem }()
	}
	s.mu.Lock()
	delete(s.waiting, key) // scrapes that come now get the next page
	s.mu.Unlock()
	if !begun {
		one.err = context.Cause(ctx)
		return
	}
	p, err := do()
	s.mu.Lock()
	defer s.mu.Unlock()
	one.page, one.err = p, err
	if err == nil {
		p.Share(one.scrapes)
	}
}

// acquire waits for a turn, and reports whether it came before ctx ended.
func (s *sharedPages) acquire(ctx context.Context) bool {
	s.once.Do(func() { s.sem = make(chan struct{}, max(1, min(pagesAtOnce, runtime.GOMAXPROCS(0)/2))) })
	select {
	case s.sem <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// leave is for a scrape that no longer waits.
func (s *sharedPages) leave(one *sharedPage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.page != nil {
		one.page.Discard() // it came at the same moment
		return
	}
	one.scrapes--
}
