package exporter

import (
	"fmt"
	"net/http"

	"github.com/promexporter/promexporter/exporter/internal/clients"
)

// A requestLimit bounds the requests in flight, in total and per client. The zero value is ready to use.
type requestLimit struct{ clients.Limit }

// enter counts a request of at most limit in flight, until leave is called. If there are too many, it answers the request
// with code, and leave is nil.
func (l *requestLimit) enter(limit int, w http.ResponseWriter, r *http.Request) (leave func(), code int) {
	client := clients.Of(r.RemoteAddr)
	share := max(1, limit/clientShare)
	text := ""
	switch l.Enter(client, limit, share) {
	case clients.Admitted:
		return func() { l.Leave(client) }, 0
	case clients.ClientFull:
		code = http.StatusTooManyRequests
		text = fmt.Sprintf("%d requests from your address for %s are in flight, the limit for one client", share, r.URL.Path)
	case clients.AllFull:
		code = http.StatusServiceUnavailable
		text = fmt.Sprintf("%d requests for %s are in flight, the limit of all clients", limit, r.URL.Path)
	}
	w.Header().Set("Retry-After", "1")
	http.Error(w, fmt.Sprintf("%d %s; try again later", code, text), code)
	return nil, code
}

// handler returns next with at most limit requests in flight.
func (l *requestLimit) handler(limit int, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if leave, _ := l.enter(limit, w, r); leave != nil {
			defer leave()
			next(w, r)
		}
	}
}
