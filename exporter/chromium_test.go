package exporter

import (
	"fmt"
	"image"
	"image/color"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A browser shows the page on a phone and on a desk, by day and by night, as wide as the screen, with its style, and
// without anything that its policy forbids. The pictures are kept in the folder that PICTURES names.
func TestLandingPageInChromium(t *testing.T) {
	b := newBrowser(t)
	var servers Servers
	e := open(t, &servers, Options{Status: typicalStatus, Debug: true, Reload: func() error { return nil }})
	many := open(t, &servers, Options{
		Instance: "promexporter.1", Status: func() Status { return manyRules(10_000) },
	})
	for _, on := range []screen{{"phone", 390, 844, true}, {"small-phone", 320, 568, true}, {"desk", 1280, 800, false}} {
		for _, scheme := range []string{"light", "dark"} {
			b.screen(on, scheme)
			for content, of := range map[string]*Endpoint{"typical": e, "many": many} {
				name := on.name + "-" + scheme + "-" + content
				b.visit("http://" + of.Addr().String() + "/")
				if complaints := b.complaints(); len(complaints) > 0 {
					t.Errorf("%s: %q", name, complaints)
				}
				if width := eval[int](b, "document.documentElement.scrollWidth"); width != on.width {
					t.Errorf("%s: the page is %d wide", name, width)
				}
				checkPicture(t, b.picture(name), name, scheme)
			}
		}
	}
}

// The browser does complain of a page that wants what its policy forbids.
func TestComplaintsOfChromium(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'")
		fmt.Fprint(w, "<style>p {color: red}</style><p>p")
	}))
	defer s.Close()
	b := newBrowser(t)
	b.visit(s.URL)
	if text := strings.Join(b.complaints(), " "); !strings.Contains(text, "Content Security Policy") {
		t.Errorf("complaints: %q", text)
	}
}

func checkPicture(t *testing.T, seen image.Image, name, scheme string) {
	t.Helper()
	if isBlank(seen) {
		t.Errorf("%s: there is nothing on it", name)
	}
	if r, _, _, _ := seen.At(0, 0).RGBA(); (r < 0x8000) != (scheme == "dark") {
		t.Errorf("%s: the background is %v", name, seen.At(0, 0))
	}
}

// isBlank says whether there is hardly more than a background on a picture.
func isBlank(of image.Image) bool {
	seen := make(map[color.Color]bool)
	for x := range of.Bounds().Dx() {
		for y := range of.Bounds().Dy() {
			if seen[of.At(x, y)] = true; len(seen) >= 10 {
				return false
			}
		}
	}
	return true
}

// Each link of the page leads to a page, and back.
func TestLinksInChromium(t *testing.T) {
	b := newBrowser(t)
	var servers Servers
	e := open(t, &servers, Options{Source: families(up("a", "1")), Status: func() Status { return manyRules(10_000) }, Debug: true})
	e.MarkReady()
	home := "http://" + e.Addr().String() + "/"
	b.visit(home)
	links := eval[int](b, "document.links.length")
	if links != 6 {
		t.Errorf("%d links", links)
	}
	for i := range links {
		b.visit(home)
		to := eval[string](b, fmt.Sprintf("document.links[%d].href", i))
		b.events = nil
		b.call("Runtime.evaluate", map[string]any{"expression": fmt.Sprintf("document.links[%d].click()", i)}, nil)
		b.await("Page.loadEventFired")
		at := eval[string](b, "location.href")
		code := eval[int](b, "performance.getEntriesByType('navigation')[0].responseStatus")
		shown := eval[int](b, "document.body.innerText.length")
		if at != to || code != 200 || shown == 0 {
			t.Errorf("%s leads to %s: %d, %d characters", to, at, code, shown)
		}
	}
}

// typicalStatus is that of a small section with something wrong.
func typicalStatus() Status {
	now := time.Now()
	return Status{
		Rules: []RuleStatus{
			{Rule: "nginx_http_requests_total", Type: "counter", Matched: 123_456_789, Samples: 123_456_700, Series: 412},
			{
				Rule: "nginx_http_request_duration_seconds", Type: "histogram", Matched: 123_456_789, Samples: 123_400_000, Series: 96,
				Errors: map[string]uint64{"no_value": 56_700, "negative_increment": 3, "not_a_number": 1_200},
			},
			{Rule: "${namespace}${field}", Type: "gauge", Matched: 1_024, Samples: 1_024, Series: 12},
			{Rule: "drop_health_checks", Type: "drop", Matched: 88_000},
		},
		Families: []FamilyStatus{
			{"nginx_http_requests_total", "counter", 412}, {"nginx_http_request_duration_seconds", "histogram", 96},
			{"edge_a_rather_long_name_of_a_metric_that_was_made_after_the_path_of_a_field_of_records_bytes", "gauge", 12},
		},
		LastError:  Event{"/etc/fluent-bit/rules/nginx.yaml:12:7: metrics[3].buckets: 0.5 after 1; write upper bounds from low to high", now.Add(-95 * time.Minute)},
		LastReload: Event{"", now.Add(-3 * time.Minute)},
	}
}
