package trial

import (
	"errors"
	"io"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/internal/jsonpack"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
)

// Event is one record of a sample. It is valid until the function that it is passed to returns.
type Event struct {
	Source string
	Line   int
	Tag    string
	Time   time.Time

	raw     []byte // the event in msgpack
	one     []byte // the same, with the start of its group
	scratch *rule.Scratch
}

// ErrNoEvent reports bytes that are not an event.
var ErrNoEvent = errors.New("no event: it has no time and no record")

// Decode returns the time and the record of an event, the record as JSON. Of a context of metrics events, these are the
// time of the newest point and the whole context.
func Decode(raw []byte) (at time.Time, text []byte, err error) {
	if record.SignalOf(raw) == record.Metrics {
		text, _, err = jsonpack.AppendJSON(nil, raw)
		return time.Unix(0, cmetrics.Newest(raw)).UTC(), text, err
	}
	if at, err = eventTime(raw); err != nil {
		return at, nil, err
	}
	e := Event{raw: raw}
	text, err = e.Record()
	return at, text, err
}

func eventTime(raw []byte) (at time.Time, err error) {
	var reader record.Reader
	var event record.Event
	reader.Reset(raw, record.NewSelector(nil, 0))
	switch err := reader.Next(&event); {
	case errors.Is(err, io.EOF): // the marker of a group
		return at, ErrNoEvent
	case err != nil:
		return at, err
	}
	return time.Unix(0, event.Time).UTC(), nil
}

// Explained is what a rule made of a record, and what became of its samples.
type Explained struct {
	rule.Verdict
	// Drops are the reasons for which the collector dropped samples of the rule.
	Drops []string
	// Overflowed reports whether a sample went to an overflow series, because its family has all the series that it may.
	Overflowed bool
	// CollidedWith is the field that feeds a series already, so that the sample of another field was dropped, or "".
	CollidedWith string
}

// Explain applies a chunk of records one by one, and passes on what each rule made of each.
func (t *Trial) Explain(c *sample.Chunk, f func(*Event, []Explained) error) error {
	plan := t.set.Plan(c.Tag)
	return eachEvent(c, &plan, &rule.Scratch{}, func(e *Event) error {
		verdicts := rule.Explain(&plan, e.scratch, t.at(e))
		before := t.collected()
		one := *c
		one.Events = e.one
		if err := t.Apply(&one); err != nil {
			return err
		}
		after := t.collected()
		all := make([]Explained, len(verdicts))
		for i := range verdicts {
			all[i].Verdict = verdicts[i]
			if len(verdicts[i].Samples) > 0 {
				all[i].conclude(before[verdicts[i].Rule.Rule], after[verdicts[i].Rule.Rule])
				all[i].CollidedWith = t.feeders.claim(verdicts[i].Samples)
			}
		}
		return f(e, all)
	})
}

// at returns the time of the clock when an event is applied.
func (t *Trial) at(e *Event) int64 {
	if t.options.FollowRecords {
		return max(t.clock.nanos.Load(), e.Time.UnixNano())
	}
	return t.clock.nanos.Load()
}

// eachEvent calls f for each event of a chunk, read for the plan into w. Bytes that are not an event are left out.
func eachEvent(c *sample.Chunk, plan *rule.Plan, w *rule.Scratch, f func(*Event) error) error {
	var reader record.Reader
	group, index := 0, 0 // where the open group starts
	var joined []byte
	for at := 0; at < len(c.Events); {
		rest, err := msgp.Skip(c.Events[at:])
		if err != nil {
			return nil // Apply reports it
		}
		start := at
		at = len(c.Events) - len(rest)
		e := Event{Source: c.Source, Tag: c.Tag, Line: c.Line(index), raw: c.Events[start:at], one: c.Events[start:at], scratch: w}
		if group > 0 {
			joined = append(append(joined[:0], c.Events[group-1:groupEnd(c.Events, group-1)]...), e.raw...)
			e.one = joined
		}
		reader.Reset(e.one, plan.Selector())
		switch err := reader.Next(&w.Event); {
		case errors.Is(err, io.EOF): // the marker of a group
			if group > 0 {
				group = 0
			} else {
				group = start + 1
			}
			continue
		case err != nil:
			continue
		}
		e.Time = time.Unix(0, w.Event.Time).UTC()
		index++
		if err := f(&e); err != nil {
			return err
		}
	}
	return nil
}

func groupEnd(b []byte, at int) int {
	rest, err := msgp.Skip(b[at:])
	if err != nil {
		return at
	}
	return len(b) - len(rest)
}
