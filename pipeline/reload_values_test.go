package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/flb"
)

// TestReloadChangesValues checks that rules with an unchanged definition of their family may change how they make its
// values and label values.
func TestReloadChangesValues(t *testing.T) {
	const (
		mapped = "metrics: [{name: a_total, type: counter, help: A., labels: {l: {from: $l, map: {'^x': %s}}}}]"
		fed    = "metrics: [{name: a, type: gauge, help: A., fields: '^%s_(?P<l>.)$', labels: {l: {capture: l}}}]"
		read   = "metrics: [{name: a, type: gauge, help: A., value: $heat_x, labels: {l: x}}]"
	)
	for name, test := range map[string]struct{ before, after, want string }{
		"a map":         {fmt.Sprintf(mapped, "one"), fmt.Sprintf(mapped, "two"), `a_total{l="two"} 1`},
		"fields":        {fmt.Sprintf(fed, "temp"), fmt.Sprintf(fed, "heat"), `a{l="x"} 2`},
		"a value":       {fmt.Sprintf(fed, "temp"), read, `a{l="x"} 2`},
		"not any value": {read, fmt.Sprintf(fed, "temp"), `a{l="x"} 1`},
	} {
		t.Run(name, func(t *testing.T) {
			file := writeRules(t, test.before)
			p, _ := openOne(t, map[string]string{"rules_file": file, "reload": "on"})
			flush(t, p, "t", `{"l":"x","temp_x":1,"heat_x":2}`, flb.OK)
			rewrite(t, file, test.after)
			if code := post(t, p); code != http.StatusOK {
				t.Fatalf("reload: %d", code)
			}
			flush(t, p, "t", `{"l":"x","temp_x":1,"heat_x":2}`, flb.OK)
			expect(t, p, test.want)
		})
	}
}

// TestClosedPipelineReloadsNothing checks that a watcher that ends late does not change the rules of the successor.
func TestClosedPipelineReloadsNothing(t *testing.T) {
	of := newProcess(t)
	keys := map[string]string{"rules_file": writeRules(t, oneRule)}
	p := of.open("promexporter.0", keys)
	keys["rules_file"] = writeRules(t, twoRules)
	next := of.reload(p, keys)
	if err := p.reload(); !errors.Is(err, collector.ErrClosed) {
		t.Errorf("reload of a closed section: %v", err)
	}
	expect(t, next, `promexporter_rules_last_reload_successful{output="promexporter.0"} 1
promexporter_rules_reloads_total{output="promexporter.0",result="failure"} 0
promexporter_rules_reloads_total{output="promexporter.0",result="success"} 1`)
}

// stuck is a log that blocks.
type stuck struct {
	slog.Handler
	reached chan struct{}
	release chan struct{}
}

func (s *stuck) Enabled(context.Context, slog.Level) bool { return true }

func (s *stuck) Handle(context.Context, slog.Record) error {
	s.reached <- struct{}{}
	<-s.release
	return nil
}

// TestWarningsDoNotWaitForTheLog checks that the collector can queue warnings while a flush waits for the log.
func TestWarningsDoNotWaitForTheLog(t *testing.T) {
	s := &stuck{slog.DiscardHandler, make(chan struct{}), make(chan struct{})}
	var l pendingWarnings
	for _, complain := range []func(){
		func() { l.addDropped("a", collector.SeriesLimit) },
		func() { l.addOverflow("a", "l") },
	} {
		complain()
		logged := make(chan struct{})
		go func() {
			defer close(logged)
			l.log(slog.New(s), time.Now())
		}()
		select {
		case <-s.reached:
		case <-logged:
			t.Fatal("nothing was logged")
		}
		complained := make(chan struct{})
		go func() {
			defer close(complained)
			complain()
		}()
		select {
		case <-complained:
		case <-time.After(time.Minute):
			t.Error("the collector waits for the log")
		}
		s.release <- struct{}{}
		<-logged
		<-complained
	}
}

// TestRestartChangesValues checks that other fields may feed the restored series.
func TestRestartChangesValues(t *testing.T) {
	const rules = "metrics: [{name: a, type: gauge, help: A., fields: '^%s_(?P<l>.)$', labels: {l: {capture: l}}}]"
	keys := stateKeys(t, fmt.Sprintf(rules, "temp"))
	keys["state_gauges"] = "on"
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"temp_x":1,"heat_x":2}`, flb.OK)
	rewrite(t, keys["rules_file"], fmt.Sprintf(rules, "heat"))
	p, _ = reopen(t, p, keys)
	expect(t, p, `a{l="x"} 1`)
	flush(t, p, "t", `{"temp_x":1,"heat_x":2}`, flb.OK)
	expect(t, p, `a{l="x"} 2`)
}
