package e2e

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

const stateRules = `
metrics:
- {name: requests_total, type: counter, help: Requests., match: app, labels: {status: $status}}
- {name: size_bytes, type: histogram, help: Size., match: app, value: $size, buckets: [10, 1000]}
- {name: time_seconds, type: histogram, help: Time., match: app, value: $time, native: {factor: 1.1}}
- {name: load, type: summary, help: Load., match: app, value: $time}
- {name: temperature, type: gauge, help: Temperature., match: app, value: $temperature}
`

// keeper starts agents with the same state file, one after the other.
type keeper struct {
	t            *testing.T
	state, rules string
}

func newKeeper(t *testing.T) *keeper {
	dir := t.TempDir()
	k := &keeper{t: t, state: filepath.Join(dir, "state"), rules: filepath.Join(dir, "rules.yaml")}
	writeRules(t, k.rules, stateRules)
	return k
}

const (
	stateWritten = `promexporter_state_last_write_timestamp_seconds{output="promexporter.0"}`
	stateErrors  = `promexporter_state_write_errors_total{output="promexporter.0"}`
)

// start starts an agent that gets five records with the tag.
func (k *keeper) start(tag string, keys ...string) (a *agent, url string) {
	k.t.Helper()
	args := append(dummy(tag, `{"status":200,"size":500,"time":0.25,"temperature":21.5}`), "-p", "samples=5", "-p", "rate=50",
		"-o", "promexporter", "-p", anyPort, "-p", "rules_file="+k.rules, "-p", "state_file="+k.state)
	for _, key := range keys {
		args = append(args, "-p", key)
	}
	a = start(k.t, "", withPlugin(args...)...)
	return a, a.url(0)
}

// counted waits until all records of an agent are counted.
func counted(a *agent, url string) {
	a.t.Helper()
	a.page(url, "not all records were counted", func(page string) bool {
		return number(a.t, page, `promexporter_records_received_total{output="promexporter.0"}`) == 5
	})
}

// ofRules returns the part of the page that the rules make, with created timestamps.
func ofRules(t *testing.T, url string) string {
	t.Helper()
	code, page := request(t, http.DefaultClient, url, "", "application/openmetrics-text; version=1.0.0")
	if code != 200 {
		t.Fatalf("%d %s", code, page)
	}
	return foreign(page)
}

