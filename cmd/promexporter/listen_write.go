package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/promexporter/promexporter/internal/ansi"
	"github.com/promexporter/promexporter/internal/jsonpack"
	"github.com/promexporter/promexporter/receiver"
	"github.com/promexporter/promexporter/sample"
	"github.com/promexporter/promexporter/trial"
)

// listenWriter writes what arrives.
type listenWriter struct {
	*app
	flags   *listenFlags
	tag     string
	cancel  context.CancelFunc // when there were enough events
	explain *explainWriter
	live    bool // the page is drawn again and again

	mu     sync.Mutex
	trial  *trial.Trial // nil when no rules are tried; under mu, as all below
	out    io.Writer
	shown  int
	failed error
}

func (a *app) newListenWriter(f *listenFlags, cancel context.CancelFunc) (*listenWriter, error) {
	w := &listenWriter{app: a, flags: f, tag: f.tag, cancel: cancel, out: a.streams.out, live: isTerminal(a.streams.out)}
	if f.output == "explain" || f.output == "page" {
		f.live = true
		t, rules, err := a.trial(&f.rulesFlags, time.Now())
		if err != nil {
			return nil, err
		}
		w.trial = t
		if w.tag == "" {
			w.tag = fittingTag(rules)
		}
		w.explain = newExplainWriter(a, &explainFlags{output: "text"}, rules)
	}
	if w.tag == "" {
		w.tag = "tcp"
	}
	return w, nil
}

func (w *listenWriter) close() {
	if w.trial != nil {
		w.trial.Close()
	}
}

// end writes what there is to be written at the end.
func (w *listenWriter) end() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failed == nil && w.flags.output == "page" && !w.live {
		w.failed = w.trial.WritePage(context.Background(), w.out, false)
	}
	return w.failed
}

// emit writes a chunk. An error ends the command.
func (w *listenWriter) emit(c *receiver.Chunk) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.full() {
		return errEnough
	}
	err := w.chunk(c)
	if err != nil && !errors.Is(err, errEnough) {
		w.failed = errors.Join(w.failed, err)
		w.cancel()
		return err
	}
	if w.full() {
		w.cancel()
	}
	return nil
}

func (w *listenWriter) full() bool { return w.flags.limit > 0 && w.shown >= w.flags.limit }

func (w *listenWriter) chunk(c *receiver.Chunk) error {
	if w.trial != nil {
		w.trial.Advance(time.Now())
		return w.try(&sample.Chunk{Source: "event", Tag: c.Tag, Events: c.Events, Metrics: c.Metrics})
	}
	for rest := c.Events; len(rest) > 0 && !w.full(); {
		next, err := msgp.Skip(rest)
		if err != nil {
			return nil // the receiver has looked at it; a message may hold what is not an event
		}
		w.shown++
		if err := w.event(c.Tag, rest[:len(rest)-len(next)]); err != nil {
			return err
		}
		rest = next
	}
	return nil
}

// try applies rules.
func (w *listenWriter) try(c *sample.Chunk) error {
	if w.flags.output == "page" {
		before := w.trial.Records
		err := w.trial.Apply(c)
		w.shown += w.trial.Records - before
		if c.Metrics {
			w.shown++
		}
		return err
	}
	if c.Metrics {
		w.shown++
		return w.trial.ExplainPoints(c, func(p *trial.Point) error {
			p.Line = w.shown
			w.explain.shown++
			return errors.Join(w.explain.writePoint(p, p.Verdicts), w.explain.out.Flush())
		})
	}
	return w.trial.Explain(c, func(e *trial.Event, all []trial.Explained) error {
		if w.full() {
			return errEnough
		}
		w.shown++
		e.Line = w.shown
		w.explain.shown++
		return errors.Join(w.explain.write(e, all), w.explain.out.Flush())
	})
}

// event writes one event.
func (w *listenWriter) event(tag string, raw []byte) (err error) {
	var text []byte
	switch w.flags.output {
	case "msgpack":
		text = raw
	case "raw":
		if text, _, err = jsonpack.AppendPython(nil, raw); err == nil {
			text = append(text, '\n')
		}
	default:
		text, err = w.line(tag, raw)
	}
	if err != nil {
		w.note("%s %v", w.palette(w.err).Yellow("warning:"), err)
		return nil
	}
	_, err = w.out.Write(text)
	return err
}

// line returns an event as JSON, or with its time and its tag in front.
func (w *listenWriter) line(tag string, raw []byte) ([]byte, error) {
	at, record, err := trial.Decode(raw)
	if err != nil {
		return nil, err
	}
	when := at.Format("2006-01-02T15:04:05.000000000Z07:00")
	if w.flags.output == "pretty" {
		color := w.palette(w.out)
		return []byte(color.Faint(when) + "  " + color.Bold(ansi.Printable(tag)) + "  " + ansi.Printable(string(record)) + "\n"), nil
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err = e.Encode(struct {
		Time   string          `json:"time"`
		Tag    string          `json:"tag"`
		Record json.RawMessage `json:"record"`
	}{when, tag, record})
	return b.Bytes(), err
}
