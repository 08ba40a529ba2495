package exporter

import (
	"fmt"
	"net/http"
	"net/netip"
	"sync"

	"github.com/promexporter/promexporter/exporter/internal/listen"
)

// A requestLimit bounds the requests that are in flight, in all and for each client. The zero value is ready.
type requestLimit struct {
	mu      sync.Mutex
	all     int                // guarded by mu
	clients map[netip.Addr]int // guarded by mu
}

// refusal says why a request is refused. The zero refusal does not.
type refusal struct {
	code int
	text string
}

// enter counts one of at most limit requests, which ends with leave, or says why it is refused.
func (l *requestLimit) enter(limit int, r *http.Request) (leave func(), no refusal) {
	client := listen.Client(r.RemoteAddr)
	share := max(1, limit/clientShare)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case client.IsValid() && l.clients[client] >= share:
		return nil, refusal{http.StatusTooManyRequests, fmt.Sprintf(
			"%d requests for %s of your address are in flight, which is the limit for one client; try again later", share, r.URL.Path)}
	case l.all >= limit:
		return nil, refusal{http.StatusServiceUnavailable, fmt.Sprintf(
			"%d requests for %s are in flight, which is the limit; try again later", limit, r.URL.Path)}
	}
	if l.clients == nil {
		l.clients = make(map[netip.Addr]int)
	}
	l.all++
	l.clients[client]++
	return func() { l.leave(client) }, refusal{}
}

func (l *requestLimit) leave(client netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all--
	if l.clients[client]--; l.clients[client] == 0 {
		delete(l.clients, client)
	}
}

// send answers with the refusal.
func (no refusal) send(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, fmt.Sprintf("%d %s", no.code, no.text), no.code)
}