var gaugeLines = regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?temperature.*\n`)

// TestStateOverRestart stops an agent and starts another one: the page is the same, including created timestamps, and
// the counters continue.
func TestStateOverRestart(t *testing.T) {
	for _, gauges := range []string{"on", "off"} {
		t.Run("gauges "+gauges, func(t *testing.T) {
			k := newKeeper(t)
			a, url := k.start("app", "state_gauges="+gauges)
			counted(a, url)
			before := ofRules(t, url)
			for series, want := range map[string]string{`requests_total{status="200"}`: "5.0", `time_seconds_count`: "5", `load_sum`: "1.25"} {
				if got := value(before, series); got != want {
					t.Errorf("%s is %q, want %q", series, got, want)
				}
			}
			if n := strings.Count(before, "_created"); n != 4 {
				t.Errorf("%d created timestamps:\n%s", n, before)
			}
			a.stop()

			a, url = k.start("other", "state_gauges="+gauges)
			if gauges == "off" {
				before = gaugeLines.ReplaceAllString(before, "")
			}
			if after := ofRules(t, url); after != before {
				t.Errorf("restored:\n%s\nwant:\n%s", after, before)
			}
			a.logged("state restored")
			a.stop()

			a, url = k.start("app", "state_gauges="+gauges)
			counted(a, url)
			after := ofRules(t, url)
			for series, want := range map[string]string{
				`requests_total{status="200"}`: "10.0", `size_bytes_bucket{le="1000.0"}`: "10", `time_seconds_count`: "10",
				`load_sum`: "2.5", `temperature`: "21.5",
				`requests_created{status="200"}`: value(before, `requests_created{status="200"}`),
				`time_seconds_created`:           value(before, `time_seconds_created`),
				`load_created`:                   value(before, `load_created`),
			} {
				if got := value(after, series); got != want {
					t.Errorf("%s is %q, want %q", series, got, want)
				}
			}
			a.stop()
		})
	}
}

// TestStateOfKilled kills an agent. Its successor continues from the last write.
func TestStateOfKilled(t *testing.T) {
	k := newKeeper(t)
	a, url := k.start("app", "state_interval=1s")
	counted(a, url)
	since := float64(time.Now().UnixNano()) / 1e9
	a.page(url, "the state is not written", func(page string) bool { return number(t, page, stateWritten) > since })
	before := ofRules(t, url)
	if err := syscall.Kill(a.pluginPID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-a.ended // so does the development host when its loader has, and that has left the file by then

	a, url = k.start("other", "state_interval=1s")
	if after := ofRules(t, url); after != gaugeLines.ReplaceAllString(before, "") {
		t.Errorf("restored:\n%s\nwant, without gauges:\n%s", after, before)
	}
	a.stop()
}

// TestInvalidState starts with files that are not a state, or are truncated: they are set aside, and series start from
// zero.
func TestInvalidState(t *testing.T) {
	k := newKeeper(t)
	a, url := k.start("app")
	counted(a, url)
	a.stop()
	good, err := os.ReadFile(k.state)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ state, wrong string }{
		"foreign":   {"metrics: []\n", "this is not a state of promexporter"},
		"truncated": {string(good[:len(good)-7]), "the state is cut off"},
		"corrupt":   {strings.Replace(string(good), "requests_total", "requests_totam", 1), "the state is corrupt: its checksum is wrong"},
		"empty":     {"", "the state is cut off"},
		"newer":     {string(good[:8]) + "\x04" + string(good[9:]), "the state is of version 4, this program reads version 3"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t)
			writeRules(t, k.state, test.state)
			a, url := k.start("app")
			a.logged("[error] [output:promexporter:promexporter.0] could not restore the state file; series start from zero ")
			a.logged(test.wrong)
			counted(a, url)
			expect(t, scrape(t, url), map[string]string{`requests_total{status="200"}`: "5", stateErrors: "0"})
			aside, err := filepath.Glob(k.state + ".bad-*")
			if err != nil || len(aside) != 1 {
				t.Fatalf("set aside are %q, %v", aside, err)
			}
			if text, err := os.ReadFile(aside[0]); err != nil || string(text) != test.state {
				t.Errorf("what was set aside has changed: %q, %v", text, err)
			}
			a.stop()
		})
	}
}

// TestStateWithoutFolder starts without the directory of the state file: metrics continue, errors are counted, and the
// file is written as soon as the directory exists.
func TestStateWithoutFolder(t *testing.T) {
	k := newKeeper(t)
	folder := filepath.Join(t.TempDir(), "later")
	k.state = filepath.Join(folder, "state")
	a, url := k.start("app", "state_interval=1s")
	counted(a, url)
	page := a.page(url, "no error is counted", func(page string) bool { return number(t, page, stateErrors) > 1 })
	expect(t, page, map[string]string{`requests_total{status="200"}`: "5", stateWritten: "0"})
	a.logged("[error] [output:promexporter:promexporter.0] could not write the state file; metrics are still served ")
	if n := strings.Count(a.log.String(), "could not write the state file"); n != 1 {
		t.Errorf("%d lines", n)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	a.page(url, "the state is not written", func(page string) bool { return number(t, page, stateWritten) > 0 })
	a.logged("state file is written again")
	a.stop()
	if about, err := os.Stat(k.state); err != nil || about.Mode().Perm() != 0o600 {
		t.Errorf("the state: %v, %v", about, err)
	}
}

// TestStateOfTwo starts a second agent with the state file of the first one.
func TestStateOfTwo(t *testing.T) {
	k := newKeeper(t)
	first, url := k.start("app")
	counted(first, url)
	second := start(t, "", withPlugin(append(dummy("app", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "-p", "state_file="+k.state)...)...)
	second.failed()
	want := regexp.MustCompile(`\[error\] \[output:promexporter:promexporter\.0\] state_file: ` + regexp.QuoteMeta(k.state) +
		` is used by promexporter\.0 in process \d+; give promexporter\.0 its own file`)
	if lines := ownError.FindAllString(second.log.String(), -1); len(lines) != 1 || !want.MatchString(lines[0]) {
		t.Errorf("the log has %q", lines)
	}
	first.stop()
	if _, err := os.Stat(k.state); errors.Is(err, os.ErrNotExist) {
		t.Error("the first agent has left no state")
	}
}
