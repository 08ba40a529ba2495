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
	if !p.isRuleList(list, "metrics", smallestFile, "remove the key if defaults: true is set", maxMetrics) {
		return
	}
	p.rules.Metrics = make([]Metric, 0, len(list.elements))
	for i, e := range list.elements {
		p.metric(e, at("metrics", i))
	}
	p.families()
}

// isRuleList reports whether list is a list of rules, and reports mistakes unless it is nil. An empty one is a mistake,
// too, for which the advice is to write a rule or to do what instead says.
func (p *parser) isRuleList(list *node, path, example, instead string, limit int) bool {
	switch {
	case list == nil:
		return false
	case list.kind != sequence:
		p.wrongKind(list, path, "a list of rules", "write "+example)
		return false
	case len(list.elements) == 0:
		p.wrong(list, path, "no rules", "write at least one, or "+instead)
	case len(list.elements) > limit:
		p.wrong(list, path, fmt.Sprintf("%d rules", len(list.elements)), fmt.Sprintf("a file has at most %d", limit))
		return false
	}
	return true
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
