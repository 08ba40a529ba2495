package access

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/time/rate"
)

// maxWebFile bounds a web configuration file, in bytes.
const maxWebFile = 1 << 20

// A webFile is a web configuration file of Prometheus. The toolkit of Prometheus defines and validates it and builds the
// TLS configuration. Users are checked here: the toolkit lets any number of requests wait for bcrypt.
type webFile struct {
	path string
	facts
	limiter   *rate.Limiter // nil without a limit
	passwords *passwords

	mu      sync.Mutex
	content []byte      // as it was last read; guarded by mu
	config  *web.Config // what it says; guarded by mu
	err     error       // what is wrong with it; guarded by mu
}

// facts are those settings of a file that count as they were when the server started.
type facts struct {
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
	f.facts = facts{tls: c.TLSConfig.IsEnabled(), http2: c.HTTPConfig.HTTP2, users: len(c.Users) > 0, limit: c.RateLimiterConfig}
	if f.limit.Interval > 0 {
		f.limiter = rate.NewLimiter(rate.Every(f.limit.Interval), f.limit.Burst)
	}
	return f, nil
}

// load returns what the file says now. It is parsed only when it has changed.
func (f *webFile) load() (*web.Config, error) {
	content, err := readSmall(f.path, maxWebFile)
	if err != nil {
		return nil, fmt.Errorf("web_config_file %s: %w; write the name of a web configuration file of Prometheus", f.path, err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.content == nil || !bytes.Equal(content, f.content) {
		f.content = content
		f.config, f.err = parseWebFile(f.path, content)
	}
	return f.config, f.err
}

// tlsConfig returns a configuration that reads the file at each handshake.
func (f *webFile) tlsConfig(http2 bool) *tls.Config {
	return &tls.Config{
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			c, err := f.load()
			if err != nil {
				return nil, err
			}
			current, err := web.ConfigToTLSConfig(&c.TLSConfig)
			if err == nil && http2 {
				current.NextProtos = []string{"h2", "http/1.1"}
			}
			return current, err
		},
	}
}

// parseWebFile reads the content of the file at path. The toolkit finds most mistakes, but does not say where they are or
// what would be right.
func parseWebFile(path string, content []byte) (*web.Config, error) {
	c := &web.Config{
		TLSConfig:  web.TLSConfig{MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS13},
		HTTPConfig: web.HTTPConfig{HTTP2: true},
	}
	const keys = "see the web configuration of Prometheus for its keys"
	if err := yaml.UnmarshalStrict(content, c); err != nil {
		return nil, webFileError(path, 0, err.Error(), keys)
	}
	c.TLSConfig.SetDirectory(filepath.Dir(path))
	if err := checkWebFile(path, content, c); err != nil {
		return nil, err
	}
	if err := web.Validate(path); err != nil {
		return nil, webFileError(path, lineOfError(content, err), err.Error(), keys)
	}
	return c, nil
}

// checkWebFile finds what the toolkit would report without a place, or not at all.
func checkWebFile(path string, content []byte, c *web.Config) error {
	for name, hash := range c.Users {
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return webFileError(path, lineOf(content, name),
				fmt.Sprintf("the password of %q is not a bcrypt hash", name), "make one with htpasswd -nBC 10 NAME")
		}
	}
	if limit := c.RateLimiterConfig; limit != (web.RateLimiterConfig{}) {
		switch { // a number without a unit is nanoseconds
		case limit.Interval < time.Microsecond:
			return webFileError(path, lineOf(content, "interval", "rate_limit"),
				fmt.Sprintf("an interval of %s limits nothing", limit.Interval), "write for example interval: 1s")
		case limit.Burst < 1:
			return webFileError(path, lineOf(content, "burst", "rate_limit"),
				fmt.Sprintf("a burst of %d admits nobody", limit.Burst), "write for example burst: 10")
		}
	}
	return checkAuthorities(path, content, &c.TLSConfig)
}

// checkAuthorities reports client CAs without a certificate, which would admit nobody.
func checkAuthorities(path string, content []byte, c *web.TLSConfig) error {
	authorities := []byte(c.ClientCAsText)
	if c.ClientCAs != "" {
		var err error
		if authorities, err = readSmall(c.ClientCAs, maxWebFile); err != nil {
			return webFileError(path, lineOf(content, "client_ca_file"),
				fmt.Sprintf("client_ca_file %s: %s", c.ClientCAs, err), "write the name of a PEM file")
		}
	}
	if len(authorities) > 0 && !x509.NewCertPool().AppendCertsFromPEM(authorities) {
		return webFileError(path, lineOf(content, "client_ca_file", "client_ca"),
			"the client CA has no certificate", "write one or more in PEM")
	}
	return nil
}

// lineOf returns the line of the first of keys that is in the file, or 0.
func lineOf(content []byte, keys ...string) int {
	for _, key := range keys {
		n := 0
		for line := range bytes.Lines(content) {
			n++
			if name, _, ok := strings.Cut(string(line), ":"); ok && strings.Trim(name, " \t'\"") == key {
				return n
			}
		}
	}
	return 0
}

// lineOfError returns the line that an error of the toolkit is about, or 0.
func lineOfError(content []byte, err error) int {
	text := err.Error()
	for _, key := range []string{"cert_file", "key_file", "client_ca_file"} {
		if strings.Contains(text, key) {
			return lineOf(content, key, "tls_server_config")
		}
	}
	if strings.Contains(text, "header") || strings.HasPrefix(text, "invalid value for") {
		return lineOf(content, "headers")
	}
	return lineOf(content, "tls_server_config")
}

var (
	lineNumber = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	// quoted are the places where the decoder repeats the content of the file, which may be a secret in the wrong place.
	quoted = regexp.MustCompile("`[^`]*`|unknown anchor '[^']*'")
)

// webFileError makes one error of all that is wrong with the file at path: a line each, with its place.
func webFileError(path string, line int, wrong, right string) error {
	var errs []error
	for text := range strings.Lines(withoutContent(wrong)) {
		text = strings.TrimSpace(text)
		if text == "yaml: unmarshal errors:" {
			continue
		}
		place := path
		if at := lineNumber.FindStringSubmatch(text); at != nil {
			place, text = path+":"+at[1], text[len(at[0]):]
		} else if line > 0 {
			place = fmt.Sprintf("%s:%d", path, line)
		}
		errs = append(errs, fmt.Errorf("web_config_file %s: %s; %s", place, text, right))
	}
	return errors.Join(errs...)
}

func withoutContent(text string) string {
	return quoted.ReplaceAllStringFunc(text, func(found string) string {
		if strings.HasPrefix(found, "`") {
			return "a value"
		}
		return "unknown anchor"
	})
}

// readSmall reads a regular file of at most limit bytes. Anything else, such as a pipe, could block forever.
func readSmall(name string, limit int64) ([]byte, error) {
	about, err := os.Stat(name)
	if err != nil {
		return nil, cause(err)
	}
	if !about.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, cause(err)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, cause(err)
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("it is longer than %d bytes", limit)
	}
	return content, nil
}

// cause is err without the name of the file, which the caller names.
func cause(err error) error {
	if at, ok := errors.AsType[*os.PathError](err); ok {
		return at.Err
	}
	return err
}
