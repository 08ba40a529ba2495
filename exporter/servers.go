package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Servers is the table of HTTP servers that the instances of a process share, one server per listen address.
// The zero value is ready. It is safe for concurrent use, and must not be copied.
type Servers struct {
	mu        sync.Mutex // guards byAddress and the routes of each server in it
	byAddress map[address]*server
}

// Open starts to serve o, on a server of its own or on that of the instances which are open with the same address.
// A taken port is retried for o.ListenRetry; every other error is returned at once, and names what is wrong and
// what would be right. The caller closes the endpoint.
func (s *Servers) Open(o Options) (*Endpoint, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	a, err := resolve(context.Background(), o.Address)
	if err != nil {
		return nil, err
	}
	e := newEndpoint(s, o)
	for deadline := time.Now().Add(o.listenRetry()); ; time.Sleep(listenPoll) {
		err = s.join(e, a)
		if err == nil {
			return e, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) || !time.Now().Before(deadline) {
			return nil, err
		}
	}
}

// join adds e to the server at a, which it starts if there is none. It never waits, because it holds the lock.
func (s *Servers) join(e *Endpoint, a address) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkUnique(e.instance); err != nil {
		return err
	}
	srv := s.byAddress[a]
	if a.port == 0 || srv == nil {
		var err error
		if srv, err = s.start(a, e); err != nil {
			return err
		}
	}
	e.server = srv
	srv.attach(e)
	return nil
}

func (s *Servers) checkUnique(instance string) error {
	for _, srv := range s.byAddress {
		for _, e := range srv.routes.Load().endpoints {
			if e.instance == instance {
				return fmt.Errorf("instance %q is open already, at %s%s; close it first", instance, srv.address, e.path)
			}
		}
	}
	return nil
}

// start listens on a and serves. The new server has no endpoint yet.
func (s *Servers) start(a address, first *Endpoint) (*server, error) {
	l, err := a.listen()
	if err != nil {
		return nil, listenError(a, err, s.neighbour(a))
	}
	srv := newServer(a.bound(l), first.version)
	if s.byAddress == nil {
		s.byAddress = make(map[address]*server)
	}
	s.byAddress[srv.address] = srv
	srv.serve(l)
	return srv, nil
}

// neighbour names an endpoint of another server that uses the port of a, or is empty.
func (s *Servers) neighbour(a address) string {
	for other, srv := range s.byAddress {
		if other.port == a.port {
			if es := srv.routes.Load().endpoints; len(es) > 0 {
				return fmt.Sprintf("%s at %s", es[0].instance, other)
			}
		}
	}
	return ""
}

// leave takes e off its server. When e was the last one, the server is gone from the table and the port is free.
func (s *Servers) leave(e *Endpoint) (last bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(e.server.routes.Load().endpoints), func(o *Endpoint) bool { return o == e })
	if len(rest) > 0 {
		e.server.detach(e, rest)
		return false
	}
	// The routes stay: they are what a connection that is still open finds, and whose log the server uses.
	delete(s.byAddress, e.server.address)
	e.server.stopListening()
	return true
}
