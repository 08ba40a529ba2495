package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/host/hosttest"
	"github.com/promexporter/promexporter/test/flbhost/input"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// collecting is a source whose events are its name.
func collecting(tag, name string, every time.Duration, err error) source {
	collect := func(_ time.Time, b []byte) ([]byte, error) { return append(b, name...), err }
	return source{name: "in.0", tag: tag, input: input.Input{Interval: every, Collect: collect}}
}

// routeTo returns a route that appends its chunks to got, with the time since now.
func routeTo(t *testing.T, got *[]string, pattern string, err error) route {
	t.Helper()
	match, matchErr := matcher(property.Of("match", pattern), false)
	if matchErr != nil {
		t.Fatal(matchErr)
	}
	start := time.Now()
	return route{name: "out.0", match: match, builtin: func(tag string, chunk []byte) error {
		*got = append(*got, fmt.Sprintf("%v %s=%s", time.Since(start), tag, chunk))
		return err
	}}
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

func TestEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var all, some []string
		p := &plan{
			flush: time.Second,
			sources: []source{
				collecting("x", "a", 300*time.Millisecond, nil),
				collecting("y", "b", 700*time.Millisecond, nil),
				collecting("x", "a", 5*time.Second, nil),
			},
			routes: []route{routeTo(t, &all, "*", nil), routeTo(t, &some, "y*", nil)},
		}
		e := newEngine(p, nil)
		e.start()
		time.Sleep(2500 * time.Millisecond)
		e.stop(time.Second)
		want(t, all, "1s x=aaa", "1s y=b", "2s x=aaa", "2s y=b", "2.5s x=aa", "2.5s y=b")
		want(t, some, "1s y=b", "2s y=b", "2.5s y=b")
		e.stop(time.Second)
	})
}

func TestEngineContinuesAfterErrors(t *testing.T) {
	var log logtest.Buffer
	h := hosttest.Launch(t, host.Options{Log: &log})
	var got []string
	p := &plan{
		flush:   2 * time.Millisecond,
		sources: []source{collecting("x", "a", time.Millisecond, errors.New("no data"))},
		routes:  []route{routeTo(t, &got, "*", errors.New("no paper"))},
	}
	e := newEngine(p, h)
	e.start()
	for _, line := range []string{"[error] [input:in.0] no data", "[error] [output:out.0] no paper"} {
		await(t, line, func() bool { return strings.Count(log.String(), line) > 1 })
	}
	e.stop(0)
}

func TestMatcher(t *testing.T) {
	for _, tt := range []struct {
		name  string
		l     property.List
		alone bool
		tag   string
		want  bool
	}{
		{"none", nil, false, "a", false},
		{"none, alone", nil, true, "a", true},
		{"another, alone", property.Of("match", "b"), true, "a", false},
		{"last one", property.Of("match", "b", "Match", "a"), false, "a", true},
		{"equal", property.Of("match", "cpu.0"), false, "cpu.0", true},
		{"longer tag", property.Of("match", "cpu.0"), false, "cpu.00", false},
		{"a point", property.Of("match", "cpu.0"), false, "cpux0", false},
		{"case", property.Of("match", "CPU.0"), false, "cpu.0", false},
		{"all", property.Of("match", "*"), false, "", true},
		{"start", property.Of("match", "cpu.*"), false, "cpu.", true},
		{"start and more", property.Of("match", "cpu.*"), false, "cpu.0\nx", true},
		{"no start", property.Of("match", "cpu.*"), false, "cpu", false},
		{"end", property.Of("match", "*.log"), false, "a.log.log", true},
		{"no end", property.Of("match", "*.log"), false, "a.log.x", false},
		{"middle", property.Of("match", "a**c"), false, "ac", true},
		{"middle and more", property.Of("match", "a*c"), false, "abcd", false},
		{"no other wildcards", property.Of("match", "[a]?"), false, "ab", false},
	} {
		re, err := matcher(tt.l, tt.alone)
		if err != nil || re.MatchString(tt.tag) != tt.want {
			t.Errorf("%s: %v, %v", tt.name, re.MatchString(tt.tag), err)
		}
	}
}
