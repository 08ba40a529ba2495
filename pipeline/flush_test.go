package pipeline

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/ratelog"
)

func TestMalformed(t *testing.T) {
	good := chunktest.Events(`{"a": 1}`)
	better := chunktest.Events(`{"a": 2}`)
	metrics := func(name string) []byte {
		return capture(t, filepath.Join("..", "cmetrics", "testdata", "chunks", name))
	}
	traces, old := metrics("v5.1.1/traces_otlp.mp"), metrics("v1.9.10/encoder_counter_gauge_histogram.mp")
	statsd := metrics("v5.1.1/statsd.mp")
	for name, test := range map[string]struct {
		chunk   []byte
		reason  string
		bytes   int
		records int
		a       string // the value of a afterwards
	}{
		"garbage":          {[]byte("\xc1 not msgpack"), "undecodable", 13, 0, ""},
		"text":             {[]byte("GET / HTTP/1.1\r\n"), "not_an_event", 16, 0, ""},
		"nil in front":     {join([]byte{0xc0}, good), "not_an_event", 1, 1, "1"},
		"nil in between":   {join(good, []byte{0xc0}, better), "not_an_event", 1, 2, "2"},
		"cut":              {join(good, better[:len(better)-1]), "undecodable", len(better) - 1, 1, "1"},
		"a record missing": {join(good, []byte{0x92, 0x01, 0x02}, better), "bad_record", 3, 2, "2"},
		"a time missing":   {join(good, []byte{0x92, 0xa1, 't', 0x80}, better), "bad_timestamp", 4, 2, "2"},
		"traces":           {traces, "traces_chunk", len(traces), 0, ""},
		"old metrics":      {old, "old_metrics", len(old), 0, ""},
		"cut metrics":      {statsd[:len(statsd)-1], "undecodable", len(statsd) - 1, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			p, log := openOne(t, nil)
			if status := p.Flush(test.chunk, "app"); status != flb.Error {
				t.Errorf("status %d, want %d", status, flb.Error)
			}
			want := fmt.Sprintf(`
				promexporter_records_failed_total{output="promexporter.0",reason="%s"} 1
				promexporter_bytes_failed_total{output="promexporter.0",reason="%[1]s"} %d
				promexporter_records_received_total{output="promexporter.0"} %d
				promexporter_bytes_received_total{output="promexporter.0"} %d
				promexporter_chunks_received_total{output="promexporter.0"} 1
				promexporter_chunks_answered_total{output="promexporter.0",status="error"} 1`,
				test.reason, test.bytes, test.records, len(test.chunk))
			if test.a != "" {
				want += "\na{tag=\"app\"} " + test.a
			}
			expect(t, p, want)
			if lines := log.lines("level=ERROR"); len(lines) != 1 || !strings.Contains(lines[0], test.reason+":") {
				t.Errorf("log %q", lines)
			}
			flush(t, p, "app", `{"a": 3}`, flb.OK)
			expect(t, p, `a{tag="app"} 3`)
		})
	}
}

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestEmptyChunk(t *testing.T) {
	p, _ := openOne(t, nil)
	if status := p.Flush(nil, ""); status != flb.OK {
		t.Errorf("status %d", status)
	}
	flush(t, p, "app", `{}`, flb.OK)
	flush(t, p, "app", `{"text": "no number"}`, flb.OK)
	expect(t, p, `
		promexporter_chunks_received_total{output="promexporter.0"} 3
		promexporter_records_received_total{output="promexporter.0"} 2
		promexporter_samples_applied_total{output="promexporter.0"} 0`)
}

// occupy keeps the collector busy until the returned function is called: it makes the collector queue a warning, for
// which the collector needs the lock of the pending warnings. The pipeline must have a series_limit of 1. On a slow
// machine this may need several attempts.
func occupy(t *testing.T, p *Pipeline) (free func()) {
	t.Helper()
	p.warnings.mu.Lock()
	answer := make(chan flb.Status)
	go func() {
		status := flb.Retry
		for status == flb.Retry {
			status = p.Flush(chunktest.Events(`{"first": 1, "second": 2}`), "occupier")
		}
		answer <- status
	}()
	until(t, "the collector takes the chunk", func() bool { return collectorIs("sync.Mutex.Lock") })
	return func() {
		t.Helper()
		p.warnings.mu.Unlock()
		if status := <-answer; status != flb.OK {
			t.Errorf("the chunk that was taken: status %d", status)
		}
	}
}

