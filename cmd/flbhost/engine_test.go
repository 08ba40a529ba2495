package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promexporter/promexporter/cmd/flbhost/host"
	"github.com/promexporter/promexporter/cmd/flbhost/output"
)

// counting tells its name at every collection.
type counting struct {
	name  string
	every time.Duration
	err   error
}

func (c counting) Interval() time.Duration { return c.every }

func (c counting) Collect(_ time.Time, b []byte) ([]byte, error) { return append(b, c.name...), c.err }

// chunks keeps what an output was given, with the time since the start.
type chunks struct {
	mu    sync.Mutex
	start time.Time
	got   []string
	err   error
}

func (c *chunks) Flush(tag string, chunk []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, fmt.Sprintf("%v %s=%s", time.Since(c.start), tag, chunk))
	return c.err
}

// logbook keeps the lines of an engine.
type logbook struct {
	mu    sync.Mutex
	lines []string
}

func (l *logbook) log(_ context.Context, level host.Level, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%d ", level)+fmt.Sprintf(format, args...))
}

func to(out output.Output, pattern string) route {
	return route{builtin: out, name: "out.0", match: func(tag string) bool { return match(pattern, tag) }}
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all, some := &chunks{start: time.Now()}, &chunks{start: time.Now()}
		p := &plan{
			flush: time.Second,
			sources: []source{
				{tag: "x", input: counting{name: "a", every: 300 * time.Millisecond}},
				{tag: "y", input: counting{name: "b", every: 700 * time.Millisecond}},
				{tag: "x", input: counting{name: "a", every: 5 * time.Second}},
			},
			routes: []route{to(all, "*"), to(some, "y*")},
		}
		e := newEngine(p, nil, nil)
		e.start()
		time.Sleep(2500 * time.Millisecond)
		e.stop(time.Second)
		want(t, all.got, "1s x=aaa", "1s y=b", "2s x=aaa", "2s y=b", "2.5s x=aa", "2.5s y=b")
		want(t, some.got, "1s y=b", "2s y=b", "2.5s y=b")
		e.stop(time.Second)
	})
}

func TestEngineGoesOnAfterErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &chunks{start: time.Now(), err: errors.New("no paper")}
		p := &plan{
			flush:   time.Second,
			sources: []source{{name: "in.0", tag: "x", input: counting{"a", 900 * time.Millisecond, errors.New("no data")}}},
			routes:  []route{to(out, "*")},
		}
		var book logbook
		e := newEngine(p, nil, book.log)
		e.start()
		time.Sleep(2100 * time.Millisecond)
		e.stop(0)
		want(t, out.got, "1s x=a", "2s x=a")
		want(t, book.lines, "-2 [input:in.0] no data", "-2 [output:out.0] no paper", "-2 [input:in.0] no data",
			"-2 [output:out.0] no paper")
	})
}

// endless is a delivery that ends with its context.
type endless struct{}

func (endless) Deliver(ctx context.Context) (host.Status, error) {
	<-ctx.Done()
	return host.StatusRetry, ctx.Err()
}

func TestEngineGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &plan{
			flush:   time.Second,
			sources: []source{{tag: "x", input: counting{name: "a", every: 400 * time.Millisecond}}},
			routes:  []route{{plugin: 3, match: func(string) bool { return true }}},
		}
		var sent []string
		var book logbook
		e := newEngine(p, func(plugin int, tag string, chunk []byte) (flight, error) {
			sent = append(sent, fmt.Sprintf("%d %s %s", plugin, tag, chunk))
			return endless{}, nil
		}, book.log)
		e.start()
		time.Sleep(1100 * time.Millisecond)
		began := time.Now()
		e.stop(700 * time.Millisecond)
		if took := time.Since(began); took != 700*time.Millisecond {
			t.Errorf("gave up after %v", took)
		}
		want(t, sent, "3 x aa")
		want(t, book.lines, "-1 [engine] a chunk of tag x is given up: context canceled")
	})
}
