package access

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
	"golang.org/x/time/rate"

	"github.com/promexporter/promexporter/exporter/internal/clients"
)

// seeKeys says what would be right if the toolkit only says what is wrong.
const seeKeys = "see the web configuration of Prometheus for its keys"

// maxWebFile bounds a web configuration file, in bytes.
const maxWebFile = 1 << 20

// A webFile is a web configuration file of Prometheus. The exporter-toolkit of Prometheus defines its format, validates
// it and builds the TLS configuration. Users are checked in this package, because the toolkit does not limit the
// requests that wait for bcrypt.
type webFile struct {
	path      string
	fixed     fixedSettings
	limiter   *rate.Limiter // nil without a limit
	passwords *passwords

	mu      sync.Mutex
	content []byte      // of the last valid version of the file; guarded by mu
	config  *web.Config // parsed from content; guarded by mu
}

// openWebFile reads and checks the file at path.
func openWebFile(path string) (*webFile, error) {
	f := &webFile{path: path, passwords: newPasswords()}
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	encrypted, limit := c.TLSConfig.IsEnabled(), c.RateLimiterConfig
	f.fixed = fixedSettings{tls: encrypted, http2: encrypted && c.HTTPConfig.HTTP2, users: len(c.Users) > 0, limit: limit}
	if limit.Interval > 0 {
		f.limiter = rate.NewLimiter(rate.Every(limit.Interval), limit.Burst)
	}
	return f, nil
}

// handler enforces the file, in the order of Prometheus' own servers.
func (f *webFile) handler(next http.Handler, h Hooks) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := f.load()
		switch {
		case err != nil:
			h.Warn(err, "web_config_file is invalid; refusing all requests until it is valid")
			http.Error(w, "500 web_config_file is invalid; see the log", http.StatusInternalServerError)
			return
		case f.limiter != nil && !f.limiter.Allow():
			sendTooMany(w, h, "too many requests; the rate limit of web_config_file is reached")
			return
		case f.fixed.users && len(c.Users) == 0:
			// The file may be incomplete while it is being rewritten in place.
			h.Warn(nil, "web_config_file no longer defines users; refusing all requests until it does, or until a reload", "file", f.path)
			http.Error(w, "500 web_config_file no longer defines users; see the log", http.StatusInternalServerError)
			return
		}
		for name, value := range c.HTTPConfig.Header {
			w.Header().Set(name, value)
		}
		if len(c.Users) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		f.serveUser(w, r, c.Users, next, h)
	})
}

func (f *webFile) serveUser(w http.ResponseWriter, r *http.Request, users users, next http.Handler, h Hooks) {
	name, password, given := r.BasicAuth()
	if !given {
		sendUnauthorized(w, r, h)
		return
	}
	switch f.passwords.check(r.Context(), clients.Of(r.RemoteAddr), users, name, password) {
	case right:
		next.ServeHTTP(w, r)
	case busy:
		sendTooMany(w, h, "too many passwords are being checked; try again later")
	default:
		sendUnauthorized(w, r, h)
	}
}

// load returns the current configuration of the file. A valid file is parsed again only if it has changed. An invalid
// file is parsed again at each call, because the mistake may be in a file that it names.
func (f *webFile) load() (*web.Config, error) {
	content, err := readSmall(f.path, maxWebFile)
	if err != nil {
		return nil, fmt.Errorf("web_config_file %s: %w; write the name of a web configuration file of Prometheus", f.path, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.config != nil && bytes.Equal(content, f.content) {
		return f.config, nil
	}
	c, err := webText{f.path, content}.parse()
	if err != nil {
		return nil, err
	}
	f.content, f.config = content, c
	return c, nil
}

// parse parses the file. The toolkit finds most mistakes, but does not report their lines or what would be right.
func (t webText) parse() (*web.Config, error) {
	c := &web.Config{
		TLSConfig:  web.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: web.HTTPConfig{HTTP2: true},
	}
	if err := yaml.UnmarshalStrict(t.content, c); err != nil {
		right := seeKeys
		if _, ok := errors.AsType[*yaml.TypeError](err); !ok {
			right = "check indentation, brackets and quotes there and above"
		}
		return nil, t.mistake(err.Error(), right)
	}
	c.TLSConfig.SetDirectory(filepath.Dir(t.path))
	if err := t.check(c); err != nil {
		return nil, err
	}
	if err := web.Validate(t.path); err != nil { // checks the headers; the rest was checked above
		return nil, t.mistake(err.Error(), seeKeys, "headers")
	}
	return c, nil
}
