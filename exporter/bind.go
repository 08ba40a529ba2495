package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"

	"github.com/promexporter/promexporter/exporter/internal/listen"
)

// bind returns a server for each address of next, starting those that do not exist; they have no routes yet. removed are
// servers on ports that were needed, and, after an error, those that were started. The caller holds the lock.
func (s *Servers) bind(next *session, addresses []listen.Addr) (bound, removed []*server, err error) {
	for _, a := range addresses {
		srv := s.byAddress[a]
		if a.IsAny() || srv == nil {
			l, err := s.sockets.Listen(a)
			if errors.Is(err, syscall.EADDRINUSE) {
				removed = append(removed, s.freePort(a, bound)...)
				l, err = s.sockets.Listen(a)
			}
			if err != nil && !next.options.ListenLater {
				return nil, append(removed, s.removeUnused(bound)...), listen.Error(a, err, s.neighbor(a))
			}
			if err == nil {
				a = a.WithPort(l)
			}
			srv = newServer(s, a, next)
			srv.start(l, err)
		}
		bound = append(bound, srv)
	}
	for i, srv := range bound {
		if srv.access.Outdated(next.access) && srv.allSuspended() {
			bound[i] = srv.replace(next.access)
		}
	}
	return bound, removed, nil
}

// freePort removes the servers on the port of a that only wait for suspended instances, except for those in keep.
func (s *Servers) freePort(a listen.Addr, keep []*server) (removed []*server) {
	for other, srv := range s.byAddress {
		if other.SamePort(a) && srv.allSuspended() && !slices.Contains(keep, srv) {
			removed = append(removed, s.remove(srv))
		}
	}
	return removed
}

// removeUnused removes those of the servers that have no session.
func (s *Servers) removeUnused(servers []*server) (removed []*server) {
	for _, srv := range servers {
		if len(srv.routes.Load().sessions) == 0 {
			removed = append(removed, s.remove(srv))
		}
	}
	return removed
}

// neighbor names an instance of another server that uses the port of a, or returns "".
func (s *Servers) neighbor(a listen.Addr) string {
	for other, srv := range s.byAddress {
		if sessions := srv.routes.Load().sessions; len(sessions) > 0 && other.SamePort(a) {
			return fmt.Sprintf("%s at %s", sessions[0].instance(), other)
		}
	}
	return ""
}

// add adds srv to the table. The caller holds the lock.
func (s *Servers) add(srv *server) {
	if s.byAddress == nil {
		s.byAddress = make(map[listen.Addr]*server)
	}
	s.byAddress[srv.address] = srv
}

// remove removes srv from the table, frees its address, and returns it. The caller holds the lock.
func (s *Servers) remove(srv *server) *server {
	delete(s.byAddress, srv.address)
	srv.stop()
	return srv
}

// shutDown waits for the requests of removed servers, for closeGrace at most, then closes their connections.
func shutDown(removed []*server) {
	grace, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	var all sync.WaitGroup
	for _, srv := range removed {
		all.Go(func() { srv.shutDown(grace) })
	}
	all.Wait()
}
