package exporter

import (
	"errors"
	"net"
	"slices"
	"syscall"
)

// starting finds or starts the servers of one endpoint. The lock of the table is held.
type starting struct {
	table   *Servers
	version string
	gate    *gate
	later   bool              // whether a server may start without a listener
	servers []*server         // of the addresses so far
	begun   []*server         // those of them that are new
	gone    []*server         // deserted ones that had to make room
	missed  map[*server]error // why those of begun that have no listener have none
}

// all gives every address a server, or leaves everything as it was.
func (t *starting) all(addresses []address) error {
	for _, a := range addresses {
		srv := t.table.byAddress[a]
		if a.isAny() || srv == nil {
			var err error
			if srv, err = t.start(a); err != nil {
				t.undo()
				return err
			}
		}
		t.servers = append(t.servers, srv)
	}
	return nil
}

// start listens on a and serves. The new server has no endpoint yet.
func (t *starting) start(a address) (*server, error) {
	l, err := t.table.listen(a)
	if errors.Is(err, syscall.EADDRINUSE) && t.makeRoom(a) {
		l, err = t.table.listen(a)
	}
	if err != nil && !t.later {
		return nil, listenError(a, err, t.table.neighbour(a))
	}
	if err == nil {
		a = a.withPort(l)
	}
	srv := newServer(a, t.version)
	srv.turns = &t.table.turns
	if err == nil {
		srv.socket.use(l)
	} else {
		t.missed[srv] = listenError(a, err, t.table.neighbour(a))
	}
	if t.table.byAddress == nil {
		t.table.byAddress = make(map[address]*server)
	}
	t.table.byAddress[a] = srv
	t.begun = append(t.begun, srv)
	srv.serve(t.gate, func() (net.Listener, error) { return t.table.listenAgain(a) })
	return srv, nil
}

// listenAgain takes an address that was not to be had before.
func (s *Servers) listenAgain(a address) (net.Listener, error) {
	l, err := s.listen(a)
	if err != nil {
		return nil, listenError(a, err, "")
	}
	return l, nil
}

// makeRoom closes the servers on the port of a that only wait for an instance to come back, and says whether there
// were any.
func (t *starting) makeRoom(a address) bool {
	before := len(t.gone)
	for other, srv := range t.table.byAddress {
		if other.network == a.network && other.port == a.port && srv.isDeserted() && !slices.Contains(t.servers, srv) {
			t.table.remove(srv)
			t.gone = append(t.gone, srv)
		}
	}
	return len(t.gone) > before
}

func (t *starting) undo() {
	for _, srv := range t.begun {
		t.table.remove(srv)
	}
	t.gone = append(t.gone, t.begun...)
}
