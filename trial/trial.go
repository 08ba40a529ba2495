// Package trial applies rules to samples of records and metrics events, without an agent and with a clock of its own.
//
// It takes chunks of a sample, and returns the page that Prometheus would read, the losses, and what each rule made of
// each record.
package trial

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/exposition"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
	"github.com/promexporter/promexporter/sample"
)

// Options configure a Trial.
type Options struct {
	Rules       []*config.Rules
	Namespace   string
	SeriesLimit int   // 0 for the default of the plugin
	MemoryLimit int64 // bytes of series; 0 for the default of the plugin
	// Now is where the clock starts.
	Now time.Time
	// FollowRecords lets the clock follow the times of the records, never backwards. It starts with that of the first one.
	FollowRecords bool
	// Live keeps the times of metrics events. Otherwise, they are shifted to the time of the clock.
	Live bool
}

// fieldLimit bounds the field paths that rules with fields remember where series_limit is lower.
const fieldLimit = 1000

// Trial applies rules. It is for one goroutine at a time.
type Trial struct {
	options   Options
	set       *rule.Set
	collector *collector.Collector
	clock     clock
	declared  bool
	reader    record.Reader
	scratch   rule.Scratch
	batch     collector.Batch
	losses    losses
	receiver  receive.Scratch
	shift     *time.Duration // of metrics events; nil until the first one comes
	feeders   feeders        // of records that were explained

	// Points counts the received points of metrics events.
	Points int
	// Records counts the events that were applied.
	Records int
}

// New compiles the rules.
func New(o Options) (*Trial, error) {
	defaults, err := config.ParseKeys(func(string) string { return "" })
	if err != nil {
		return nil, err
	}
	if o.SeriesLimit == 0 {
		o.SeriesLimit = defaults.SeriesLimit
	}
	if o.MemoryLimit == 0 {
		o.MemoryLimit = defaults.SeriesMemory
	}
	t := &Trial{options: o, losses: losses{given: make(map[lossKey]*Loss)}, feeders: make(feeders)}
	if !o.FollowRecords {
		t.clock.set(o.Now)
	}
	t.set = rule.Compile(o.Rules, rule.Options{Namespace: o.Namespace, FieldLimit: max(o.SeriesLimit, fieldLimit)})
	t.collector = collector.New(collector.Options{SeriesLimit: o.SeriesLimit, MemoryLimit: o.MemoryLimit, Now: t.clock.now})
	return t, nil
}

// Close lets go of the series.
func (t *Trial) Close() { t.collector.Close() }

// Advance sets the clock, which never goes back.
func (t *Trial) Advance(to time.Time) {
	t.clock.set(to)
	t.shift = nil
}

// start declares the series that the rules want from the start, once the clock has a time.
func (t *Trial) start() error {
	if t.declared {
		return nil
	}
	t.declared = true
	if t.clock.now().IsZero() {
		t.clock.set(t.options.Now)
	}
	return t.set.Declare(t.collector, t.clock.now().UnixNano())
}

// Feed applies the chunks that read emits, while it reads on. It returns the error of read, or of applying a chunk.
func (t *Trial) Feed(read func(emit func(*sample.Chunk) error) error) error {
	chunks := make(chan *sample.Chunk, 1)
	quit := make(chan struct{})
	result := make(chan error, 1)
	go func() {
		defer close(chunks)
		result <- read(func(c *sample.Chunk) error {
			select {
			case chunks <- c:
				return nil
			case <-quit:
				return errStopped
			}
		})
	}()
	for c := range chunks {
		if err := t.Apply(c); err != nil {
			close(quit)
			<-result
			return err
		}
	}
	return <-result
}

var errStopped = errors.New("reading was stopped")

// Apply applies a chunk.
func (t *Trial) Apply(c *sample.Chunk) error {
	if c.Metrics {
		return t.applyPoints(c, nil)
	}
	plan := t.set.Plan(c.Tag)
	t.reader.Reset(c.Events, plan.Selector())
	t.batch.Reset()
	for index := 0; ; {
		err := t.reader.Next(&t.scratch.Event)
		var bad *record.Malformed
		switch {
		case errors.Is(err, io.EOF):
			return t.finish(c, &plan)
		case errors.As(err, &bad):
			t.losses.malformed(c, index, bad)
		case err != nil:
			return err
		default:
			if err := t.follow(); err != nil {
				return err
			}
			plan.Apply(&t.scratch, &t.batch)
			t.Records++
			index++
		}
	}
}

// follow moves the clock to the time of the event. What came before is applied at its own time, to the second: no
// ttl is shorter.
func (t *Trial) follow() error {
	if t.options.FollowRecords {
		at := time.Unix(0, t.scratch.Event.Time)
		if t.batch.Len() > 0 && at.Sub(time.Unix(0, t.batch.Now)) >= time.Second {
			if err := t.ingest(); err != nil {
				return err
			}
		}
		t.clock.set(at)
	}
	if err := t.start(); err != nil {
		return err
	}
	if t.batch.Len() == 0 {
		t.batch.Now = t.clock.now().UnixNano()
	}
	return nil
}

func (t *Trial) ingest() error {
	err := t.collector.Ingest(&t.batch, nil)
	t.batch.Reset()
	t.scratch.Forget()
	return err
}

func (t *Trial) finish(c *sample.Chunk, plan *rule.Plan) error {
	if err := t.ingest(); err != nil {
		return err
	}
	plan.Finish(&t.scratch, true)
	return t.losses.look(t, c, plan)
}

// Gather returns the families as a scrape finds them, until done is called.
func (t *Trial) Gather(ctx context.Context) (all []exposition.Family, done func(), err error) {
	if err := t.start(); err != nil {
		return nil, func() {}, err
	}
	return t.collector.Gather(ctx)
}

// WritePage writes the page.
func (t *Trial) WritePage(ctx context.Context, w io.Writer, openMetrics bool) error {
	all, done, err := t.Gather(ctx)
	if err != nil {
		return err
	}
	defer done()
	var failed error
	err = exporter.WritePage(ctx, w, all, openMetrics, func(_ string, err error) { failed = errors.Join(failed, err) })
	return errors.Join(err, failed)
}

// Series returns the number of series.
func (t *Trial) Series() int { return int(t.collector.Stats().Series()) }
