package receive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// defaultTTL is how long after its last point a series stays. OpenTelemetry's Collector has the same default.
const defaultTTL = 5 * time.Minute

// ProcessFamily is the family with which a page says whose it is, in the label id.
const ProcessFamily = "promexporter_process_info"

// Options says how a section receives.
type Options struct {
	// Process is the id of this process' own pages. A context with it came from there, and taking it would feed series
	// with themselves.
	Process string
	// Rules change and drop points. Nil means that there are none.
	Rules *rule.Set
	// Shift is added to the times of points.
	Shift time.Duration
	// Seen, if not nil, is called after each point. Calling it costs time and memory.
	Seen func(*Seen)
}

// Scratch is what receiving needs. The zero Scratch is ready.
type Scratch struct {
	Options
	Contexts  int    // that were read since Begin
	Points    int    // that these had
	LabelsCut uint64 // label values that were cut

	reader     cmetrics.Reader
	context    cmetrics.Context
	family     cmetrics.Family
	point      cmetrics.Point
	exemplar   cmetrics.Exemplar
	id         []byte // scratch for the ids of exemplars
	definition collector.Definition
	labels     []label
	resource   []label // of the context
	names      names
	text       []byte // scratch
	texts      []byte // of resource
	newest     int64
	own        bool
	broken     bool // a part of the context is malformed
	changing
}

// Release lets go of the last chunk.
func (w *Scratch) Release() {
	w.reader.Reset(nil)
	w.context, w.definition = cmetrics.Context{Static: w.context.Static[:0]}, collector.Definition{}
	clear(w.context.Static[:cap(w.context.Static)])
	clear(w.labels[:cap(w.labels)])
	clear(w.resource[:cap(w.resource)])
	w.family.Release()
	w.point.Release()
	w.exemplar.Release()
	w.changing.release()
}

// Read appends the points of chunk to b. What is not metrics goes to failed.
func (w *Scratch) Read(chunk []byte, tag string, b *collector.Batch, failed func(*record.Malformed)) {
	w.Contexts, w.Points, w.LabelsCut = 0, 0, 0
	w.reader.Reset(chunk)
	w.plan = nil
	if w.Rules != nil {
		w.plan = w.Rules.Received(tag)
	}
	for w.next(func() error { return w.reader.Next(&w.context) }, failed) {
		w.Contexts++
		w.readContext(tag, b, failed)
	}
}

// next calls read until it has read something, and reports false at the end.
func (w *Scratch) next(read func() error, failed func(*record.Malformed)) bool {
	for {
		err := read()
		if err == nil || err == io.EOF {
			return err == nil
		}
		var m *record.Malformed
		if !errors.As(err, &m) {
			panic(fmt.Sprintf("BUG: cmetrics returned %T", err))
		}
		w.broken = true
		failed(m)
	}
}

func (w *Scratch) readContext(tag string, b *collector.Batch, failed func(*record.Malformed)) {
	b.Begin(tag)
	w.newest, w.own, w.broken = 0, false, w.context.TooLarge
	w.readResource()
	if w.plan != nil {
		w.plan.Begin(&w.rules, tag, w)
	}
	for w.next(func() error { return w.context.Next(&w.family) }, failed) {
		w.readFamily(b, failed)
	}
	switch {
	case w.own:
		b.Abandon(collector.OwnPage)
	case w.plan != nil && w.plan.Snapshots:
		b.EndSnapshot(w.newest, !w.broken)
	default:
		b.End(w.newest)
	}
}

func (w *Scratch) readFamily(b *collector.Batch, failed func(*record.Malformed)) {
	f := &w.family
	reason := w.define()
	b.Family(w.definition.Name, w.definition.Type)
	w.changes, w.defined = nil, false
	w.result.Reset()
	if reason == collector.Kept {
		reason = w.begin(b)
	}
	for w.next(func() error { return f.Next(&w.point) }, failed) {
		w.Points++
		w.shift()
		if !b.IsTooNew(w.point.Time) {
			w.newest = max(w.newest, w.point.Time)
		}
		w.text = w.text[:0]
		r, before := reason, b.Points()
		if r == collector.Kept {
			r = w.take(b)
		}
		if r != collector.Kept {
			b.Refuse(r)
		} else if b.Points() == before {
			r = collector.BatchLimit // which the batch has counted
		}
		if w.changes != nil {
			w.changes.Count(&w.rules, &w.result, r)
		}
		if w.Seen != nil {
			w.see(b, r)
		}
		w.own = w.own || w.Process != "" && string(f.Name) == ProcessFamily && w.isOwn()
	}
}

// isOwn reports whether the point has the id of this process.
func (w *Scratch) isOwn() bool {
	for i, value := range w.point.Labels {
		if string(value) == w.Process && i < len(w.family.Keys) && string(w.family.Keys[i]) == "id" {
			return true
		}
	}
	return false
}

