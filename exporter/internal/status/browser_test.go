package status

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

//go:embed testdata/frames.html
var framesHTML string

// A seen is what testdata/frames.html reports about one frame with the page.
type seen struct {
	Want, Width int      // of the screen and of the page
	Font        string   // of the body, which only the style of the page sets
	Opened      []string // the text of the page of each link
}

// A browser applies the style, fits the page to the screen of a phone and of a desktop, follows the links, and logs no
// complaint, such as a violated policy.
func TestLandingPageInBrowser(t *testing.T) {
	many := large(10_000)
	for name, s := range map[string]*Server{"typical": typical(), "large": many} {
		t.Run(name, func(t *testing.T) {
			page := landingPage(t, s)
			frames, log := browse(t, page)
			if strings.Contains(log, "CONSOLE") {
				t.Errorf("the browser complains:\n%s", log)
			}
			if len(frames) != 3 {
				t.Fatalf("got %d frames", len(frames))
			}
			var links []string
			for _, match := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(page, -1) {
				links = append(links, "opened "+match[1])
			}
			for _, f := range frames {
				if f.Width != f.Want || f.Font != "system-ui, sans-serif" {
					t.Errorf("on a screen of %d: the page is %d wide and has the font %s", f.Want, f.Width, f.Font)
				}
				if !slices.Equal(f.Opened, links) {
					t.Errorf("on a screen of %d: got %q, want %q", f.Want, f.Opened, links)
				}
			}
		})
	}
}

// The policy allows no other style, and the test sees errors of the browser.
func TestBrowserRefusesAnotherStyle(t *testing.T) {
	_, log := browse(t, strings.Replace(landingPage(t, typical()), "</style>", " </style>", 1))
	if !strings.Contains(log, "Content Security Policy") {
		t.Errorf("the browser does not complain:\n%s", log)
	}
}

// browse opens the page in frames of several widths, and returns what they report and the log of the browser.
func browse(t *testing.T, page string) ([]seen, string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/frames":
			fmt.Fprint(w, framesHTML)
		case "/":
			// Without a frame, headless Chromium does not get as narrow as a phone.
			w.Header().Set("Content-Security-Policy", strings.Replace(Policy(), "frame-ancestors 'none'", "frame-ancestors 'self'", 1))
			fmt.Fprint(w, page)
		default:
			fmt.Fprint(w, "opened ", r.URL.Path)
		}
	}))
	defer server.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	home := t.TempDir()
	// The sandbox does not run as root, as in a container. The pages are our own.
	cmd := exec.CommandContext(ctx, chromium(t), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
		"--hide-scrollbars", "--user-data-dir="+home, "--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom",
		server.URL+"/frames")
	// The crash handler ignores --user-data-dir. The browser makes a Unix socket in TMPDIR, which has a short path only.
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home, "TMPDIR=/tmp")
	var log strings.Builder
	cmd.Stderr = &log
	document, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	report := regexp.MustCompile(`(?s)<pre>(.*)</pre>`).FindSubmatch(document)
	var frames []seen
	if report == nil || json.Unmarshal([]byte(html.UnescapeString(string(report[1]))), &frames) != nil {
		t.Fatalf("no report in\n%s\n%s", document, log.String())
	}
	return frames, log.String()
}

// chromium returns the path of the browser. Without one, the test is skipped, except in CI.
func chromium(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		t.Fatal("chromium is not installed")
	}
	t.Skip("chromium is not installed (Debian: apt-get install chromium)")
	return ""
}