func TestRetry(t *testing.T) {
	p, log := openOne(t, map[string]string{"series_limit": "1", "flush_timeout": "5ms"})
	free := occupy(t, p)
	retries := counted(t, p.metrics.answered[flb.Retry])
	const records = `{"first": 7, "0": 1}`
	flush(t, p, "occupier", records, flb.Retry)
	flush(t, p, "occupier", records, flb.Retry)
	if len(log.lines("not accepted")) != 1 || len(log.lines("level=")) != 2 {
		t.Errorf("log %q", log.lines(""))
	}
	free()
	expect(t, p, fmt.Sprintf(`
		first{tag="occupier"} 1
		promexporter_chunks_received_total{output="promexporter.0"} 1
		promexporter_records_received_total{output="promexporter.0"} 1
		promexporter_samples_applied_total{output="promexporter.0"} 1
		promexporter_samples_dropped_total{output="promexporter.0",reason="series_limit"} 1
		promexporter_chunks_answered_total{output="promexporter.0",status="retry"} %v`, retries+2))
	until(t, "the chunk is not taken", func() bool { return p.Flush(chunktest.Events(records), "occupier") == flb.OK })
	expect(t, p, `
		first{tag="occupier"} 7
		promexporter_chunks_received_total{output="promexporter.0"} 2
		promexporter_records_received_total{output="promexporter.0"} 2
		promexporter_samples_applied_total{output="promexporter.0"} 2
		promexporter_samples_dropped_total{output="promexporter.0",reason="series_limit"} 2`)
}

// counted is the value of a counter.
func counted(t *testing.T, c prometheus.Counter) float64 {
	t.Helper()
	var m dto.Metric
	if err := c.Write(&m); err != nil {
		t.Fatal(err)
	}
	return m.GetCounter().GetValue()
}

// TestNotReadyByRetry checks that a chunk of which nothing was applied does not count as the first flush.
func TestNotReadyByRetry(t *testing.T) {
	p, _ := openOne(t, nil)
	p.collector.Close()
	flush(t, p, "app", `{"a": 1}`, flb.Retry)
	if code, body := get(t, p, "/-/ready"); code == 200 {
		t.Errorf("%d %s", code, body)
	}
}

func TestFlushAfterClose(t *testing.T) {
	p, _ := openOne(t, nil)
	p.Close()
	flush(t, p, "app", `{"a": 1}`, flb.Retry)
	flush(t, p, "app", `{}`, flb.Retry)
}

// TestPanic makes a flush dereference nil.
func TestPanic(t *testing.T) {
	p, log := openOne(t, nil)
	pool := p.buffers.newBuffers
	p.buffers.newBuffers = func() *flushBuffers { return nil }
	chunk := chunktest.Events(`{"a": 1}`)
	for range 3 {
		if status := p.Flush(chunk, "app"); status != flb.Error {
			t.Errorf("status %d, want %d", status, flb.Error)
		}
	}
	p.buffers.newBuffers = pool
	flush(t, p, "app", `{"a": 2}`, flb.OK)
	expect(t, p, fmt.Sprintf(`
		a{tag="app"} 2
		promexporter_panics_total{output="promexporter.0"} 3
		promexporter_chunks_received_total{output="promexporter.0"} 4
		promexporter_chunks_answered_total{output="promexporter.0",status="error"} 3
		promexporter_records_failed_total{output="promexporter.0",reason="panic"} 3
		promexporter_bytes_failed_total{output="promexporter.0",reason="panic"} %d`, 3*len(chunk)))
	if lines := log.lines("panic in flush"); len(lines) != 1 || !strings.Contains(lines[0], "nil pointer") {
		t.Errorf("log %q", lines)
	}
	if len(log.lines("flush.go:")) == 0 {
		t.Errorf("the log does not say where:\n%s", strings.Join(log.lines(""), "\n"))
	}
}

// TestConcurrentFlushes flushes concurrently, as workers do, with scrapes at the same time.
func TestConcurrentFlushes(t *testing.T) {
	const workers, chunks = 8, 50
	p, _ := openOne(t, nil)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range chunks {
				flush(t, p, fmt.Sprintf("app.%d", w), fmt.Sprintf(`{"a": %d, "of": {"worker": %d}}`, i, w), flb.OK)
			}
		})
		all.Go(func() { page(t, p) })
	}
	all.Wait()
	expect(t, p, fmt.Sprintf(`
		a{tag="app.0"} %d
		of_worker{tag="app.%d"} %d
		promexporter_chunks_received_total{output="promexporter.0"} %d
		promexporter_samples_applied_total{output="promexporter.0"} %d`,
		chunks-1, workers-1, workers-1, workers*chunks, 2*workers*chunks))
}

