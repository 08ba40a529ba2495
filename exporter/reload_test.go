package exporter

import (
	"errors"
	"net/http"
	"strings"
	"testing"
)

func TestReload(t *testing.T) {
	calls := 0
	good := Options{Instance: "good", Path: "/good", Reload: func() error { calls++; return nil }}
	bad := Options{Instance: "bad", Path: "/bad", Reload: func() error { return errors.New("rules.yaml:1:1: broken") }}
	panics := Options{Instance: "panics", Path: "/panics", Reload: func() error { panic("oops") }}

	for name, test := range map[string]struct {
		method    string
		endpoints []Options
		code      int
		text      string
		calls     int
	}{
		"not offered":          {"POST", []Options{{}}, http.StatusNotFound, "not found", 0},
		"offered":              {"POST", []Options{{}, good}, http.StatusOK, "reloaded", 1},
		"PUT":                  {"PUT", []Options{good}, http.StatusOK, "reloaded", 1},
		"GET changes nothing":  {"GET", []Options{good}, http.StatusMethodNotAllowed, "use POST", 0},
		"failure is told":      {"POST", []Options{bad}, http.StatusInternalServerError, "bad: rules.yaml:1:1: broken", 0},
		"others are reloaded":  {"POST", []Options{bad, good}, http.StatusInternalServerError, "bad: ", 1},
		"a panic is a failure": {"POST", []Options{panics, good}, http.StatusInternalServerError, "oops", 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls = 0
			s, _ := offline(test.endpoints...)
			w := ask(s, test.method, "/-/reload")
			if w.Code != test.code || !strings.Contains(w.Body.String(), test.text) {
				t.Errorf("%d %q, want %d with %q", w.Code, w.Body, test.code, test.text)
			}
			if calls != test.calls {
				t.Errorf("%d calls, want %d", calls, test.calls)
			}
		})
	}
}

// Another site cannot make a browser reload the rules.
func TestReloadFromAnotherSite(t *testing.T) {
	calls := 0
	s, _ := offline(Options{Reload: func() error { calls++; return nil }})
	for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}} {
		if w := ask(s, http.MethodPost, "/-/reload", header[0], header[1]); w.Code != http.StatusForbidden {
			t.Errorf("%v: %d", header, w.Code)
		}
	}
	if w := ask(s, http.MethodPost, "/-/reload", "Sec-Fetch-Site", "same-origin"); w.Code != 200 || calls != 1 {
		t.Errorf("%d, %d calls", w.Code, calls)
	}
}
