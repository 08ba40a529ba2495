package pipeline

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/fence"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// flushBuffers is the memory of one flush. Later flushes reuse it.
type flushBuffers struct {
	reader    record.Reader
	scratch   rule.Scratch
	receiver  receive.Scratch
	batch     collector.Batch
	timeout   *time.Timer
	malformed malformedCounts
	records   int
	used      bool // since the last shrink
}

func newFlushBuffers() *flushBuffers {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &flushBuffers{timeout: t}
}

// release drops the references to the chunk. Idle buffers must not point into memory that Fluent Bit frees, because Go
// may get that memory later.
func (b *flushBuffers) release() {
	b.reader.Reset(nil, nil)
	b.scratch.Release()
	b.receiver.Release()
}

// malformedCounts counts, by reason, what could not be read in one chunk.
type malformedCounts struct {
	records map[record.Reason]int
	bytes   map[record.Reason]int
	first   record.Malformed
}

func (c *malformedCounts) reset() {
	clear(c.records)
	clear(c.bytes)
}

func (c *malformedCounts) add(m *record.Malformed) {
	if len(c.records) == 0 {
		c.first = *m
		if c.records == nil {
			c.records, c.bytes = make(map[record.Reason]int), make(map[record.Reason]int)
		}
	}
	c.records[m.Reason]++
	c.bytes[m.Reason] += m.Size
}

// Flush applies a chunk and returns the answer to Fluent Bit. OK means that all of the chunk is applied, now or before
// a start or reload; the next scrape shows it. Error means that some bytes could not be read; the rest was applied.
// Retry means that nothing was applied, and Fluent Bit should flush the chunk again.
//
// The chunk and the tag are borrowed until Flush returns. Flush may be called from several threads at once. It does not
// panic.
func (p *Pipeline) Flush(chunk []byte, tag string) flb.Status {
	start := time.Now()
	status := p.flush(chunk, tag, start)
	p.metrics.answered[status].Inc()
	p.metrics.duration.Observe(time.Since(start).Seconds())
	if status != flb.Retry {
		p.endpoint.MarkReady()
	}
	return status
}

func (p *Pipeline) flush(chunk []byte, tag string, now time.Time) (status flb.Status) {
	if p.closed.Load() {
		return flb.Retry
	}
	err := fence.Run(func() error {
		b := p.buffers.get()
		status = p.apply(b, chunk, tag, now)
		b.release()
		// Not deferred: after a panic, the buffers may be inconsistent and are not reused.
		p.buffers.put(b)
		return nil
	})
	if err != nil {
		p.metrics.countPanic(len(chunk))
		p.logPanic("flush, chunk dropped", err, now, "tag", tag)
		return flb.Error
	}
	return status
}

func (p *Pipeline) apply(b *flushBuffers, chunk []byte, tag string, now time.Time) flb.Status {
	p.rules.mu.RLock()
	defer p.rules.mu.RUnlock()
	if p.closed.Load() { // the pipeline was closed meanwhile; the state file may already be written for the last time
		return flb.Retry
	}
	b.begin(now)
	switch signal := record.SignalOf(chunk); {
	case signal == record.Logs:
		return p.applyLogs(b, chunk, tag, now)
	case signal == record.Metrics:
		return p.applyMetrics(b, chunk, tag, now)
	default:
		b.malformed.add(&record.Malformed{Reason: signal.Reason(), Size: len(chunk)})
		p.metrics.count(b, len(chunk), 0)
		p.logRefused(signal, tag, now)
		return flb.Error
	}
}

func (p *Pipeline) applyLogs(b *flushBuffers, chunk []byte, tag string, now time.Time) flb.Status {
	plan := p.rules.set.Load().Plan(tag)
	b.read(&plan, chunk)
	p.logRefusals(b.scratch.Refusals())
	b.batch.Chunk = p.digest(chunk, tag)
	err := p.ingest(b)
	labelsCut := plan.Finish(&b.scratch, isTaken(err))
	return p.answer(b, err, len(chunk), labelsCut, tag, now)
}

// ingest hands the batch to the collector.
func (p *Pipeline) ingest(b *flushBuffers) error {
	b.timeout.Reset(p.config.FlushTimeout)
	err := p.collector.Ingest(&b.batch, b.timeout.C)
	b.timeout.Stop()
	return err
}

// isTaken reports whether the collector took the batch for which it returned err.
func isTaken(err error) bool {
	_, repeated := errors.AsType[*collector.RepeatedError](err)
	return !repeated && !errors.Is(err, collector.ErrBusy) && !errors.Is(err, collector.ErrClosed)
}

// answer counts and logs what became of a chunk, for which the collector returned err.
func (p *Pipeline) answer(b *flushBuffers, err error, size int, labelsCut uint64, tag string, now time.Time) flb.Status {
	if p.repeated(err, size, tag, now) {
		return flb.OK
	}
	if !isTaken(err) {
		p.logRetry(err, now)
		return flb.Retry
	}
	p.metrics.count(b, size, labelsCut)
	p.warnings.log(p.log, now)
	if err != nil {
		p.logPartly(err, tag, now)
		return flb.Error
	}
	if len(b.malformed.records) > 0 {
		p.logMalformed(b, tag, now)
		return flb.Error
	}
	return flb.OK
}

// begin begins a chunk.
func (b *flushBuffers) begin(now time.Time) {
	b.batch.Reset()
	b.batch.Now = now.UnixNano()
	b.malformed.reset()
	b.records = 0
}

// read fills the batch with the samples that the plan makes from the chunk.
func (b *flushBuffers) read(plan *rule.Plan, chunk []byte) {
	b.reader.Reset(chunk, plan.Selector())
	for {
		err := b.reader.Next(&b.scratch.Event)
		if err == nil {
			b.records++
			plan.Apply(&b.scratch, &b.batch)
			continue
		}
		if err == io.EOF {
			return
		}
		var m *record.Malformed
		if !errors.As(err, &m) {
			panic(fmt.Sprintf("BUG: record.Reader returned %T", err))
		}
		b.malformed.add(m)
	}
}
