package exporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/exporter/internal/families"
	"github.com/promexporter/promexporter/exporter/internal/status"
	"github.com/promexporter/promexporter/internal/address"
	"github.com/promexporter/promexporter/internal/exposition"
)

type (
	// AccessSettings are the users and the TLS configuration of a server.
	AccessSettings = access.Settings
	// Definition defines a metric family that a source is known to return.
	Definition = families.Definition
	// Status is what an instance shows on the status pages "/" and "/-/rules".
	Status = status.Status
	// RuleStatus has the counts of one rule since it became active.
	RuleStatus = status.Rule
	// RefusedStatus is a value of which a rule made no sample.
	RefusedStatus = status.Refused
	// FamilyStatus is the size of one metric family.
	FamilyStatus = status.Family
	// ReceivedStatus is what came of one family of metrics events.
	ReceivedStatus = status.Received
	// Event is something that happened at a time.
	Event = status.Event
)

// A Source returns the metric families of one instance.
type Source interface {
	// Gather returns the families, sorted by name. They are read-only, and valid until the caller calls done, which it
	// does once, even after an error. The metrics of each family are valid, their labels are sorted by name, and no
	// series occurs twice. No two families have the same name, or samples of the same name, in any format. With an
	// error, the families may be incomplete.
	//
	// Gather may be called by several goroutines at once. It must return soon after ctx ends.
	Gather(ctx context.Context) (all []exposition.Family, done func(), err error)
}

// Options configures the endpoint of one instance.
type Options struct {
	// Addresses are the addresses to listen on. Instances with a common address share a server.
	Addresses []address.Address
	// Path is the path of the metrics page. Instances that share a server and have the same path share a page.
	Path address.Path
	// Instance names the instance on pages, in self-metrics and in logs. It is unique among the open endpoints.
	Instance string
	// Version is shown on the landing page and in promexporter_build_info. The instance that starts a server determines
	// it for that server.
	Version string
	// Source returns the families of the instance.
	Source Source
	// Definitions are those of the families that the source is known to return. If instances that share a page define a
	// family differently, Open and Resume return a *ConflictError. Conflicting families that are not known in advance
	// are left out of the page.
	Definitions []Definition
	// Reload, if not nil, is called for a POST to /-/reload. Its error is sent to the client.
	Reload func() error
	// AllowedHosts are host names to which browsers may send such a POST if there are no users. IP addresses, localhost
	// and the host name of the machine are always allowed.
	AllowedHosts []string
	// Log receives log lines, from any goroutine, possibly shortly after Close. Nil discards them.
	Log *slog.Logger
	// ListenRetry is how long Open retries a port that is in use, because a predecessor may need time to close it.
	ListenRetry time.Duration
	// ListenLater lets Open succeed even if it cannot listen. The failure is logged, and listening is retried every
	// second until it succeeds or the endpoint is closed. Resume always behaves this way.
	ListenLater bool
	// Access has the users and the TLS configuration. Instances that share an address must have the same.
	Access AccessSettings
	// MaxRequests bounds the scrapes of the page in flight; 0 means 40. If instances share a page, the lowest bound
	// applies. One client may have a quarter of them.
	MaxRequests int
	// Status, if not nil, returns what the status pages show about the instance. It must not block. The status must not
	// contain anything from a record, because people share these pages.
	Status func() Status
	// Debug serves Go's profiles below /debug/pprof/, to clients that may read the metrics.
	Debug bool
}

// check returns an error if o lacks a field that every endpoint needs.
func (o *Options) check() error {
	if len(o.Addresses) == 0 || o.Path == "" || o.Instance == "" || o.Source == nil {
		return errors.New("an endpoint needs addresses, a path, the name of an instance and a source")
	}
	return nil
}

func (o *Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

// ConflictError reports that two instances that share a page define a family differently, or define families that one
// page cannot have both.
type ConflictError struct {
	First, Second string // names of instances; the first one was open before
	Path          string
	cause         string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s and %s share the page %s, and %s; define it the same in both, or give one of them another "+
		"metrics_path", e.First, e.Second, e.Path, e.cause)
}
