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
	c, err := parseWebFile(f.path, content)
	if err != nil {
		return nil, err
	}
	f.content, f.config = content, c
	return c, nil
}

// parseWebFile parses the content of the file at path. The toolkit finds most mistakes, but does not report their lines
// or what would be right.
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
	if err := web.Validate(path); err != nil { // checks the headers; the rest was checked above
		return nil, webFileError(path, lineOf(content, "headers"), err.Error(), seeKeys)
	}
	return c, nil
}