// TestCloseWhileFlushing checks that each chunk is either applied or retried.
func TestCloseWhileFlushing(t *testing.T) {
	p, _ := openOne(t, nil)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for status := flb.OK; status != flb.Retry; {
				if status = p.Flush(chunktest.Events(`{"a": 1}`), "app"); status == flb.Error {
					t.Error("status error")
				}
			}
		})
	}
	p.Close()
	all.Wait()
}

func TestMalformedIsThrottled(t *testing.T) {
	p, log := openOne(t, nil)
	bad := []byte{0xc1}
	now := time.Now()
	for _, after := range []time.Duration{0, time.Second, ratelog.Interval - 1, ratelog.Interval, 2 * ratelog.Interval} {
		p.flush(bad, "app", now.Add(after))
	}
	lines := log.lines("not a log event")
	if len(lines) != 3 {
		t.Fatalf("log %q", lines)
	}
	for i, suppressed := range []string{"suppressed=0", "suppressed=2", "suppressed=0"} {
		if !strings.Contains(lines[i], suppressed) {
			t.Errorf("line %d is %q, want %s", i, lines[i], suppressed)
		}
	}
}

func TestWarningsAreThrottled(t *testing.T) {
	var l pendingWarnings
	var log logged
	now := time.Now()
	l.log(log.logger(), now)
	l.addDropped("a", collector.NameCollision)
	l.addDropped("b", collector.NameCollision)
	l.addDropped("c", collector.FamilyConflict)
	l.log(log.logger(), now)
	l.addDropped("d", collector.NameCollision)
	l.log(log.logger(), now.Add(time.Second))
	l.log(log.logger(), now.Add(ratelog.Interval))
	l.log(log.logger(), now.Add(2*ratelog.Interval))
	var got []string
	for _, line := range log.lines("") {
		_, line, _ = strings.Cut(line, "samples_dropped_total\" ")
		got = append(got, line)
	}
	want := []string{
		"reason=family_conflict family=c families=1",
		"reason=name_collision family=a families=2",
		"reason=name_collision family=d families=1",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("log\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestMemoryLimit checks that the memory limit bounds the series, and that the log names the family that takes most.
func TestMemoryLimit(t *testing.T) {
	p, log := openOne(t, map[string]string{"series_memory_limit": "1MiB", "rules_file": writeRules(t, `
metrics:
- {name: small_total, type: counter, help: Small., labels: {l: $s}}
- {name: big_total, type: counter, help: Big., labels: {l: $l}}
`)})
	const records = 2000
	events := make([]string, records)
	for i := range events {
		events[i] = fmt.Sprintf(`{"s": "%d", "l": "%01000d"}`, i%10, i)
	}
	for range 2 {
		if status := p.Flush(chunktest.Events(strings.Join(events, "\n")), "app"); status != flb.OK {
			t.Fatalf("status %d", status)
		}
	}
	s := p.collector.Stats()
	dropped := s.Dropped(collector.MemoryLimit)
	if kept := uint64(s.Series()) - 10; kept < 800 || kept > 1048 || dropped != 2*(records-kept) || s.Bytes() > 1<<20 {
		t.Errorf("%d series, %d bytes, %d samples dropped", s.Series(), s.Bytes(), dropped)
	}
	expect(t, p, fmt.Sprintf(`
		small_total{l="7"} 400
		promexporter_series_bytes{output="promexporter.0"} %v
		promexporter_series_limit_bytes{output="promexporter.0"} 1.048576e+06
		promexporter_samples_dropped_total{output="promexporter.0",reason="memory_limit"} %d
		promexporter_samples_dropped_total{output="promexporter.0",reason="series_limit"} 0
		promexporter_rule_errors_total{output="promexporter.0",reason="memory_limit",rule="big_total"} %[2]d`, float64(s.Bytes()), dropped))
	lines := log.lines("reason=memory_limit")
	if len(lines) != 1 || !strings.HasSuffix(lines[0], "largest_family=big_total") {
		t.Errorf("log %q", log.lines(""))
	}
}

// TestDropsAreLogged checks that samples that the collector drops are logged.
func TestDropsAreLogged(t *testing.T) {
	p, log := openOne(t, map[string]string{"series_limit": "1"})
	flush(t, p, "app", `{"a": 1, "b": 2}`, flb.OK)
	flush(t, p, "app", `{"a": 1, "b": 2}`, flb.OK)
	if lines := log.lines("reason=series_limit"); len(lines) != 1 {
		t.Errorf("log %q", log.lines(""))
	}
}
