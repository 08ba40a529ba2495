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

// flusher is the memory that one flush needs; it is used again by later ones.
type flusher struct {
	reader   record.Reader
	scratch  rule.Scratch
	receiver receive.Scratch
	batch    collector.Batch
	withdraw *time.Timer
	failed   failures
	records  int
	used     bool // since the last shrink
}

func newFlusher() *flusher {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &flusher{withdraw: t}
}

// release lets go of the chunk. A flusher that rests must not point into memory
// that Fluent Bit frees, and that Go may be given later on.
func (f *flusher) release() {
	f.reader.Reset(nil, nil)
	f.scratch.Release()
	f.receiver.Release()
}

// failures counts what could not be read in one chunk.
type failures struct {
	records map[record.Reason]int
	bytes   map[record.Reason]int
	first   record.Malformed
}

func (f *failures) reset() {
	clear(f.records)
	clear(f.bytes)
}

func (f *failures) add(m *record.Malformed) {
	if len(f.records) == 0 {
		f.first = *m
		if f.records == nil {
			f.records, f.bytes = make(map[record.Reason]int), make(map[record.Reason]int)
		}
	}
	f.records[m.Reason]++
	f.bytes[m.Reason] += m.Size
}

// Flush applies a chunk and answers Fluent Bit. OK means that the next scrape
// shows all of it. Error means that bytes of it could not be read; the rest was
// applied. Retry means that nothing was applied and the chunk is welcome again.
//
// The chunk and the tag are borrowed until Flush returns. It may be called from
// several threads at once, and it never panics.
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
		f := p.flushers.take()
		status = p.apply(f, chunk, tag, now)
		f.release()
		// Not deferred: what a panic left behind is better not used again.
		p.flushers.put(f)
		return nil
	})
	if err != nil {
		p.metrics.countPanic(len(chunk))
		p.logPanic("panic in flush, please report it; the chunk is given up", err, now, "tag", tag)
		return flb.Error
	}
	return status
}

func (p *Pipeline) apply(f *flusher, chunk []byte, tag string, now time.Time) flb.Status {
	p.rules.swap.RLock()
	defer p.rules.swap.RUnlock()
	if p.closed.Load() { // meanwhile: the last state may have been taken
		return flb.Retry
	}
	f.begin(now)
	switch signal := record.SignalOf(chunk); {
	case signal == record.Logs:
		return p.applyLogs(f, chunk, tag, now)
	case signal == record.Metrics:
		return p.applyMetrics(f, chunk, tag, now)
	default:
		f.failed.add(&record.Malformed{Reason: signal.Reason(), Size: len(chunk)})
		p.metrics.count(f, len(chunk), 0)
		p.logRefused(signal, tag, now)
		return flb.Error
	}
}

func (p *Pipeline) applyLogs(f *flusher, chunk []byte, tag string, now time.Time) flb.Status {
	plan := p.rules.set.Load().Plan(tag)
	f.read(&plan, chunk)
	err := p.ingest(f)
	labelsCut := plan.Finish(&f.scratch, isTaken(err))
	return p.answer(f, err, len(chunk), labelsCut, tag, now)
}

// ingest hands the batch to the collector.
func (p *Pipeline) ingest(f *flusher) error {
	f.withdraw.Reset(p.config.FlushTimeout)
	err := p.collector.Ingest(&f.batch, f.withdraw.C)
	f.withdraw.Stop()
	return err
}

// isTaken reports whether the collector took the batch for which it returned err.
func isTaken(err error) bool {
	return !errors.Is(err, collector.ErrBusy) && !errors.Is(err, collector.ErrClosed)
}

// answer counts and logs what became of a chunk, for which the collector returned err.
func (p *Pipeline) answer(f *flusher, err error, size int, labelsCut uint64, tag string, now time.Time) flb.Status {
	if !isTaken(err) {
		p.logRetry(err, now)
		return flb.Retry
	}
	p.metrics.count(f, size, labelsCut)
	p.losses.log(p.log, now)
	if err != nil {
		p.logPartly(err, tag, now)
		return flb.Error
	}
	if len(f.failed.records) > 0 {
		p.logMalformed(f, tag, now)
		return flb.Error
	}
	return flb.OK
}

// begin begins a chunk.
func (f *flusher) begin(now time.Time) {
	f.batch.Reset()
	f.batch.Now = now.UnixNano()
	f.failed.reset()
	f.records = 0
}

// read fills the batch with the samples that the plan makes of the chunk.
func (f *flusher) read(plan *rule.Plan, chunk []byte) {
	f.reader.Reset(chunk, plan.Selector())
	for {
		err := f.reader.Next(&f.scratch.Event)
		if err == nil {
			f.records++
			plan.Apply(&f.scratch, &f.batch)
			continue
		}
		if err == io.EOF {
			return
		}
		var m *record.Malformed
		if !errors.As(err, &m) {
			panic(fmt.Sprintf("BUG: record.Reader returned %T", err))
		}
		f.failed.add(m)
	}
}
