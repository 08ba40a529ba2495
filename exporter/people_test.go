package exporter

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// manyRules is a status of n rules and families.
func manyRules(n int) Status {
	var s Status
	for i := range n {
		s.Rules = append(s.Rules, RuleStatus{
			Rule: fmt.Sprintf("requests_%d_total", i), Type: "counter", Matched: uint64(i), Samples: 2 * uint64(i), Series: i,
		})
		s.Families = append(s.Families, FamilyStatus{Name: fmt.Sprintf("requests_%d_total", i), Type: "counter", Series: i})
	}
	return s
}

func TestLandingPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		now := time.Now()
		s, endpoints := offline(
			Options{Source: families(up("a", "content of a record")), Status: func() Status {
				return Status{
					Rules: []RuleStatus{
						{Rule: "requests_total", Type: "counter", Matched: 1234567, Samples: 1234000, Series: 12},
						{Rule: "wait_seconds", Type: "histogram", Matched: 10, Errors: map[string]uint64{"no_value": 2, "b": 3, "never": 0}},
					},
					Families:   []FamilyStatus{{"small", "gauge", 1}, {"large_total", "counter", 12000}},
					LastError:  Event{"flush: 3 bytes are no record", now.Add(-90 * time.Second)},
					LastReload: Event{"", now.Add(-3 * time.Hour)},
				}
			}},
			Options{Instance: "<b>&promexporter.1", Status: func() Status {
				return Status{LastReload: Event{"rules.yaml:1:1: <script>", now}}
			}},
			Options{Path: "/other", Instance: "promexporter.2", Reload: func() error { return nil }, Status: func() Status {
				failed := Event{"told once", now}
				return Status{LastError: failed, LastReload: failed}
			}},
		)
		time.Sleep(25*time.Hour + time.Minute)
		w := ask(s, http.MethodGet, "/")
		page := w.Body.String()
		for _, want := range []string{
			"<dd>1.2.3</dd>",
			"<dd>1 d 1 h <span",
			`<li><a href="/metrics">/metrics</a> metrics of promexporter.0, &lt;b&gt;&amp;promexporter.1</li>`,
			`<li><a href="/other">/other</a> metrics of promexporter.2</li>`,
			`<a href="/-/healthy">`, `<a href="/-/ready">`, `<a href="/-/rules">`, "POST /-/reload",
			"<td>requests_total</td>", ">1,234,567</td>", "b\u00a03, no_value\u00a02</td>", "<td>large_total</td>", ">12,000</td>",
			"2 families, 12,001 series", "5 errors", "flush: 3 bytes are no record", "1 d 1 h ago", "1 d 4 h ago",
			"failed: rules.yaml:1:1: &lt;script&gt;", "that of the last reload", "failed: told once",
			`name="viewport" content="width=device-width`,
		} {
			if !strings.Contains(page, want) {
				t.Errorf("%s is missing in\n%s", want, page)
			}
		}
		if strings.Index(page, "wait_seconds") > strings.Index(page, "<td>requests_total") {
			t.Error("rules with errors do not stand first")
		}
		for _, bad := range []string{"https:", "debug/", "<script", "src=", "<link", "@import", "url(", "content of a record", "never", " on" + "click", ">told once"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s in\n%s", bad, page)
			}
		}
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") ||
			!strings.HasSuffix(policy, "base-uri 'none'; form-action 'none'; frame-ancestors 'none'") {
			t.Errorf("policy %q", policy)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("headers %v", w.Header())
		}
		s.route(endpoints[:2])
		if page := ask(s, http.MethodGet, "/").Body.String(); strings.Contains(page, "/other") {
			t.Errorf("a closed endpoint in\n%s", page)
		}
	})
}

