package exporter

import (
	"errors"
	"slices"
	"syscall"

	"github.com/promexporter/promexporter/exporter/internal/listen"
)

// An attachment finds or starts the servers of one session. The lock of the table is held.
type attachment struct {
	table   *Servers
	session *session
	servers []*server // of the addresses so far
	started []*server // those of them that are new
	removed []*server // servers that only waited for suspended instances, on a port that a new server needs
}

// bindAll finds or starts a server for every address. With an error, nothing has changed.
func (t *attachment) bindAll(addresses []listen.Addr) error {
	for _, a := range addresses {
		srv := t.table.byAddress[a]
		if a.IsAny() || srv == nil {
			var err error
			if srv, err = t.start(a); err != nil {
				t.undo()
				return err
			}
		}
		t.servers = append(t.servers, srv)
	}
	for i, srv := range t.servers {
		if srv.access.Outdated(t.session.access) && srv.allSuspended() {
			t.servers[i] = srv.replace(t.session.access)
		}
	}
	return nil
}

// start returns a new server that listens on a. It has no routes yet.
func (t *attachment) start(a listen.Addr) (*server, error) {
	l, err := t.table.sockets.Listen(a)
	if errors.Is(err, syscall.EADDRINUSE) && t.freePort(a) {
		l, err = t.table.sockets.Listen(a)
	}
	if err != nil && !t.session.options.ListenLater {
		return nil, listen.Error(a, err, t.table.neighbor(a))
	}
	if err == nil {
		a = a.WithPort(l)
	}
	srv := newServer(t.table, a, t.session)
	srv.start(l, err)
	t.started = append(t.started, srv)
	return srv, nil
}

// freePort closes the servers on the port of a that only wait for suspended instances, and reports whether there were
// any.
func (t *attachment) freePort(a listen.Addr) bool {
	before := len(t.removed)
	for other, srv := range t.table.byAddress {
		if other.SamePort(a) && srv.allSuspended() && !slices.Contains(t.servers, srv) {
			t.table.remove(srv)
			t.removed = append(t.removed, srv)
		}
	}
	return len(t.removed) > before
}

func (t *attachment) undo() {
	for _, srv := range t.started {
		t.table.remove(srv)
	}
	t.removed = append(t.removed, t.started...)
}
