// Package clients limits the resources that each client of a server uses at once.
package clients

import (
	"net/netip"
	"sync"
)

// Of identifies the client at a remote address with a port: by its IPv4 address, or by the /64 network of its IPv6
// address, because a client can use all addresses of such a network. Without an IP address, Of returns the zero Addr.
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

// A Verdict is the result of Limit.Enter.
type Verdict int

// The verdicts.
const (
	Admitted   Verdict = iota
	ClientFull         // the client has reached the limit for one client
	AllFull            // all clients together have reached the limit
)

// A Limit bounds a number of things in use, such as requests, in total and per client. The zero Limit is ready to use.
// It is safe for concurrent use.
type Limit struct {
	mu      sync.Mutex
	all     int                // guarded by mu
	clients map[netip.Addr]int // guarded by mu
}

// Enter counts one more for a client, unless all clients together have total, or this one has share. After Admitted,
// the caller must call Leave once. The zero client stands for many clients, so only total applies to it.
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

// Leave counts one less for a client.
func (l *Limit) Leave(client netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.clients[client]--; l.clients[client] == 0 {
		delete(l.clients, client)
	}
}

// Count returns the number in use, and the number of clients that use them.
func (l *Limit) Count() (all, clients int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all, len(l.clients)
}
