package exporter

import (
	"fmt"
	"net/http"

	"github.com/promexporter/promexporter/exporter/internal/clients"
)

// A requestLimit bounds the requests in flight, in total and per client. The zero value is ready to use.
type requestLimit struct{ clients.Limit }

// A refusal is the answer to a request that is refused.
type refusal struct {
	code int
	text string
}

// enter counts a request of at most limit in flight, until leave is called. If leave is nil, the request is refused.
func (l *requestLimit) enter(limit int, r *http.Request) (leave func(), no refusal) {
	client := clients.Of(r.RemoteAddr)
	share := max(1, limit/clientShare)
	switch l.Enter(client, limit, share) {
	case clients.ClientFull:
		return nil, refusal{http.StatusTooManyRequests, fmt.Sprintf(
			"%d requests from your address for %s are in flight, the limit for one client; try again later", share, r.URL.Path)}
	case clients.AllFull:
		return nil, refusal{http.StatusServiceUnavailable, fmt.Sprintf(
			"%d requests for %s are in flight, the limit of all clients; try again later", limit, r.URL.Path)}
	}
	return func() { l.Leave(client) }, refusal{}
}

// handler returns next with at most limit requests in flight.
func (l *requestLimit) handler(limit int, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		leave, no := l.enter(limit, r)
		if leave == nil {
			no.send(w)
			return
		}
		defer leave()
		next(w, r)
	}
}

// send answers with the refusal.
func (no refusal) send(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, fmt.Sprintf("%d %s", no.code, no.text), no.code)
}
