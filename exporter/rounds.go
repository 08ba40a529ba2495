package exporter

import (
	"context"
	"fmt"
	"net/http"
	"sync"
)

// rounds lets scrapes that want the same page at the same time share it, so that neither the memory of the pages, which
// clients may be slow to read, nor the time to make them grows with the number of clients.
//
// One page of a kind is made at a time. Scrapes that come meanwhile wait for the next one, which is not begun before all
// of them are there: none gets a page that is older than its request. The zero value is ready; it is safe for concurrent
// use.
type rounds struct {
	mu     sync.Mutex
	making map[string]*round // by kind; guarded by mu
}

// A round is one page and the scrapes that share it.
type round struct {
	kind   string
	done   chan struct{} // closed when the page is made or given up
	answer *answer       // written before done is closed
	next   *round        // that of the scrapes that wait; guarded by rounds.mu
	users  int           // scrapes that still need the answer; guarded by rounds.mu
}

// kindOfPage tells pages apart: two requests of one kind get the same bytes.
func kindOfPage(r *http.Request, p *page) string {
	return fmt.Sprintf("%s %p %t %q %q %q", p.path, r.Context().Value(frontKey{}), wantsCreatedLines(r),
		r.Header["Accept"], r.Header["Accept-Encoding"], r.URL.RawQuery)
}

// enter takes part in a round that is not begun. Who leads makes the page, once before is done, if that is not nil.
func (s *rounds) enter(kind string) (r, before *round, leads bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.making[kind]
	switch {
	case now == nil:
		r = newRound(kind)
		s.begun(r)
		return r, nil, true
	case now.next == nil:
		now.next = newRound(kind)
		return now.next, now, true
	}
	now.next.users++
	return now.next, nil, false
}

func newRound(kind string) *round { return &round{kind: kind, done: make(chan struct{}), users: 1} }

// begin lets nobody else take part in r.
func (s *rounds) begin(r *round) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun(r)
}

func (s *rounds) begun(r *round) {
	if s.making == nil {
		s.making = make(map[string]*round)
	}
	s.making[r.kind] = r
}

// finish gives the page of r to those who wait for it.
func (s *rounds) finish(r *round, a *answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.answer = a
	close(r.done)
	if s.making[r.kind] == r && r.next == nil {
		delete(s.making, r.kind)
	}
}

// leave says whether the caller was the last one to need the answer of r.
func (s *rounds) leave(r *round) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.users--
	return r.users == 0
}

// await waits for r, and says whether it came to an end in time.
func (r *round) await(ctx context.Context) bool {
	select {
	case <-r.done:
		return true
	case <-ctx.Done():
		return false
	}
}

// made returns the page for a request, and what is to be called when it was sent. A scrape whose turn with others takes
// too long, or gives no page, makes one of its own.
func (s *server) made(v *visit, r *http.Request, p *page, b budget) (a *answer, sent func()) {
	ctx, cancel := context.WithTimeout(context.Background(), b.together())
	defer cancel()
	shared, before, leads := s.rounds.enter(kindOfPage(r, p))
	leave := func() {
		if s.rounds.leave(shared) {
			s.bodies.keep(shared.answer)
		}
	}
	if leads {
		if before != nil {
			before.await(ctx)
			s.rounds.begin(shared)
		}
		a = s.bodies.newAnswer()
		defer s.rounds.finish(shared, a)
		s.fill(a, v, r, p, b)
		return a, leave
	}
	if shared.await(ctx) && shared.answer.code == http.StatusOK && !v.wasCut() {
		return shared.answer, leave
	}
	a = s.bodies.newAnswer()
	s.fill(a, v, r, p, b)
	return a, func() { leave(); s.bodies.keep(a) }
}

// fill makes the page in a, for as long as the visit lasts. What a panic leaves of a page is for nobody who shares it.
func (s *server) fill(a *answer, v *visit, r *http.Request, p *page, b budget) {
	v.fills(a)
	defer v.fills(nil)
	whole := false
	defer func() {
		if !whole {
			a.fail(http.StatusInternalServerError, "the page could not be made; the log says why")
		}
	}()
	s.render(a, r, p, b)
	whole = true
}
