package exporter

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options describes what one instance serves, and where.
type Options struct {
	// Address is one or more of these, separated by commas:
	//
	//	host:port           without a host all interfaces; port 0 is any free one; an IPv6 host stands in brackets
	//	unix:///path        a Unix socket; what is left of one that nobody listens on any more is replaced
	//	vsock://:port       a socket between virtual machines and their host
	//	systemd://          every socket that systemd activated
	//	systemd://name      those with that FileDescriptorName
	Address string
	// Path is the path of the metrics page, such as "/metrics". Paths below "/-/" are reserved.
	Path string
	// Instance names the instance on pages, in self-metrics and in logs. It is unique among the open endpoints.
	Instance string
	// Version is shown on the landing page and in promexporter_build_info. The instance that starts a server
	// determines it for that server.
	Version string
	// Source gives the families of the instance. Gather is called from several goroutines at once, and done may
	// be called after Close of the endpoint when Gather did not return in time. Each family holds valid metrics,
	// labels sorted by name, and no series twice. No two families take the same name on a page, in any format.
	Source prometheus.TransactionalGatherer
	// Families are those that the source is known to give, as far as they are. Instances that share a page must not
	// define them differently: Open returns a *ClashError then. Families that are not known beforehand are left out of
	// the page when it comes to that.
	Families []Family
	// Reload, when not nil, is called for a POST of /-/reload, from several goroutines at once. Its error is shown to
	// the client.
	Reload func() error
	// Log receives log lines, from any goroutine, possibly shortly after Close. Nil means none.
	Log *slog.Logger
	// ListenRetry is how long to retry a taken port. 0 means one second, a negative value means not at all.
	ListenRetry time.Duration
	// ListenLater makes a failure to listen no error of Open: it is logged, and tried again each second until it
	// succeeds or the endpoint is closed.
	ListenLater bool
	// Web says who may read, and whether in plain HTTP. Instances that share an address have the same.
	Web Web
	// Keep lets an endpoint that takes the place of one with the same Address and Web do with what that one had found:
	// addresses, when a host cannot be looked up now, and files of Web, when they cannot be read or are wrong now.
	Keep bool
	// MaxRequests bounds the scrapes of the page in flight; 0 means 40. Of instances that share a page, the least
	// bound counts.
	MaxRequests int
	// Status, when not nil, gives what the pages for people tell of the instance. It is called by one goroutine at a
	// time and at most once a second, and never after Close unless it did not return in time. What it returns must
	// not change any more.
	Status func() Status
	// Debug offers Go's profiles below /debug/pprof/, to those who may read the metrics.
	Debug bool
}

// check reports every mistake in o at once.
func (o Options) check() error {
	var errs []error
	if o.Instance == "" {
		errs = append(errs, errors.New("instance: no name; give each instance a name of its own"))
	}
	if o.Source == nil {
		errs = append(errs, errors.New("source: none; an endpoint needs something to serve"))
	}
	if o.MaxRequests < 0 || o.MaxRequests > maxConnections {
		errs = append(errs, fmt.Errorf("max_requests %d: not from 1 to %d", o.MaxRequests, maxConnections))
	}
	errs = append(errs, checkPath(o.Path), o.Web.check())
	return errors.Join(errs...)
}

func (o Options) maxRequests() int {
	if o.MaxRequests == 0 {
		return defaultMaxRequests
	}
	return o.MaxRequests
}

// isFinal says whether another try to open would give the same error.
func (o Options) isFinal(err error) bool {
	return errors.As(err, new(*ClashError)) || !o.ListenLater && !errors.Is(err, syscall.EADDRINUSE)
}

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

func (o Options) listenRetry() time.Duration {
	if o.ListenRetry == 0 {
		return defaultListenRetry
	}
	return o.ListenRetry
}

// checkPath reports what keeps path from being the path of a page. Only characters that need no escaping are
// allowed, because an escaped path and a decoded one would be two spellings of the same page.
func checkPath(path string) error {
	wrong := pathMistake(path)
	if wrong == "" {
		return nil
	}
	return fmt.Errorf("metrics_path %q: %s; write a path such as \"/metrics\"", path, wrong)
}

func pathMistake(path string) string {
	switch {
	case !strings.HasPrefix(path, "/"):
		return "does not start with a slash"
	case len(path) > maxPathLength:
		return fmt.Sprintf("longer than %d bytes", maxPathLength)
	case path == "/-" || strings.HasPrefix(path, "/-/"):
		return "paths below /-/ are reserved for health and readiness"
	case strings.Contains(path, "?"):
		return "holds a query"
	case strings.Contains(path, "#"):
		return "holds a fragment"
	}
	for _, r := range path {
		if !isPathRune(r) {
			return fmt.Sprintf("holds the character %q; letters, digits and any of \"-._~/\" are allowed", r)
		}
	}
	for segment := range strings.SplitSeq(strings.TrimSuffix(path[1:], "/"), "/") {
		if segment == "." || segment == ".." || segment == "" && path != "/" {
			return "holds an empty, \".\" or \"..\" segment, which clients remove"
		}
	}
	return ""
}

func isPathRune(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		return true
	}
	return strings.ContainsRune("-._~/", r)
}
