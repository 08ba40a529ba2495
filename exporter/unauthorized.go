package exporter

import (
	"net/http"
	"net/netip"
)

// unauthorized counts a request without the right password, and logs it at most once per ratelog.Interval. Without
// credentials, it logs only a scrape, because a browser sends them after the server has asked for them. The line has no
// user name: it may be a password in the wrong field.
func (s *server) unauthorized(r *http.Request) {
	s.self.unauthorized.Inc()
	text := "refused a wrong user name or password; correct basic_auth in the scrape configuration of the client"
	if _, _, given := r.BasicAuth(); !given {
		if r.Header.Get(timeoutHeader) == "" {
			return
		}
		text = "refused a scrape without user name and password; add basic_auth to the scrape configuration of the client"
	}
	s.logs.WarnAs("unauthorized", s.log(), nil, text, "client", clientIP(r))
}

// clientIP returns the IP address of a client. The address of another kind of socket may be a text that the client has
// chosen, so it is left out.
func clientIP(r *http.Request) string {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return "socket"
	}
	return a.Addr().Unmap().String()
}
