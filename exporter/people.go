package exporter

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed landing.html
var landingHTML string

//go:embed landing.css
var landingCSS string

// landing is the page at "/". The toolkit's own landing page escapes nothing and has no tables; this one is made of a
// template that escapes by context.
var landing = sync.OnceValues(func() (*template.Template, error) {
	return template.New("landing").Funcs(template.FuncMap{
		"number": number[int], "count": number[uint64], "utc": utc, "ago": ago,
		"css": func() template.CSS { return template.CSS(landingCSS) },
	}).Parse(landingHTML)
})

// landingPolicy lets a browser use the style of the page and nothing else.
var landingPolicy = sync.OnceValue(func() string {
	hash := sha256.Sum256([]byte(landingCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
})

// serverStatus is what both pages for people show.
type serverStatus struct {
	Version   string           `json:"version"`
	Revision  string           `json:"revision"`
	Started   time.Time        `json:"started"`
	Now       time.Time        `json:"now"`
	Instances []instanceStatus `json:"instances"`
}

func (s *server) status() serverStatus {
	return serverStatus{
		Version: s.version, Revision: revision(), Started: s.started, Now: time.Now(),
		Instances: statuses(s.routes.Load().endpoints),
	}
}

// serveRules answers with everything in JSON.
func (s *server) serveRules(w http.ResponseWriter, r *http.Request) {
	s.forPeople(w, r, "application/json; charset=utf-8", func(a *answer) error {
		out := json.NewEncoder(a)
		out.SetIndent("", "  ")
		return out.Encode(s.status())
	})
}

// serveLanding answers with a page of bounded length.
func (s *server) serveLanding(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", landingPolicy())
	s.forPeople(w, r, "text/html; charset=utf-8", func(a *answer) error {
		page, err := landing()
		if err != nil {
			return err
		}
		return page.Execute(a, s.view())
	})
}

// forPeople sends what write makes, as one of peopleRequests at most.
func (s *server) forPeople(w http.ResponseWriter, r *http.Request, contentType string, write func(a *answer) error) {
	v := s.people.enter(peopleRequests, w, r)
	if v == nil {
		http.Error(w, "too many requests are in flight; try again later", http.StatusServiceUnavailable)
		return
	}
	defer v.leave()
	a := s.bodies.newAnswer()
	a.header.Set("Content-Type", contentType)
	a.header.Set("Cache-Control", "no-store")
	a.header.Set("Referrer-Policy", "no-referrer")
	if err := write(a); err != nil {
		s.logs.warn(s.log(), err, "page failed")
		a.fail(http.StatusInternalServerError, "the page cannot be made; the log says why")
	}
	v.send(a, w, time.Time{})
	s.bodies.keep(a)
}

// A view is a serverStatus in the form that the template takes.
type view struct {
	serverStatus
	Pages     []pageLink
	Instances []instanceView
	Debug     bool
	Reload    bool
}

type pageLink struct{ Path, Instances string }

type instanceView struct {
	instanceStatus
	Rules  []ruleView
	More   int    // rules that are not shown
	Failed bool   // the last error is that of the last reload
	Errors uint64 // of all rules
}

type ruleView struct {
	RuleStatus
	Failed  uint64
	Reasons string
}

func (s *server) view() view {
	now := s.routes.Load()
	v := view{
		serverStatus: s.status(),
		Reload:       len(now.reloaders()) > 0,
		Debug:        slices.ContainsFunc(now.endpoints, (*Endpoint).debugs),
	}
	for _, e := range now.endpoints {
		i := slices.IndexFunc(v.Pages, func(p pageLink) bool { return p.Path == e.path })
		if i < 0 {
			v.Pages = append(v.Pages, pageLink{e.path, e.instance})
		} else {
			v.Pages[i].Instances += ", " + e.instance
		}
	}
	for _, of := range v.serverStatus.Instances {
		v.Instances = append(v.Instances, newInstanceView(of))
	}
	return v
}

// newInstanceView shows rules in their order, those with errors first.
func newInstanceView(of instanceStatus) instanceView {
	v := instanceView{instanceStatus: of, Failed: of.LastReload.Text != "" && of.LastError == of.LastReload}
	for _, r := range of.Rules {
		failed := r.errors()
		v.Errors += failed
		v.Rules = append(v.Rules, ruleView{RuleStatus: r, Failed: failed})
	}
	slices.SortStableFunc(v.Rules, func(a, b ruleView) int { return cmp.Compare(min(b.Failed, 1), min(a.Failed, 1)) })
	if v.More = len(v.Rules) - shownRules; v.More > 0 {
		v.Rules = v.Rules[:shownRules]
	}
	for i := range v.Rules {
		v.Rules[i].Reasons = reasons(v.Rules[i].Errors)
	}
	return v
}

// reasons is "reason 3, other 1", the most frequent first. A reason and its number stay on one line.
func reasons(counts map[string]uint64) string {
	type one struct {
		reason string
		count  uint64
	}
	var all []one
	for reason, count := range counts {
		if count > 0 {
			all = append(all, one{reason, count})
		}
	}
	slices.SortFunc(all, func(a, b one) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.reason, b.reason))
	})
	var texts []string
	for _, o := range all {
		texts = append(texts, o.reason+"\u00a0"+number(o.count))
	}
	return strings.Join(texts, ", ")
}

// number is n with commas between thousands.
func number[N int | uint64](n N) string {
	digits := strconv.FormatUint(uint64(max(n, 0)), 10)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// ago is the time from t to now in its two largest units.
func ago(now, t time.Time) string {
	d := max(now.Sub(t), 0)
	switch {
	case d >= 24*time.Hour:
		return fmt.Sprintf("%d d %d h", int(d.Hours())/24, int(d.Hours())%24)
	case d >= time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	case d >= time.Minute:
		return fmt.Sprintf("%d min %d s", int(d.Minutes()), int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d s", int(d.Seconds()))
}
