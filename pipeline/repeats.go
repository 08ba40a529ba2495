package pipeline

import (
	"errors"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/promexporter/promexporter/collector"
)

// digest identifies a chunk to the section that applies it, if it is to know it again. XXH3 reads as fast as memory is,
// and a record is read ten times slower. It is not a defense: the author of records can make chunks that are taken for
// one another, which costs only records of that author.
func (p *Pipeline) digest(chunk []byte, tag string) collector.Digest {
	if p.config.DedupeWindow == 0 {
		return collector.Digest{}
	}
	return xxh3.Hash128Seed(chunk, xxh3.HashString(tag)).Bytes()
}

// expectRepeats lets chunks pass uncounted that were applied before a start or reload, for the time of dedupe_window.
func (p *Pipeline) expectRepeats() error {
	return p.collector.ExpectRepeats(time.Now().Add(p.config.DedupeWindow).UnixNano())
}

// repeated reports whether err is about a chunk that was applied before, and counts it.
func (p *Pipeline) repeated(err error, size int, tag string, now time.Time) bool {
	repeat, ok := errors.AsType[*collector.RepeatedError](err)
	if !ok {
		return false
	}
	p.metrics.repeated.Inc()
	if suppressed, ok := p.repeats.Due("repeated", now); ok {
		p.log.Info("chunk was counted before the last start or reload; it is not counted again",
			"tag", tag, "bytes", size, "counted", repeat.At.UTC().Format(time.RFC3339), "suppressed", suppressed)
	}
	return true
}
