package exporter_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/address"
)

func TestReload(t *testing.T) {
	calls := 0
	of := func(name string, reload func() error) exporter.Options {
		return exporter.Options{Instance: name, Path: address.Path("/" + name), Reload: reload}
	}
	good := of("good", func() error { calls++; return nil })
	bad := of("bad", func() error { return errors.New("rules.yaml:1:1: broken") })
	long := of("long", func() error { return errors.New(strings.Repeat("é", 64<<10)) })
	panics := of("panics", func() error { panic("oops") })
	for name, test := range map[string]struct {
		method    string
		endpoints []exporter.Options
		code      int
		text      string
		calls     int
	}{
		"not offered":          {"POST", []exporter.Options{{}}, 404, "not found", 0},
		"offered":              {"POST", []exporter.Options{{}, good}, 200, "reloaded\n", 1},
		"PUT":                  {"PUT", []exporter.Options{good}, 200, "reloaded\n", 1},
		"GET changes nothing":  {"GET", []exporter.Options{good}, 405, "use POST", 0},
		"HEAD changes nothing": {"HEAD", []exporter.Options{good}, 405, "", 0},
		"failure is shown":     {"POST", []exporter.Options{bad}, 500, "bad: rules.yaml:1:1: broken\n", 0},
		"others are reloaded":  {"POST", []exporter.Options{bad, good}, 500, "bad: ", 1},
		"a panic is a failure": {"POST", []exporter.Options{panics, good}, 500, "panics: panic: oops\n", 1},
		"the answer is short":  {"POST", []exporter.Options{long, good}, 500, "é...\nsee the log for the rest\n", 1},
	} {
		t.Run(name, func(t *testing.T) {
			calls = 0
			e := openAll(t, test.endpoints...)[0]
			w := ask(t, e, test.method, "/-/reload")
			if w.Code != test.code || !strings.Contains(w.Body.String(), test.text) || w.Body.Len() > 70_000 {
				t.Errorf("%d %.100q, want %d with %q", w.Code, w.Body, test.code, test.text)
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
	for _, web := range []exporter.AccessSettings{{}, {Username: "u", Password: "p"}} {
		e := open(t, new(exporter.Servers), exporter.Options{Access: web, Reload: func() error { calls++; return nil }})
		for _, header := range [][2]string{
			{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"},
			{"Origin", "null"},
		} {
			w := ask(t, e, "POST", "/-/reload", header[0], header[1], "Authorization", "Basic dTpw")
			if w.Code != 403 || calls != 0 {
				t.Errorf("%v: %d, %d calls", header, w.Code, calls)
			}
		}
	}
	e := open(t, new(exporter.Servers), exporter.Options{Reload: func() error { calls++; return nil }})
	if w := ask(t, e, "POST", "/-/reload", "Sec-Fetch-Site", "same-origin"); w.Code != 200 || calls != 1 {
		t.Errorf("%d, %d calls", w.Code, calls)
	}
}

// A site can resolve its own name to the address of the server (DNS rebinding); its requests are then same-origin.
// Without users, the host must be one that no site can have. With users, a site would need the password.
func TestReloadUnderAnotherName(t *testing.T) {
	machine, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for host, allowed := range map[string]bool{
		"127.0.0.1":              true,
		"127.0.0.1:8989":         true,
		"192.0.2.1":              true,
		"[::1]:8989":             true,
		"[::1]":                  true,
		"localhost":              true,
		"LocalHost.:8989":        true,
		machine:                  true,
		machine + ":8989":        true,
		"metrics.example:8989":   true, // in AllowedHosts of one instance
		"METRICS.example.":       true,
		"evil.example":           false,
		"evil.example:8989":      false,
		"localhost.evil.example": false,
		"127.0.0.1.evil.example": false,
		"evil.metrics.example":   false,
		"metrics.example.evil":   false,
		"2130706433":             false,
		"example":                false,
	} {
		calls := 0
		reload := func() error { calls++; return nil }
		named := exporter.Options{AllowedHosts: []string{"other", "Metrics.Example"}}
		bare := openAll(t, exporter.Options{Reload: reload}, named)[0]
		want := map[bool]int{true: 200, false: 403}[allowed]
		if w := ask(t, bare, "POST", "/-/reload", "Host", host); w.Code != want || (calls == 1) != allowed {
			t.Errorf("%s: %d, %d calls\n%s", host, w.Code, calls, w.Body)
		}
		if w := ask(t, bare, "GET", "/metrics", "Host", host); w.Code != 200 {
			t.Errorf("%s: %d for the metrics", host, w.Code)
		}
		o := exporter.Options{Reload: reload, Access: exporter.AccessSettings{Username: "u", Password: "p"}}
		user := open(t, new(exporter.Servers), o)
		if w := ask(t, user, "POST", "/-/reload", "Host", host, "Authorization", "Basic dTpw"); w.Code != 200 {
			t.Errorf("%s, with a password: %d", host, w.Code)
		}
		if w := ask(t, user, "POST", "/-/reload", "Host", host); w.Code != 401 {
			t.Errorf("%s, without its password: %d", host, w.Code)
		}
	}
	e := open(t, new(exporter.Servers), exporter.Options{Reload: func() error { return nil }})
	w := ask(t, e, "POST", "/-/reload", "Host", "evil.example")
	const want = `403 forbidden; host "evil.example": send the request to an IP address, localhost or the name of this ` +
		"machine, or write the host into allowed_hosts\n"
	if w.Body.String() != want {
		t.Errorf("got  %swant %s", w.Body, want)
	}
}
