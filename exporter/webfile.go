package exporter

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/prometheus/exporter-toolkit/web"
	"go.yaml.in/yaml/v2"
	"golang.org/x/crypto/bcrypt"
)

// A webFile is a web configuration file of Prometheus, which the toolkit reads by itself. What stands here is what
// the server has to know of it beforehand.
type webFile struct {
	path string
	facts
}

// facts are those settings of a file that count as they were when the server started.
type facts struct {
	tls, http2, users bool
	limit             web.RateLimiterConfig
}

// readWebFile checks the file at path. The toolkit judges it, but says neither where a mistake is nor what would be
// right, and does not see all of them.
func readWebFile(path string) (*webFile, error) {
	content, err := readSmall(path, maxWebFile)
	if err != nil {
		return nil, fmt.Errorf("web_config_file %s: %w; write the name of a web configuration file of Prometheus", path, err)
	}
	c := web.Config{HTTPConfig: web.HTTPConfig{HTTP2: true}}
	if err := yaml.UnmarshalStrict(content, &c); err != nil {
		return nil, webFileError(path, 0, err.Error(), "see the web configuration of Prometheus for its keys")
	}
	if err := checkWebFile(path, content, &c); err != nil {
		return nil, err
	}
	if err := web.Validate(path); err != nil {
		return nil, webFileError(path, webFileLine(content, err), err.Error(), "see the web configuration of Prometheus")
	}
	return &webFile{path, facts{
		tls: c.TLSConfig.IsEnabled(), http2: c.HTTPConfig.HTTP2, users: len(c.Users) > 0, limit: c.RateLimiterConfig,
	}}, nil
}

// checkWebFile finds what the toolkit would report without a place, or not at all.
func checkWebFile(path string, content []byte, c *web.Config) error {
	for name, hash := range c.Users {
		if _, err := bcrypt.Cost([]byte(hash)); err != nil {
			return webFileError(path, lineOf(content, "basic_auth_users", name),
				fmt.Sprintf("the password of %q is no bcrypt hash", name), "make one with htpasswd -nBC 10 NAME")
		}
	}
	if err := checkRateLimit(path, content, c.RateLimiterConfig); err != nil {
		return err
	}
	authorities := []byte(c.TLSConfig.ClientCAsText)
	if file := c.TLSConfig.ClientCAs; file != "" {
		if !filepath.IsAbs(file) {
			file = filepath.Join(filepath.Dir(path), file)
		}
		var err error
		if authorities, err = readSmall(file, maxWebFile); err != nil {
			return webFileError(path, lineOf(content, "tls_server_config", "client_ca_file"),
				fmt.Sprintf("client_ca_file %s: %s", file, err), "write the name of a PEM file")
		}
	}
	if len(authorities) > 0 && !x509.NewCertPool().AppendCertsFromPEM(authorities) {
		return webFileError(path, lineOf(content, "tls_server_config", "client_ca_file", "client_ca"),
			"the client CA holds no certificate", "write one or more in PEM")
	}
	return nil
}

// checkRateLimit finds limits that would limit nothing, or admit nobody. A number without a unit is nanoseconds.
func checkRateLimit(path string, content []byte, limit web.RateLimiterConfig) error {
	switch {
	case limit == web.RateLimiterConfig{}:
		return nil
	case limit.Interval < time.Microsecond:
		return webFileError(path, lineOf(content, "rate_limit", "interval"),
			fmt.Sprintf("an interval of %s limits nothing", limit.Interval), "write for example interval: 1s")
	case limit.Burst < 1:
		return webFileError(path, lineOf(content, "rate_limit", "burst"),
			fmt.Sprintf("a burst of %d admits nobody", limit.Burst), "write for example burst: 10")
	}
	return nil
}

// lostUsers says whether the file had users but has none now, for whom the toolkit would admit r. A file is empty for
// a moment when it is written in place.
func (f *webFile) lostUsers(r *http.Request) bool {
	if !f.users {
		return false
	}
	if _, _, given := r.BasicAuth(); !given {
		return true // users would have been asked for
	}
	content, err := readSmall(f.path, maxWebFile)
	var now struct {
		Users map[string]any `yaml:"basic_auth_users"`
	}
	return err != nil || yaml.Unmarshal(content, &now) != nil || len(now.Users) == 0
}

// lineOf is the line of the first of names in section, or of section, or 0.
func lineOf(content []byte, section string, names ...string) int {
	file, err := parser.ParseBytes(content, 0)
	if err != nil || len(file.Docs) == 0 {
		return 0
	}
	line := 0
	for _, of := range pairs(file.Docs[0].Body) {
		if of.Key.GetToken().Value != section {
			continue
		}
		line = of.Key.GetToken().Position.Line
		for _, pair := range pairs(of.Value) {
			if slices.Contains(names, pair.Key.GetToken().Value) {
				return pair.Key.GetToken().Position.Line
			}
		}
	}
	return line
}

func pairs(n ast.Node) []*ast.MappingValueNode {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}
	}
	return nil
}

// webFileLine is the line that an error of the toolkit is about, or 0.
func webFileLine(content []byte, err error) int {
	text := err.Error()
	for _, key := range []string{"cert_file", "key_file", "client_ca_file"} {
		if strings.Contains(text, key) {
			return lineOf(content, "tls_server_config", key)
		}
	}
	if strings.Contains(text, "header") || strings.HasPrefix(text, "invalid value for") {
		return lineOf(content, "http_server_config", "headers")
	}
	return lineOf(content, "tls_server_config")
}

var (
	lineNumber = regexp.MustCompile(`^(?:yaml: )?line (\d+): `)
	// quoted are the places where the decoder repeats what stands in the file, which may be a secret that got into
	// the wrong place.
	quoted = regexp.MustCompile("`[^`]*`|unknown anchor '[^']*'")
)

// webFileError makes one error of all that is wrong with the file at path: a line each, with the place in front.
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

// toolkitLog takes the lines of the toolkit, which writes an error for each request while its file is broken.
type toolkitLog struct{ server *server }

func (l toolkitLog) Enabled(context.Context, slog.Level) bool { return true }

func (l toolkitLog) Handle(_ context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		l.server.log().Debug(r.Message)
		return nil
	}
	text := r.Message
	r.Attrs(func(a slog.Attr) bool {
		text += ": " + a.Value.String()
		return true
	})
	l.server.logs.warn(l.server.log(), errors.New(withoutContent(text)), "web_config_file: requests are refused until it is right")
	return nil
}

func (l toolkitLog) WithAttrs([]slog.Attr) slog.Handler { return l }

func (l toolkitLog) WithGroup(string) slog.Handler { return l }
