package status

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"slices"
	"sync"
)

//go:embed landing.html
var landingHTML string

//go:embed landing.css
var landingCSS string

var landing = sync.OnceValues(func() (*template.Template, error) {
	return template.New("landing").Funcs(template.FuncMap{
		"number": number[int], "count": number[uint64], "utc": utc, "ago": ago,
		"css": func() template.CSS { return template.CSS(landingCSS) },
	}).Parse(landingHTML)
})

// Policy returns the Content-Security-Policy of the page that [WriteLanding] writes. It allows the style sheet of the
// page and nothing else.
func Policy() string {
	hash := sha256.Sum256([]byte(landingCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// WriteLanding writes s as an HTML page to w. [RulesShown] and [FamiliesShown] bound its length per instance. It calls
// Write many times, so w should be a buffer. After an error, w holds a part of the page.
func WriteLanding(w io.Writer, s *Server) error {
	page, err := landing()
	if err != nil {
		return err
	}
	return page.Execute(w, newView(s))
}

// A view is a Server in the form that the template takes.
type view struct {
	*Server
	Pages     []pageView
	Instances []instanceView
}

// A pageView is the link to one page of metrics.
type pageView struct {
	Path      string
	Instances string // their names
}

type instanceView struct {
	*Instance
	Rules         []ruleView // at most RulesShown
	MoreRules     int        // that the page leaves out
	Errors        uint64     // of all rules
	Series        int
	TopFamilies   []Family
	Received      []receivedView // at most ReceivedShown
	MoreReceived  int            // that the page leaves out
	ReloadIsError bool           // the last error is that of the last reload
}

type ruleView struct {
	Rule
	Errors string // by reason; empty if there are none
}

type receivedView struct {
	Received
	Dropped string // by reason; empty if there are none
}

func newView(s *Server) view {
	v := view{Server: s}
	for i := range s.Instances {
		instance := &s.Instances[i]
		v.addPage(instance)
		v.Instances = append(v.Instances, newInstanceView(instance))
	}
	return v
}

// addPage adds the link to an instance's metrics. Instances may share a page.
func (v *view) addPage(instance *Instance) {
	i := slices.IndexFunc(v.Pages, func(p pageView) bool { return p.Path == instance.Path })
	if i < 0 {
		v.Pages = append(v.Pages, pageView{instance.Path, instance.Name})
		return
	}
	v.Pages[i].Instances += ", " + instance.Name
}

func newInstanceView(instance *Instance) instanceView {
	v := instanceView{
		Instance: instance, Series: instance.series(), TopFamilies: topFamilies(instance.Families),
		ReloadIsError: instance.LastReload.Text != "" && instance.LastError == instance.LastReload,
	}
	rules := instance.Rules
	for i := range rules {
		v.Errors += rules[i].errors()
	}
	v.addRules(rules, func(r *Rule) bool { return r.errors() > 0 })
	v.addRules(rules, func(r *Rule) bool { return r.errors() == 0 })
	v.MoreRules = len(rules) - len(v.Rules)
	received := byFamily(instance.Received)
	v.addReceived(received, func(r *Received) bool { return r.dropped() > 0 })
	v.addReceived(received, func(r *Received) bool { return r.dropped() == 0 })
	v.MoreReceived = len(received) - len(v.Received)
	return v
}

// addRules adds those rules that pass the filter, as long as there is room.
func (v *instanceView) addRules(rules []Rule, filter func(r *Rule) bool) {
	for i := range rules {
		if len(v.Rules) == RulesShown {
			return
		}
		if r := &rules[i]; filter(r) {
			v.Rules = append(v.Rules, ruleView{*r, reasons(r.Errors)})
		}
	}
}

// addReceived does the same with families of metrics events.
func (v *instanceView) addReceived(received []Received, filter func(r *Received) bool) {
	for i := range received {
		if len(v.Received) == ReceivedShown {
			return
		}
		if r := &received[i]; filter(r) {
			v.Received = append(v.Received, receivedView{*r, reasons(r.Dropped)})
		}
	}
}
