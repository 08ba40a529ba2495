package status

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestLandingPage(t *testing.T) {
	golden(t, "landing.html", []byte(landingPage(t, typical())))
}

// The page works after the last instance was closed.
func TestLandingPageWithoutInstances(t *testing.T) {
	page := landingPage(t, &Server{Version: "1.2.3"})
	for _, absent := range []string{"<h2>", "<table>", "/metrics", "/debug/", "POST"} {
		if strings.Contains(page, absent) {
			t.Errorf("%s in\n%s", absent, page)
		}
	}
}

func TestLandingPageLinks(t *testing.T) {
	s := typical()
	s.Instances[2].Path = "/a/b.c~d"
	var links []string
	for _, match := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(landingPage(t, s), -1) {
		links = append(links, match[1])
	}
	want := []string{"/metrics", "/a/b.c~d", "/-/rules", "/-/healthy", "/-/ready", ProfilesPath}
	if !slices.Equal(links, want) {
		t.Errorf("got %q, want %q", links, want)
	}
}

// No text can add an element, an attribute or a link to the page.
func TestLandingPageEscapes(t *testing.T) {
	tags := regexp.MustCompile(`<[^>]*>`)
	for _, hostile := range []string{
		"<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "</td></style><!--", "{{.}}", "&lt;b&gt;", "\x00\xff\u202e",
		"javascript:alert(1)", "//example.org/",
	} {
		with := func(text string) string {
			at := Event{text, time.Unix(1, 0)}
			return landingPage(t, &Server{Version: text, Instances: []Instance{{
				Name: text, Path: "/" + text, Version: text, Addresses: []string{text},
				Status: Status{
					Rules:    []Rule{{Rule: text, Type: text, Errors: map[string]uint64{text: 1}}},
					Families: []Family{{Name: text, Type: text}},
					Received: []Received{{Family: text, Tag: text, Type: text, Dropped: map[string]uint64{text: 1}}}, LastError: at, LastReload: at,
				},
			}, {Name: "other", Path: "/-/x", Status: Status{LastError: at}}}})
		}
		got, want := tags.FindAllString(with(hostile), -1), tags.FindAllString(with("x"), -1)
		for i := range got {
			if strings.HasPrefix(got[i], `<a href="/`) && i < len(want) { // the path, as part of the address
				got[i], want[i] = "<a>", "<a>"
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q adds to the page:\n%q\nwant\n%q", hostile, got, want)
		}
	}
}

func TestLandingPageRefusesPathsThatRun(t *testing.T) {
	page := landingPage(t, &Server{Instances: []Instance{{Path: "javascript:alert(1)"}}})
	if strings.Contains(page, `href="javascript`) {
		t.Error(page)
	}
}

// With ten thousand rules and families the page stays short, and shows the rule with errors.
func TestTenThousandFamilies(t *testing.T) {
	s := large(10_000)
	s.Instances[0].Rules[9_999].Errors = map[string]uint64{"no_value": 1}
	s.Instances[0].Received[9_999].Dropped = map[string]uint64{"too_old": 1}
	page := landingPage(t, s)
	if len(page) > 100_000 {
		t.Errorf("%d bytes", len(page))
	}
	if got := strings.Count(page, "<tr><td>"); got != RulesShown+FamiliesShown+ReceivedShown {
		t.Errorf("%d rows", got)
	}
	for _, want := range []string{"9,800 more rules", "9,900 more families", "10,000 families, 49,995,000 series", "1 error<"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if !strings.Contains(page, "<tbody>\n<tr><td>requests_9999_total</td>") {
		t.Error("the rule with errors is not the first")
	}
	if strings.Count(page, "<tbody>\n<tr><td>requests_9999_total</td>") != 3 {
		t.Error("the family with drops is not the first")
	}
	s.Instances[0].Rules = s.Instances[0].Rules[:RulesShown]
	if strings.Contains(landingPage(t, s), "more rules") {
		t.Error("the page leaves out rules although there is room")
	}
}

func TestPolicyAllowsTheStyle(t *testing.T) {
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(landingPage(t, typical()))
	if style == nil {
		t.Fatal("the page has no style")
	}
	hash := sha256.Sum256([]byte(style[1]))
	want := fmt.Sprintf("default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		base64.StdEncoding.EncodeToString(hash[:]))
	if got := Policy(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestAgo(t *testing.T) {
	now := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	for since, want := range map[time.Duration]string{
		-time.Hour: "0s", 0: "0s", 59900 * time.Millisecond: "59s", time.Minute: "1m", time.Hour: "1h",
		24*time.Hour - 1: "23h59m59s", 49*time.Hour + 59*time.Minute: "2d1h59m",
	} {
		if got := ago(now, now.Add(-since)); got != want {
			t.Errorf("%s: got %s, want %s", since, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int]string{-1: "0", 0: "0", 999: "999", 1000: "1,000", 12345: "12,345", 1234567: "1,234,567"} {
		if got := number(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
	if got := number(^uint64(0)); got != "18,446,744,073,709,551,615" {
		t.Error(got)
	}
}
