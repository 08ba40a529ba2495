package exporter

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"sync"

	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/exporter/internal/render"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/internal/fence"
)

// Reasons why families of a source are missing on a page.
const (
	reasonError   = "error"
	reasonPanic   = "panic"
	reasonTimeout = "timeout"
)

// gatherResult is what one source returned to one scrape.
type gatherResult struct {
	session  *session
	families []exposition.Family
	done     func()
	err      error
}

// makePage gathers the families of the sessions of p, merges them with the server's own metrics and renders them. On
// return, no memory of the sources is in use. Suspended sessions are left out; if wait is set, makePage returns
// errSuspended instead.
func (s *server) makePage(ctx context.Context, p *page, q query, wait bool) (*render.Page, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	all, err := s.gather(ctx, p, wait)
	for _, g := range all {
		defer s.release(g)
		defer g.session.onCancel(cancel)()
	}
	if err != nil {
		return nil, err
	}
	sources := [][]exposition.Family{s.gatherSelf()}
	for _, g := range all {
		sources = append(sources, g.families)
	}
	dropped := families.Dropped{}
	merged := families.Merge(selected(q.names, sources), dropped)
	s.reportDropped(p, dropped)
	rendered, err := s.table.renderer.Render(ctx, merged, q.format, func(bad *render.FamilyError) {
		p.counts.dropped[reasonEncoding].Inc()
		s.logs.Warn(s.log(), bad.Err, "metrics left out: the family cannot be encoded", "path", p.path, "family", bad.Family)
	})
	if err != nil && ctx.Err() == nil {
		s.logs.Warn(s.log(), err, "scrape failed", "path", p.path)
	}
	return rendered, err
}

// gather calls all sources concurrently. The failure of a source is reported, and only its families are missing on the
// page. The caller must release the results, even with an error.
func (s *server) gather(ctx context.Context, p *page, wait bool) (all []*gatherResult, err error) {
	ctx, cancel := within(ctx, gatherTimeout)
	defer cancel()
	var asking sync.WaitGroup
	for _, sess := range p.sessions {
		if why := sess.acquire(); why != nil {
			err = errors.Join(err, why)
			continue
		}
		g := &gatherResult{session: sess, done: func() {}}
		all = append(all, g)
		asking.Go(func() { g.run(ctx) })
	}
	asking.Wait()
	answered := 0
	for _, g := range all {
		s.reportGather(g)
		if errors.Is(g.err, errSuspended) || errors.Is(g.err, errClosed) || errors.Is(g.err, errDeadline) {
			err = errors.Join(err, g.err)
		} else {
			answered++
		}
	}
	if answered > 0 && !(wait && errors.Is(err, errSuspended)) {
		return all, nil
	}
	return all, err
}

// run calls the source, until ctx ends or the session is canceled.
func (g *gatherResult) run(ctx context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer g.session.onCancel(cancel)()
	g.err = fence.Run(func() error {
		families, done, err := g.session.options.Source.Gather(ctx)
		if ended := ctx.Err(); ended != nil && errors.Is(err, ended) {
			err = context.Cause(ctx) // which distinguishes a timeout from a closed session
		}
		g.families = families
		if done != nil {
			g.done = done
		}
		return err
	})
}

// release returns the families to the source.
func (s *server) release(g *gatherResult) {
	defer g.session.release()
	if err := fence.Run(func() error { g.done(); return nil }); err != nil {
		s.reportSource(g.session, reasonPanic, err)
	}
}

func (s *server) reportGather(g *gatherResult) {
	switch {
	case g.err == nil, errors.Is(g.err, errSuspended), errors.Is(g.err, errClosed):
	case errors.Is(g.err, fence.ErrPanic):
		s.reportSource(g.session, reasonPanic, fmt.Errorf("in Gather: %w", g.err))
	case errors.Is(g.err, errDeadline):
		s.reportSource(g.session, reasonTimeout, g.err)
	default:
		s.reportSource(g.session, reasonError, g.err)
	}
}

// reportSource counts and logs a failure of a source. For a session that has left the server, it only logs.
func (s *server) reportSource(sess *session, reason string, err error) {
	if counts := s.routes.Load().failures[sess.instance()]; counts != nil {
		counts[reason].Inc()
	}
	s.logs.Warn(sess.log, err, "page is incomplete: an instance did not return all of its metrics",
		"path", sess.path(), "instance", sess.instance(), "reason", reason)
}

// selected returns the families that the query selects with name[] parameters, or all families without any.
func selected(query string, sources [][]exposition.Family) [][]exposition.Family {
	values, _ := url.ParseQuery(query) // if it is malformed, the valid part counts, as in net/http
	names := values["name[]"]
	if len(names) == 0 {
		return sources
	}
	wanted := make(map[string]bool, len(names))
	for _, name := range names {
		wanted[name] = true
	}
	for i, all := range sources {
		sources[i] = slices.DeleteFunc(slices.Clone(all), func(f exposition.Family) bool { return !wanted[f.GetName()] })
	}
	return sources
}

func (s *server) reportDropped(p *page, dropped families.Dropped) {
	for reason, count := range dropped {
		p.counts.dropped[reason].Add(float64(count.Count))
		s.logs.Warn(s.log(), nil, "metrics left out: "+reason.Description(), "path", p.path, "family", count.Family)
	}
}
