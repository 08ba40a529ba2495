package access

import (
	"crypto/tls"
	"net/http"

	"github.com/prometheus/exporter-toolkit/web"
)

// Access enforces Settings. It is safe for concurrent use.
type Access struct {
	settings Settings // with absolute paths, and a hash instead of the password
	fixed    fixedSettings
	user     *user    // nil without Settings.Username
	file     *webFile // nil without Settings.ConfigFile
}

// fixedSettings are the settings that a running server does not change.
type fixedSettings struct {
	tls, http2, users bool
	limit             web.RateLimiterConfig
}

// Open checks s and reads its files. The error says what is wrong and what would be right.
func Open(s Settings) (*Access, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	a := &Access{settings: s.redacted()}
	var err error
	switch {
	case s.ConfigFile != "":
		a.file, err = openWebFile(a.settings.ConfigFile)
	case s.Username != "":
		a.user, err = newUser(a.settings)
		a.fixed.users = true
	}
	if err != nil {
		return nil, err
	}
	if a.file != nil {
		a.fixed = a.file.fixed
	}
	return a, nil
}

// Encrypted reports whether clients must use TLS.
func (a *Access) Encrypted() bool { return a.fixed.tls }

// HTTP2 reports whether clients may use HTTP/2, which needs TLS.
func (a *Access) HTTP2() bool { return a.fixed.http2 }

// HasUsers reports whether clients must send a user name and a password.
func (a *Access) HasUsers() bool { return a.fixed.users }

// ExposesPasswords reports whether clients send passwords unencrypted.
func (a *Access) ExposesPasswords() bool { return a.HasUsers() && !a.Encrypted() }

// ProtectsNothing reports whether there is a web configuration file with neither TLS nor users.
func (a *Access) ProtectsNothing() bool { return a.file != nil && !a.Encrypted() && !a.HasUsers() }

// Difference returns the first key in which the settings of two instances differ, or "".
func (a *Access) Difference(b *Access) string {
	switch one, two := a.settings, b.settings; {
	case one.ConfigFile != two.ConfigFile:
		return "web_config_file"
	case one.Username != two.Username:
		return "username"
	case one.PasswordFile != two.PasswordFile:
		return "password_file"
	case one.Password != two.Password:
		return "password"
	}
	return ""
}

// Outdated reports whether a server of a must be replaced for next: they differ in a setting that a running server
// cannot change.
func (a *Access) Outdated(next *Access) bool {
	return a.settings != next.settings || a.fixed != next.fixed
}

// TLSConfig returns the TLS configuration of the server, or nil without TLS. It reads certificates at each handshake.
func (a *Access) TLSConfig() *tls.Config {
	if !a.Encrypted() {
		return nil
	}
	return a.file.tlsConfig()
}

// Hooks are functions of the server that the middleware calls, from any goroutine.
type Hooks struct {
	// Exempt reports whether a path needs no password. It is not called with a web configuration file.
	Exempt func(path string) bool
	// Warn logs a warning. It may be called for each request.
	Warn func(err error, text string, attrs ...any)
	// Unauthorized counts and logs a request without the right password. It may be called for each request.
	Unauthorized func(*http.Request)
	// Throttled counts a request that a limit refused.
	Throttled func()
}

// Handler returns a handler that checks users before it calls next, and applies the headers and the rate limit of the
// file.
func (a *Access) Handler(next http.Handler, h Hooks) http.Handler {
	switch {
	case a.file != nil:
		return a.file.handler(next, h)
	case a.user != nil:
		return a.user.handler(next, h)
	}
	return next
}

// sendUnauthorized answers a request without the right password.
func sendUnauthorized(w http.ResponseWriter, r *http.Request, h Hooks) {
	h.Unauthorized(r)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("WWW-Authenticate", `Basic realm="promexporter", charset="UTF-8"`)
	http.Error(w, "401 unauthorized; send the username and the password", http.StatusUnauthorized)
}

// sendTooMany answers a request that a limit refuses.
func sendTooMany(w http.ResponseWriter, h Hooks, text string) {
	h.Throttled()
	w.Header().Set("Retry-After", "1")
	http.Error(w, "429 "+text, http.StatusTooManyRequests)
}
