package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/exporter/internal/status"
	"github.com/promexporter/promexporter/internal/address"
	"github.com/promexporter/promexporter/internal/exposition"
)

type (
	// AccessSettings says who may read the pages of a server, and whether its connections are encrypted.
	AccessSettings = access.Settings
	// Definition defines a metric family that a source is known to give.
	Definition = families.Definition
	// Status is what an instance shows of itself on the pages that people read, "/" and "/-/rules".
	Status = status.Status
	// RuleStatus is what came of one rule since it is in force.
	RuleStatus = status.Rule
	// RefusedStatus is a value of which a rule made no sample.
	RefusedStatus = status.Refused
	// FamilyStatus is the size of one metric family.
	FamilyStatus = status.Family
	// Event is something that happened at a time.
	Event = status.Event
)

// A Source gives the metric families of one instance.
type Source interface {
	// Gather returns the families, sorted by name. They are read-only, and valid until done is called, which the caller
	// does once, also after an error. Each family has valid metrics, labels sorted by name, and no series twice. No two
	// families take the same name on a page, in any format. With an error, the families may be incomplete.
	//
	// Gather is called from several goroutines at once. It returns soon after ctx ended.
	Gather(ctx context.Context) (all []exposition.Family, done func(), err error)
}

// Options describes what one instance serves, and where.
type Options struct {
	// Addresses are where the instance is served. Instances with an address in common share a server.
	Addresses []address.Address
	// Path is the path of the metrics page. Instances that share a server and have the same path share a page.
	Path address.Path
	// Instance names the instance on pages, in self-metrics and in logs. It is unique among the open endpoints.
	Instance string
	// Version is shown on the landing page and in promexporter_build_info. The instance that starts a server
	// determines it for that server.
	Version string
	// Source gives the families of the instance.
	Source Source
	// Definitions are those of the families that the source is known to give. Instances that share a page must not
	// define them differently: Open and Resume return a *ConflictError then. Families that are not known beforehand are
	// left out of the page when it comes to that.
	Definitions []Definition
	// Reload, when not nil, is called for a POST of /-/reload. Its error is shown to the client.
	Reload func() error
	// AllowedHosts are names under which browsers may send such a POST where there are no users. IP addresses,
	// localhost and the name of the machine are always allowed.
	AllowedHosts []string
	// Log receives log lines, from any goroutine, possibly shortly after Close. Nil means none.
	Log *slog.Logger
	// ListenRetry is how long Open retries a taken port. 0 means one second, a negative value means not at all.
	ListenRetry time.Duration
	// ListenLater makes a failure to listen no error of Open: it is logged, and tried again each second until it
	// succeeds or the endpoint is closed. Resume always does so.
	ListenLater bool
	// AccessSettings says who may read. Instances that share an address have the same.
	Access AccessSettings
	// MaxRequests bounds the scrapes of the page in flight; 0 means 40. Of instances that share a page, the least
	// bound counts. One client may have a quarter of them.
	MaxRequests int
	// Status, when not nil, returns what the pages for people show of the instance. It must not wait, and nothing in it
	// may come from a record, because these pages are shown around.
	Status func() Status
	// Debug offers Go's profiles below /debug/pprof/, to those who may read the metrics.
	Debug bool
}

// check reports every mistake in o at once.
func (o *Options) check() error {
	var errs []error
	if len(o.Addresses) == 0 {
		errs = append(errs, errors.New("listen_address: none; an endpoint needs an address"))
	}
	if _, err := address.ParsePath(string(o.Path)); err != nil {
		errs = append(errs, fmt.Errorf("metrics_path: %w", err))
	}
	if o.Instance == "" {
		errs = append(errs, errors.New("instance: no name; give each instance a name of its own"))
	}
	if o.Source == nil {
		errs = append(errs, errors.New("source: none; an endpoint needs something to serve"))
	}
	if o.MaxRequests < 0 || o.MaxRequests > maxConnections {
		errs = append(errs, fmt.Errorf("max_requests %d: not from 1 to %d", o.MaxRequests, maxConnections))
	}
	return errors.Join(errs...)
}

func (o *Options) maxRequests() int {
	if o.MaxRequests == 0 {
		return defaultMaxRequests
	}
	return o.MaxRequests
}

// isFinal reports whether another try to open would give the same error.
func (o *Options) isFinal(err error) bool {
	return errors.As(err, new(*ConflictError)) || !o.ListenLater && !errors.Is(err, syscall.EADDRINUSE)
}

func (o *Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

func (o *Options) listenRetry() time.Duration {
	if o.ListenRetry == 0 {
		return defaultListenRetry
	}
	return o.ListenRetry
}

// ConflictError says that two instances that share a page define a family differently, or two families that one page cannot
// have both.
type ConflictError struct {
	First, Second string // instances; the first one was there before
	Path          string
	cause         string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s and %s share the page %s, and %s; define it the same in both, or give one of them another "+
		"metrics_path", e.First, e.Second, e.Path, e.cause)
}
