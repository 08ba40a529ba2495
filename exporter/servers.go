package exporter

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Servers is the table of HTTP servers that the instances of a process share, one server per listen address.
// The zero value is ready. It is safe for concurrent use, and must not be copied.
type Servers struct {
	// Linger is how long a server waits for an endpoint that was closed with CloseForReload to be opened again;
	// 0 means ten seconds. It is set before the first Open.
	Linger time.Duration

	activated activatedSockets
	turns     turns

	mu        sync.Mutex // guards byAddress, and the routes and the fronts of each server in it
	byAddress map[address]*server
}

// Open starts to serve o, on servers of its own or on those of the instances that are open with the same addresses.
// It takes the place of an endpoint of the same instance that was closed with CloseForReload. A taken port is retried
// for o.ListenRetry; every other error is returned at once, and names what is wrong and what would be right. After an
// error no port is open that was not before. The caller closes the endpoint.
func (s *Servers) Open(o Options) (*Endpoint, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	addresses, err := s.addressesOf(o)
	if err != nil {
		return nil, err
	}
	g, err := s.gateOf(o)
	if err != nil {
		return nil, err
	}
	e := newEndpoint(s, o)
	for deadline := time.Now().Add(o.listenRetry()); ; time.Sleep(listenPoll) {
		last := !time.Now().Before(deadline)
		gone, err := s.join(e, addresses, g, last && o.ListenLater)
		finish(gone)
		if err == nil {
			e.warnOpen(g)
			e.warnMissed()
			return e, nil
		}
		if last || o.isFinal(err) {
			return nil, err
		}
	}
}

// addressesOf resolves o.Address, or takes what it stood for before.
func (s *Servers) addressesOf(o Options) ([]address, error) {
	all, err := resolveAll(context.Background(), o.Address)
	if err == nil {
		return all, nil
	}
	before := s.keptOf(o)
	if before == nil || before.address != o.Address {
		return nil, err
	}
	var kept []address
	for _, srv := range before.on {
		kept = append(kept, srv.address)
	}
	return kept, nil
}

// gateOf reads the files of o.Web, or takes what was read of them before.
func (s *Servers) gateOf(o Options) (*gate, error) {
	g, err := o.Web.open()
	if err == nil {
		return g, nil
	}
	if before := s.keptOf(o); before != nil {
		if kept := before.on[0].front.Load().gate; kept.web == o.Web.shown() {
			return kept, nil
		}
	}
	return nil, err
}

// keptOf is the endpoint in whose place one of o comes, if that may use what it had found, or nil.
func (s *Servers) keptOf(o Options) *Endpoint {
	if !o.Keep {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.awayOf(o.Instance)
}

// join adds e to the servers of all addresses, of which it starts those that are missing, or to none. It never waits,
// because it holds the lock. Servers that had to make room are to be shut down by the caller.
func (s *Servers) join(e *Endpoint, wanted []address, g *gate, later bool) (gone []*server, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkUnique(e.instance); err != nil {
		return nil, err
	}
	addresses, err := s.expand(wanted)
	if err != nil {
		return nil, err
	}
	if err := s.checkShared(e, addresses, g); err != nil {
		return nil, err
	}
	if err := e.checkFamilies(s.at(addresses), e.families, false); err != nil {
		return nil, err
	}
	starting := starting{table: s, version: e.version, gate: g, later: later, missed: make(map[*server]error)}
	if err := starting.all(addresses); err != nil {
		return starting.gone, err
	}
	e.on, e.missed = starting.servers, starting.missed
	before := s.awayOf(e.instance)
	for _, srv := range e.on {
		if srv.front.Load().gate.outdated(g) && srv.isDeserted() {
			srv.meet(g)
		}
		srv.attach(e)
	}
	return append(starting.gone, e.follow(before)...), nil
}

// at returns the servers that there are at addresses. The caller holds the lock.
func (s *Servers) at(addresses []address) (there []*server) {
	for _, a := range addresses {
		if srv := s.byAddress[a]; srv != nil && !a.isAny() {
			there = append(there, srv)
		}
	}
	return there
}

func (s *Servers) checkUnique(instance string) error {
	for _, srv := range s.byAddress {
		for _, e := range srv.routes.Load().endpoints {
			if e.instance == instance && !e.isAway() {
				return fmt.Errorf("instance %q is open already, at %s%s; close it first", instance, srv.address, e.path)
			}
		}
	}
	return nil
}

// checkShared says what keeps e from sharing the servers at addresses with those who have them.
func (s *Servers) checkShared(e *Endpoint, addresses []address, g *gate) error {
	for _, a := range addresses {
		srv := s.byAddress[a]
		if srv == nil || a.isAny() || srv.isDeserted() {
			continue
		}
		if key := srv.front.Load().gate.difference(g); key != "" {
			return fmt.Errorf("%s and %s share the address %s (listen_address) with different %s; "+
				"write the same username, password and web_config_file in both, or another listen_address in one",
				srv.routes.Load().endpoints[0].instance, e.instance, a, key)
		}
	}
	return nil
}

// neighbour names an endpoint of another server that uses the port of a, or is empty.
func (s *Servers) neighbour(a address) string {
	for other, srv := range s.byAddress {
		if other.network == tcpNetwork && a.network == tcpNetwork && other.port == a.port {
			if es := srv.routes.Load().endpoints; len(es) > 0 {
				return fmt.Sprintf("%s at %s", es[0].instance, other)
			}
		}
	}
	return ""
}

// remove takes srv from the table and frees its address. The caller holds the lock.
func (s *Servers) remove(srv *server) {
	delete(s.byAddress, srv.address)
	srv.socket.close()
}

// leave takes e off its servers, and returns those of which it was the last one: they are gone from the table, and
// their addresses are free.
func (s *Servers) leave(e *Endpoint) (gone []*server) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.takeOff(e, e.on)
}

// takeOff takes e off some of its servers. The caller holds the lock.
func (s *Servers) takeOff(e *Endpoint, servers []*server) (gone []*server) {
	for _, srv := range servers {
		now := srv.routes.Load().endpoints
		rest := slices.DeleteFunc(slices.Clone(now), func(o *Endpoint) bool { return o == e })
		switch {
		case len(rest) == len(now):
			// Another one has its place.
		case len(rest) > 0:
			srv.route(rest)
		case s.byAddress[srv.address] == srv:
			// The routes stay: they are what a connection that is still open finds, and whose log the server uses.
			s.remove(srv)
			gone = append(gone, srv)
		}
	}
	return gone
}

// finish shuts down servers that nothing uses any more.
func finish(gone []*server) {
	if len(gone) == 0 {
		return
	}
	grace, cancel := context.WithTimeout(context.Background(), closeGrace)
	defer cancel()
	shutDownAll(gone, grace, func() {})
}

// shutDownAll shuts down servers at the same time.
func shutDownAll(servers []*server, grace context.Context, end func()) {
	var all sync.WaitGroup
	for _, srv := range servers {
		all.Go(func() {
			_ = recovered(func() error { srv.shutDown(grace, end); return nil })
		})
	}
	all.Wait()
}