// Every link of the page leads to something.
func TestLandingPageLinks(t *testing.T) {
	s, endpoints := offline(Options{Debug: true}, Options{Path: "/a/b.c~d", Instance: "promexporter.1"})
	for _, e := range endpoints {
		e.MarkReady()
	}
	page := ask(s, http.MethodGet, "/").Body.String()
	links := regexp.MustCompile(`(?:href|action|src)="([^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) != 6 {
		t.Errorf("%d links", len(links))
	}
	for _, link := range links {
		if w := ask(s, http.MethodGet, link[1]); w.Code != 200 {
			t.Errorf("%s: %d", link[1], w.Code)
		}
	}
}

func TestRulesPage(t *testing.T) {
	s, _ := offline(Options{Status: func() Status {
		return Status{
			Rules:     []RuleStatus{{Rule: "</script>", Type: "counter", Matched: 1, Samples: 2, Series: 3, Errors: map[string]uint64{"no_value": 4}}},
			Families:  []FamilyStatus{{"a_total", "counter", 3}},
			LastError: Event{"oh", time.Unix(1_700_000_000, 0).UTC()},
		}
	}}, Options{Instance: "promexporter.1"})
	w := ask(s, http.MethodGet, "/-/rules")
	var got struct {
		Version   string
		Started   time.Time
		Instances []map[string]any
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if w.Header().Get("Content-Type") != "application/json; charset=utf-8" || strings.Contains(w.Body.String(), "</script>") {
		t.Errorf("%v\n%s", w.Header(), w.Body)
	}
	one := got.Instances[0]
	const want = `[map[errors:map[no_value:4] matched:1 rule:</script> samples:2 series:3 type:counter]]` +
		` [map[name:a_total series:3 type:counter]] 1 3 map[text:oh time:2023-11-14T22:13:20Z] <nil> /metrics promexporter.0`
	if text := fmt.Sprint(one["rules"], one["top_families"], " ", one["families"], " ", one["series"], " ", one["last_error"], " ",
		one["last_reload"], " ", one["path"], " ", one["instance"]); strings.ReplaceAll(text, "  ", " ") != want && text != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	if got.Version != "1.2.3" || got.Started.IsZero() || len(got.Instances) != 2 {
		t.Errorf("got %+v", got)
	}
}

// With ten thousand rules and families the page stays readable, and small.
func TestTenThousandFamilies(t *testing.T) {
	all := manyRules(10_000)
	all.Rules[9_999].Errors = map[string]uint64{"no_value": 1}
	s, _ := offline(Options{Status: func() Status { return all }})
	page := ask(s, http.MethodGet, "/").Body.String()
	if len(page) > 100_000 {
		t.Errorf("%d bytes", len(page))
	}
	if got := strings.Count(page, "<tr><td>"); got != shownRules+shownFamilies {
		t.Errorf("%d rows", got)
	}
	for _, want := range []string{"9,800 more rules", "<td>requests_9999_total</td>", "10,000 families, 49,995,000 series"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
	var got struct{ Instances []instanceStatus }
	body := ask(s, http.MethodGet, "/-/rules").Body.Bytes()
	if err := json.Unmarshal(body, &got); err != nil || len(got.Instances[0].Rules) != 10_000 || len(got.Instances[0].Top) != shownFamilies {
		t.Errorf("%v, %d bytes", err, len(body))
	}
}

// However many pages are asked for, an instance is asked once a second, by one goroutine.
func TestStatusIsAskedRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int64
		block := make(chan struct{})
		s, endpoints := offline(Options{Status: func() Status {
			if asked.Add(1) == 3 {
				<-block
			}
			return Status{LastError: Event{Text: fmt.Sprint("answer ", asked.Load())}}
		}})
		expect := func(text string, times int64, within time.Duration) {
			t.Helper()
			started := time.Now()
			if page := ask(s, http.MethodGet, "/").Body.String(); !strings.Contains(page, text) || asked.Load() != times || time.Since(started) > within {
				t.Errorf("asked %d times, after %s:\n%s", asked.Load(), time.Since(started), page)
			}
		}
		for range 10 {
			expect("answer 1", 1, 0)
		}
		time.Sleep(statusAge)
		expect("answer 2", 2, 0)
		time.Sleep(statusAge)
		expect("answer 2", 3, statusTimeout) // it hangs: what was told before is shown
		expect("answer 2", 3, statusTimeout)
		if endpoints[0].uses != 1 {
			t.Errorf("%d uses", endpoints[0].uses)
		}
		close(block)
		synctest.Wait()
		expect("answer 3", 3, 0)
		endpoints[0].refuse()
		time.Sleep(time.Minute)
		expect("answer 3", 3, 0)
		if endpoints[0].uses != 0 {
			t.Errorf("%d uses", endpoints[0].uses)
		}
	})
}

func TestStatusPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out logged
		s, _ := offline(Options{Status: func() Status { panic("a record's content") }, Log: out.log()})
		for range 3 {
			w := ask(s, http.MethodGet, "/")
			if page := w.Body.String(); w.Code != 200 || !strings.Contains(page, "no status: panic") || strings.Contains(page, "content of") {
				t.Errorf("%d\n%s", w.Code, page)
			}
			time.Sleep(statusAge)
		}
		if page := ask(s, http.MethodGet, "/metrics").Body.String(); !strings.Contains(page, "\npromexporter_http_panics_total 3\n") {
			t.Errorf("not counted:\n%s", page)
		}
		if n := strings.Count(out.String(), "\n"); n != 1 {
			t.Errorf("%d lines:\n%s", n, out.String())
		}
	})
}

// The pages for people have a limit of their own, and take nothing from the scrapes.
func TestPagesForPeopleAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		s, _ := offline(Options{Status: func() Status { <-block; return Status{} }})
		codes := make(chan int, peopleRequests)
		for range peopleRequests {
			go func() { codes <- ask(s, http.MethodGet, "/").Code }()
		}
		synctest.Wait()
		for path, want := range map[string]int{"/": 503, "/-/rules": 503, "/metrics": 200, "/-/healthy": 200} {
			if w := ask(s, http.MethodGet, path); w.Code != want {
				t.Errorf("%s: %d", path, w.Code)
			}
		}
		close(block)
		for range peopleRequests {
			if code := <-codes; code != 200 {
				t.Errorf("got %d", code)
			}
		}
	})
}

func TestProfilesOnlyForDebugging(t *testing.T) {
	s, endpoints := offline(Options{}, Options{Instance: "promexporter.1", Debug: true})
	for path, want := range map[string]int{
		"/debug/pprof/": 200, "/debug/pprof/goroutine?debug=1": 200, "/debug/pprof/heap": 200, "/debug/pprof/symbol": 200,
		"/debug/pprof/trace?seconds=0.01": 200, "/debug/pprof/profile?seconds=1": 200, "/debug/pprof/none": 404,
		"/debug/pprof/profile?seconds=61": 400, "/debug/pprof/trace?seconds=1e9": 400, "/debug/pprof/heap?seconds=1e300": 400,
		"/debug/pprof/trace?seconds=NaN": 400, "/debug/pprof/heap?seconds=none": 400,
		"/debug/pprof/cmdline": 404, "/debug/pprof": 404, "/debug/vars": 404,
	} {
		if w := ask(s, http.MethodGet, path); w.Code != want {
			t.Errorf("%s: %d\n%.200s", path, w.Code, w.Body)
		}
	}
	if w := ask(s, http.MethodPost, "/debug/pprof/symbol"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", w.Code)
	}
	s.route(endpoints[:1])
	if w := ask(s, http.MethodGet, "/debug/pprof/"); w.Code != 404 || strings.Contains(ask(s, http.MethodGet, "/").Body.String(), "pprof") {
		t.Errorf("%d without debug", w.Code)
	}
}

// No page for people asks the source, where the content of records is.
func TestPagesForPeopleShowNoRecords(t *testing.T) {
	var asked atomic.Int64
	s, _ := offline(Options{Source: source(func() ([]*dto.MetricFamily, func(), error) {
		asked.Add(1)
		return []*dto.MetricFamily{up("a", "content of a record")}, nil, nil
	})})
	for _, path := range []string{"/", "/-/rules", "/-/healthy", "/-/ready", "/none"} {
		if w := ask(s, http.MethodGet, path); strings.Contains(w.Body.String(), "content of a record") {
			t.Errorf("%s: %s", path, w.Body)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("the source was asked %d times", asked.Load())
	}
}
