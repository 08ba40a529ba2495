package exporter_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/exposition"
)

// The landing page shows the instances in their order, without those that are closed, and has a policy.
func TestLandingPage(t *testing.T) {
	all := openAll(t, exporter.Options{Path: "/one", Reload: func() error { return nil }, Status: func() exporter.Status {
		return exporter.Status{Rules: []exporter.RuleStatus{{Rule: "<b>", Type: "counter", Matched: 1234}}}
	}}, exporter.Options{Path: "/two", Version: "4.5.6"})
	w := ask(t, all[0], "GET", "/")
	page := w.Body.String()
	for _, want := range []string{
		"1.2.3", "promexporter.0", "/one", "&lt;b&gt;", "1,234", "promexporter.1", "/two", "http://" + at(all[0]),
		"POST /-/reload",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing in\n%s", want, page)
		}
	}
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
		"X-Content-Type-Options": "nosniff",
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %q", policy)
	}
	all[1].Close()
	if page := ask(t, all[0], "GET", "/").Body.String(); strings.Contains(page, "/two") {
		t.Errorf("a closed endpoint in\n%s", page)
	}
}

// Every link of the page works.
func TestLandingPageLinks(t *testing.T) {
	all := openAll(t, exporter.Options{Debug: true}, exporter.Options{Path: "/a/b.c~d"})
	for _, e := range all {
		e.MarkReady()
	}
	page := ask(t, all[0], "GET", "/").Body.String()
	links := regexp.MustCompile(`(?:href|action|src)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) != 6 {
		t.Errorf("%d links", len(links))
	}
	for _, link := range links {
		if w := ask(t, all[0], "GET", link[1]); w.Code != 200 {
			t.Errorf("%s: %d", link[1], w.Code)
		}
	}
}

func TestRulesPage(t *testing.T) {
	e := openAll(t, exporter.Options{Status: func() exporter.Status {
		return exporter.Status{Rules: []exporter.RuleStatus{{Rule: "</script>", Type: "counter", Matched: 7}}}
	}}, exporter.Options{})[0]
	w := ask(t, e, "GET", "/-/rules")
	var got struct {
		Version   string
		Started   time.Time
		Instances []struct {
			Instance, Path string
			Rules          []exporter.RuleStatus
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	kind := w.Header().Get("Content-Type")
	if kind != "application/json; charset=utf-8" || strings.Contains(w.Body.String(), "</script>") {
		t.Errorf("%s\n%s", kind, w.Body)
	}
	if got.Version != "1.2.3" || got.Started.IsZero() || len(got.Instances) != 2 {
		t.Fatalf("got %+v", got)
	}
	if one := got.Instances[0]; one.Instance != "promexporter.0" || one.Path != "/metrics" || one.Rules[0].Matched != 7 {
		t.Errorf("got %+v", one)
	}
}

// If a status panics, only the part of its instance is missing, and the cause of the panic is not shown.
func TestStatusPanics(t *testing.T) {
	var out logged
	e := openAll(t,
		exporter.Options{Status: func() exporter.Status { panic("a record's content") }, Log: out.log()},
		exporter.Options{Status: func() exporter.Status {
			return exporter.Status{LastError: exporter.Event{Text: "of the other one", Time: time.Now()}}
		}},
	)[0]
	for range 3 {
		for _, path := range []string{"/", "/-/rules"} {
			w := ask(t, e, "GET", path)
			if page := w.Body.String(); w.Code != 200 || !strings.Contains(page, "status is unavailable: panic") ||
				!strings.Contains(page, "of the other one") || strings.Contains(page, "content of") {
				t.Errorf("%s: %d\n%s", path, w.Code, page)
			}
		}
	}
	if page := ask(t, e, "GET", "/metrics").Body.String(); value(page, "promexporter_http_panics_total") != "6" {
		t.Errorf("not counted:\n%s", page)
	}
	if n := strings.Count(out.String(), "\n"); n != 1 {
		t.Errorf("%d lines:\n%s", n, out.String())
	}
}

// While an instance is suspended, its status is not read.
func TestStatusOfSuspendedInstance(t *testing.T) {
	e := open(t, new(exporter.Servers), exporter.Options{Status: func() exporter.Status {
		t.Error("the status is asked for")
		return exporter.Status{}
	}})
	if err := e.Suspend(); err != nil {
		t.Error(err)
	}
	if w := ask(t, e, "GET", "/"); w.Code != 200 || !strings.Contains(w.Body.String(), ">reloading<") {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
	if w := ask(t, e, "GET", "/-/rules"); w.Code != 200 || !strings.Contains(w.Body.String(), `"reloading": true`) {
		t.Errorf("%d\n%s", w.Code, w.Body)
	}
}

func TestProfilesOnlyForDebugging(t *testing.T) {
	all := openAll(t, exporter.Options{}, exporter.Options{Debug: true})
	for path, want := range map[string]int{
		"/debug/pprof/": 200, "/debug/pprof/heap": 200, "/debug/pprof/trace?seconds=0.01": 200, "/debug/pprof/none": 404,
		"/debug/pprof/profile?seconds=61": 400, "/debug/pprof/cmdline": 404, "/debug/pprof": 404, "/debug/vars": 404,
	} {
		if w := ask(t, all[0], "GET", path); w.Code != want {
			t.Errorf("%s: %d\n%.200s", path, w.Code, w.Body)
		}
	}
	if w := ask(t, all[0], "POST", "/debug/pprof/symbol"); w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
	all[1].Close()
	landing := ask(t, all[0], "GET", "/").Body.String()
	if w := ask(t, all[0], "GET", "/debug/pprof/"); w.Code != 404 || strings.Contains(landing, "pprof") {
		t.Errorf("%d without debug", w.Code)
	}
}

// No status page calls the source, which has the content of records.
func TestStatusPagesShowNoRecords(t *testing.T) {
	var asked atomic.Int64
	e := open(t, new(exporter.Servers), exporter.Options{
		Source: source(func(context.Context) ([]exposition.Family, func(), error) {
			asked.Add(1)
			return exposition.Families([]*dto.MetricFamily{up("a", "content of a record")}), nil, nil
		}),
	})
	for _, path := range []string{"/", "/-/rules", "/-/healthy", "/-/ready", "/none"} {
		if w := ask(t, e, "GET", path); strings.Contains(w.Body.String(), "content of a record") {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the source was asked %d times", asked.Load())
	}
}
