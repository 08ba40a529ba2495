package pipeline

import (
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/flb"
)

// shownEvents returns the events of p on the status page.
func shownEvents(t *testing.T, p *Pipeline) (reload, failure exporter.Event) {
	t.Helper()
	var page struct {
		Instances []struct {
			LastReload exporter.Event `json:"last_reload"`
			LastError  exporter.Event `json:"last_error"`
		}
	}
	code, body := get(t, p, "/-/rules")
	if err := json.Unmarshal([]byte(body), &page); err != nil || code != http.StatusOK || len(page.Instances) != 1 {
		t.Fatalf("%d %v\n%s", code, err, body)
	}
	return page.Instances[0].LastReload, page.Instances[0].LastError
}

// TestLastError checks that the status pages show the last failure, whatever it was, and nothing from a record.
func TestLastError(t *testing.T) {
	const secret = "content-of-a-record"
	for name, test := range map[string]struct {
		keys func() map[string]string
		do   func(p *Pipeline)
		want string
	}{
		"nothing": {nil, func(p *Pipeline) { flush(t, p, secret, `{"l":"`+secret+`"}`, flb.OK) }, ""},
		"a chunk": {nil, func(p *Pipeline) { p.Flush([]byte("\xc1"+secret), secret) }, "chunk contains data that is not a log event; the readable records were applied: "},
		"a panic": {nil, func(p *Pipeline) {
			p.buffers.newBuffers = func() *flushBuffers { panic(secret) }
			p.Flush([]byte("\x90"), secret)
		}, "panic in flush, chunk dropped; please report this bug"},
		"the state": {func() map[string]string {
			return map[string]string{"state_file": filepath.Join(t.TempDir(), "none", "state")}
		}, nil, "could not write the state file: "},
		"a bad state": {func() map[string]string {
			return map[string]string{"state_file": writeRules(t, "not a state")}
		}, nil, "could not restore the state file; series start from zero: this is not a state of promexporter"},
	} {
		t.Run(name, func(t *testing.T) {
			keys := map[string]string{}
			if test.keys != nil {
				keys = test.keys()
			}
			p, _ := openOne(t, keys)
			if test.do != nil {
				test.do(p)
			}
			// The state is written by a goroutine, and the pages may be a second old.
			var failure exporter.Event
			until(t, test.want, func() bool {
				_, failure = shownEvents(t, p)
				return strings.HasPrefix(failure.Text, test.want)
			})
			if strings.Contains(failure.Text, secret) || failure.Time.IsZero() != (test.want == "") {
				t.Errorf("got %+v", failure)
			}
		})
	}
}

// TestLastReload checks that the status pages show whether the keys of a reload of Fluent Bit are active.
func TestLastReload(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	keys["listen_address"], keys["series_limit"] = p.endpoint.Addrs()[0].String(), "many"
	p = of.reload(p, keys)
	reload, failure := shownEvents(t, p)
	if !strings.HasPrefix(reload.Text, `series_limit: "many": `) || reload != failure {
		t.Errorf("after wrong keys: the reload %+v, the error %+v", reload, failure)
	}
	keys["series_limit"] = "10"
	p = of.reload(p, keys)
	if again, still := shownEvents(t, p); again.Text != "" || !again.Time.After(reload.Time) || still != failure {
		t.Errorf("after good keys: the reload %+v, the error %+v", again, still)
	}
	delete(keys, "rules_file")
	of.reload(p, keys)
	if len(of.log.lines("reloaded\" file=default ")) != 1 {
		t.Errorf("log %q", of.log.lines("the rules"))
	}
}

// TestManyMistakes checks that the page stays short.
func TestManyMistakes(t *testing.T) {
	var e events
	e.reloaded(errors.New("one\ntwo\nthree"), time.Now())
	if reload, _ := e.last(); reload.Text != "one\ntwo\nthree" {
		t.Errorf("got %q", reload.Text)
	}
	e.reloaded(errors.New("one\ntwo\nthree\nfour\nfive"), time.Now())
	if reload, failure := e.last(); reload.Text != "one\ntwo\nthree\nand 2 more, see the log" || failure != reload {
		t.Errorf("got %q", reload.Text)
	}
}
