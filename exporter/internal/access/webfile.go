package access

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
	"golang.org/x/time/rate"
)

// seeKeys is what would be right when the toolkit only says what is wrong.
const seeKeys = "see the web configuration of Prometheus for its keys"

// maxWebFile bounds a web configuration file, in bytes.
const maxWebFile = 1 << 20

// A webFile is a web configuration file of Prometheus. The toolkit of Prometheus defines and validates it and builds the
// TLS configuration. Users are checked here: the toolkit lets any number of requests wait for bcrypt.
type webFile struct {
	path string
	fixedSettings
	limiter   *rate.Limiter // nil without a limit
	passwords *passwords

	mu      sync.Mutex
	content []byte        // when it was last valid; guarded by mu
	config  *web.Config   // what content says; guarded by mu
	source  web.TLSConfig // that built was built from; guarded by mu
	built   *tls.Config   // for handshakes; guarded by mu
}

// fixedSettings are those settings of a file that count as they were when the server started.
type fixedSettings struct {
	tls, http2, users bool
	limit             web.RateLimiterConfig
}

// openWebFile reads and checks the file at path.
func openWebFile(path string) (*webFile, error) {
	f := &webFile{path: path, passwords: newPasswords()}
	c, err := f.load()
	if err != nil {
		return nil, err
	}
	f.fixedSettings = fixedSettings{tls: c.TLSConfig.IsEnabled(), http2: c.HTTPConfig.HTTP2, users: len(c.Users) > 0, limit: c.RateLimiterConfig}
	if f.limit.Interval > 0 {
		f.limiter = rate.NewLimiter(rate.Every(f.limit.Interval), f.limit.Burst)
	}
	return f, nil
}

// load returns what the file says now. A valid file is parsed only when it has changed. An invalid one is parsed again each
// time, because a file that it names may have been what was wrong.
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
	c, err := parseWebFile(f.path, content)
	if err != nil {
		return nil, err
	}
	f.content, f.config = content, c
	return c, nil
}

// parseWebFile reads the content of the file at path. The toolkit finds most mistakes, but does not say where they are or
// what would be right.
func parseWebFile(path string, content []byte) (*web.Config, error) {
	c := &web.Config{
		TLSConfig:  web.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: web.HTTPConfig{HTTP2: true},
	}
	if err := yaml.UnmarshalStrict(content, c); err != nil {
		return nil, webFileError(path, 0, err.Error(), seeKeys)
	}
	c.TLSConfig.SetDirectory(filepath.Dir(path))
	if err := checkWebFile(path, content, c); err != nil {
		return nil, err
	}
	if err := web.Validate(path); err != nil { // only the headers are left
		return nil, webFileError(path, lineOf(content, "headers"), err.Error(), seeKeys)
	}
	return c, nil
}