var types = [...]collector.Type{
	cmetrics.Counter: collector.Counter, cmetrics.Gauge: collector.Gauge, cmetrics.Untyped: collector.Untyped,
	cmetrics.Histogram: collector.Histogram, cmetrics.ExpHistogram: collector.Histogram, cmetrics.Summary: collector.Summary,
}

// define makes the definition of the family, or says why no point of it can be taken.
func (w *Scratch) define() collector.Reason {
	f := &w.family
	d := &w.definition
	*d = collector.Definition{
		Name: f.Name, Help: f.Help, Unit: f.Unit, Type: types[f.Type], TTL: defaultTTL,
		Delta: f.Temporality == cmetrics.Delta && isCounted(f.Type),
	}
	if f.TooLarge || w.context.TooLarge {
		return collector.TooLarge
	}
	if w.context.OTLP {
		n := w.names.metric(f)
		d.Name, d.Unit = n.name, n.unit
	}
	if f.Type == cmetrics.Histogram && hasKey(f.Keys, nameLabel) {
		return collector.Inconsistent // a native one of remote write, whose bounds are lost
	}
	if !w.listLabels() {
		return collector.BadLabel
	}
	return collector.Kept
}

// isCounted reports whether points of a type can be increments.
func isCounted(t cmetrics.Type) bool {
	return t == cmetrics.Counter || t == cmetrics.Histogram || t == cmetrics.ExpHistogram
}

func hasKey(keys [][]byte, key string) bool {
	for _, k := range keys {
		if string(k) == key {
			return true
		}
	}
	return false
}

// put appends the point to b, or says why it cannot be taken.
func (w *Scratch) put(b *collector.Batch) collector.Reason {
	f, from := &w.family, &w.point
	p := collector.Point{
		Time: from.Time, Start: from.Start, Stale: from.Stale, Add: w.isIncrement(), Value: from.Value, Count: from.Count,
	}
	var e collector.Exponential
	if !p.Stale && w.definition.Type >= collector.Histogram && w.definition.Type != collector.Untyped {
		if !w.body(&p, &e) {
			return collector.Inconsistent
		}
	}
	if f.Type == cmetrics.ExpHistogram {
		p.Exponential = &e
	}
	w.putLabels(b)
	w.putExemplars(b)
	b.Put(&p)
	return collector.Kept
}

// body fills in what a histogram or summary has in addition to a value. It reports whether the numbers can be right.
func (w *Scratch) body(p *collector.Point, e *collector.Exponential) bool {
	f, from := &w.family, &w.point
	p.Value = from.Sum
	switch f.Type {
	case cmetrics.Histogram:
		count, ok := from.Cumulate(w.context.OTLP)
		if !ok || len(from.Buckets) != len(f.Bounds)+1 {
			return false
		}
		p.Count, p.Bounds, p.Counts = count, f.Bounds, from.Buckets[:len(f.Bounds)]
	case cmetrics.Summary:
		if len(from.Quantiles) > 0 {
			p.Quantiles, p.Levels = f.Quantiles, from.Quantiles
		}
	case cmetrics.ExpHistogram:
		if !from.HasSum {
			p.Value = math.NaN()
		}
		x := &from.Exp
		*e = collector.Exponential{
			Scale: x.Scale, Zero: x.Zero, ZeroThreshold: x.ZeroThreshold,
			Positive: collector.ExponentialSide{Offset: x.Positive.Offset, Buckets: x.Positive.Buckets},
			Negative: collector.ExponentialSide{Offset: x.Negative.Offset, Buckets: x.Negative.Buckets},
		}
	}
	return true
}

// readResource makes labels of what OpenTelemetry's rules for Prometheus make labels of: job and instance.
func (w *Scratch) readResource() {
	w.resource, w.texts = w.resource[:0], w.texts[:0]
	if !w.context.OTLP {
		return
	}
	name, namespace := w.attribute("service.name"), w.attribute("service.namespace")
	if len(name) > 0 && len(namespace) > 0 {
		w.texts = append(append(append(w.texts, namespace...), '/'), name...)
		name = w.texts
	}
	if instance := w.attribute("service.instance.id"); len(instance) > 0 {
		w.resource = append(w.resource, label{name: w.constant("instance"), value: instance, key: none})
	}
	if len(name) > 0 {
		w.resource = append(w.resource, label{name: w.constant("job"), value: name, key: none})
	}
}

// constant is the name of a label that does not come from the chunk.
func (w *Scratch) constant(name string) []byte {
	w.text = append(w.text[:0], name...)
	return w.names.label(w.text)
}

func (w *Scratch) attribute(name string) []byte {
	var v record.Value
	w.context.External(&v, "resource", "attributes", name)
	if !v.IsText() {
		return nil
	}
	return bytes.TrimSpace(v.Bytes())
}
