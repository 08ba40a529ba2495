package config

import (
	"fmt"
	"time"
)

// document reads the file's own keys, then its rules.
func (p *parser) document(n *node) {
	s, ok := p.readMapping(n, "", fileSpec)
	if !ok {
		return
	}
	p.fileDefaults(s)
	if !s.has("metrics") && !s.has("received") && !p.rules.Defaults && len(p.mistakes) == 0 {
		p.wrong(n, "metrics", "no rules", "write "+smallestFile)
	}
	p.metrics(s.get("metrics"))
	p.received(s.get("received"))
}

// metrics reads the rules for records.
func (p *parser) metrics(list *node) {
	switch {
	case list == nil:
		return
	case list.kind != sequence:
		p.wrongKind(list, "metrics", "a list of rules", "write "+smallestFile)
		return
	case len(list.elements) == 0:
		p.wrong(list, "metrics", "no rules", "write at least one, or remove the key if defaults: true is set")
	case len(list.elements) > maxMetrics:
		p.wrong(list, "metrics", fmt.Sprintf("%d rules", len(list.elements)),
			fmt.Sprintf("a file has at most %d", maxMetrics))
		return
	}
	p.rules.Metrics = make([]Metric, 0, len(list.elements))
	for i, e := range list.elements {
		p.metric(e, at("metrics", i))
	}
	p.families()
}

// fileDefaults reads the settings for all rules of the file.
func (p *parser) fileDefaults(s *mappingReader) {
	if n := s.get("defaults"); n != nil {
		p.rules.Defaults, _ = p.boolean(n, "defaults")
	}
	if n := s.get("ttl"); n != nil {
		var ok bool
		if p.ttl, ok = p.expiry(n, "ttl"); ok {
			p.fileTTL = &p.ttl
		}
	}
	if n := s.get("series_limit"); n != nil {
		var ok bool
		if p.seriesLimit, ok = p.whole(n, "series_limit", 0, maxSeriesLimit); ok {
			p.fileSeriesLimit = &p.seriesLimit
		}
	}
	if n := s.get("labels"); n != nil {
		p.labels = p.fileLabels(n, "labels")
	}
}

// minTTL keeps series from expiring before a scraper can see them.
const minTTL = time.Second

// expiry reads a ttl.
func (p *parser) expiry(n *node, path string) (time.Duration, bool) {
	d, ok := p.duration(n, path, 0)
	if ok && d > 0 && d < minTTL {
		p.wrong(n, path, quote(n.text)+" is too short", "write at least 1s, or 0 for series that never expire")
		return 0, false
	}
	return d, ok
}
