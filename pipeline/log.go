package pipeline

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/rule"
)

func (p *Pipeline) logRetry(err error, now time.Time) {
	if suppressed, ok := p.repeats.Due("retry", now); ok {
		p.log.Warn("chunk not accepted; asking Fluent Bit to retry it", "error", err, "suppressed", suppressed)
	}
}

func (p *Pipeline) logMalformed(b *flushBuffers, tag string, now time.Time) {
	const text = "chunk contains data that is not a log event; the readable records were applied"
	err := &b.malformed.first
	p.events.failed(fmt.Sprintf("%s: %v", text, err), now)
	if suppressed, ok := p.repeats.Due("malformed", now); ok {
		p.log.Error(text, "error", err, "tag", tag, "records", b.records, "suppressed", suppressed)
	}
}

func (p *Pipeline) logPartly(err error, tag string, now time.Time) {
	const text = "chunk applied only in part; please report this bug"
	p.events.failed(text, now)
	if suppressed, ok := p.repeats.Due("partly", now); ok {
		p.log.Error(text, "error", err, "tag", tag, "suppressed", suppressed)
	}
}

// logRefusals logs values that rules have refused. They are few: the rules describe one a minute of each reason.
func (p *Pipeline) logRefusals(refusals []*rule.Refusal) {
	for _, r := range refusals {
		attrs := []any{"rule", r.Rule, "tag", r.Tag, "field", r.Field}
		if p.config.LogValues {
			attrs = append(attrs, "value", r.Value)
		}
		p.log.Warn(fmt.Sprintf("a rule makes no sample of a value (%s), promexporter_rule_errors_total counts them", r.Reason),
			append(attrs, "expected", r.Expected)...)
	}
}

// logPanic logs a *fence.Panic with its stack.
func (p *Pipeline) logPanic(where string, err error, now time.Time, attrs ...any) {
	text := fmt.Sprintf("panic in %s; please report this bug", where)
	p.events.failed(text, now)
	suppressed, ok := p.repeats.Due("panic", now)
	var panicked *fence.Panic
	if !ok || !errors.As(err, &panicked) {
		return
	}
	p.log.Error(text, append(attrs, "panic", panicked.Cause, "suppressed", suppressed)...)
	flb.LogLines(p.log, string(panicked.Stack))
}

// guard calls do, and recovers, counts and logs a panic.
func (p *Pipeline) guard(where string, do func()) {
	if err := fence.Run(func() error { do(); return nil }); err != nil {
		p.metrics.panics.Inc()
		p.logPanic(where, err, time.Now())
	}
}

func addresses(e *exporter.Endpoint) string {
	var all []string
	for _, bound := range e.Addrs() {
		all = append(all, bound.String())
	}
	return strings.Join(all, ",")
}

// pageURLs returns the URLs of the page for clients on this machine.
func pageURLs(e *exporter.Endpoint, path string) string {
	scheme := "http"
	if e.Encrypted() {
		scheme = "https"
	}
	var urls []string
	for _, bound := range e.Addrs() {
		urls = append(urls, pageURL(scheme, bound, path))
	}
	return strings.Join(urls, " and ")
}

func pageURL(scheme string, bound net.Addr, path string) string {
	host, port, err := net.SplitHostPort(bound.String())
	if err != nil || bound.Network() != "tcp" {
		return fmt.Sprintf("%s:%s (%s)", bound.Network(), bound, path)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + path
}
