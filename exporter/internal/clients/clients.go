// Package clients bounds what each client of a server may have at once.
package clients

import (
	"net/netip"
	"sync"
)

// Of returns what identifies the client at a remote address with a port: its IP address, or the network of 64 bits of
// an IPv6 address, because a client has all of it to choose from. It is the zero Addr without an IP address.
func Of(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	if ip := a.Addr().Unmap(); ip.Is4() {
		return ip
	}
	network, _ := a.Addr().WithZone("").Prefix(64) // an IPv6 address always has one
	return network.Addr()
}

// A Verdict says whether a client may begin something.
type Verdict int

// The verdicts.
const (
	Admitted   Verdict = iota
	ClientFull         // the client has as much as one client may have
	AllFull            // all clients together have as much as there may be
)

// A Limit bounds what is in progress, in all and for each client. The zero Limit is ready. It is safe for concurrent
// use.
type Limit struct {
	mu      sync.Mutex
	all     int                // guarded by mu
	clients map[netip.Addr]int // guarded by mu
}

// Enter counts one more of a client, unless all clients have total of them or this one has share. Each Admitted is
// followed by one Leave. A zero client, which may be many, is bounded by total only.
func (l *Limit) Enter(client netip.Addr, total, share int) Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case client.IsValid() && l.clients[client] >= share:
		return ClientFull
	case l.all >= total:
		return AllFull
	}
	if l.clients == nil {
		l.clients = make(map[netip.Addr]int)
	}
	l.all++
	l.clients[client]++
	return Admitted
}

// Leave ends one that the client entered.
func (l *Limit) Leave(client netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.clients[client]--; l.clients[client] == 0 {
		delete(l.clients, client)
	}
}

// Count returns how much is in progress, and of how many clients.
func (l *Limit) Count() (all, clients int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all, len(l.clients)
}
