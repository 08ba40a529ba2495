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
		"number": number[int], "count": number[uint64], "utc": utc, "ago": ago, "reasons": reasons,
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
	Rules         []Rule     // at most RulesShown
	MoreRules     int        // that the page leaves out
	Errors        uint64     // of all rules
	Series        int        // in all families
	TopFamilies   []Family   // at most FamiliesShown
	Received      []Received // at most ReceivedShown
	MoreReceived  int        // that the page leaves out
	ReloadIsError bool       // the last error is that of the last reload
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

func newInstanceView(i *Instance) instanceView {
	rules := lossesFirst(i.Rules, func(r *Rule) map[string]uint64 { return r.Errors })
	received := lossesFirst(byFamily(i.Received), func(r *Received) map[string]uint64 { return r.Dropped })
	v := instanceView{
		Instance: i, Series: i.series(), TopFamilies: topFamilies(i.Families),
		Rules:         rules[:min(len(rules), RulesShown)],
		Received:      received[:min(len(received), ReceivedShown)],
		ReloadIsError: i.LastReload.Text != "" && i.LastError == i.LastReload,
	}
	v.MoreRules, v.MoreReceived = len(rules)-len(v.Rules), len(received)-len(v.Received)
	for _, r := range rules {
		v.Errors += total(r.Errors)
	}
	return v
}

// lossesFirst returns all, those with losses first.
func lossesFirst[T any](all []T, losses func(*T) map[string]uint64) []T {
	var with, without []T
	for i := range all {
		if total(losses(&all[i])) > 0 {
			with = append(with, all[i])
		} else {
			without = append(without, all[i])
		}
	}
	return append(with, without...)
}
