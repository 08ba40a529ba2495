package exporter

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/promexporter/promexporter/exporter/internal/access"
	"github.com/promexporter/promexporter/internal/ratelog"
	"github.com/promexporter/promexporter/internal/webtest"
)

// protected returns a handler that admits the user u with the password p, and the log of its server.
func protected(t *testing.T, settings access.Settings) (http.Handler, *bytes.Buffer) {
	t.Helper()
	a, err := access.Open(settings)
	if err != nil {
		t.Fatal(err)
	}
	out := new(bytes.Buffer)
	s, _ := offline(Options{Log: textLog(out)})
	return a.Handler(s, s.hooks()), out
}

// knock sends a request from an address.
func knock(h http.Handler, from, user, password string, header ...string) int {
	if user+password != "" {
		header = append(header, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	return askFrom(h, from, "/metrics", header...).Code
}

const (
	wrongLine   = `level=WARN msg="refused a wrong user name or password; correct basic_auth in the scrape configuration of the client"`
	missingLine = `level=WARN msg="refused a scrape without user name and password; add basic_auth to the scrape configuration of the client"`
)

func TestUnauthorizedIsLogged(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("p"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	folder := webtest.NewFolder(t, "basic_auth_users: {u: "+string(hash)+"}\n")
	for name, settings := range map[string]access.Settings{
		"username": {Username: "u", Password: "p"}, "web_config_file": {ConfigFile: folder.Config()},
	} {
		for _, test := range []struct {
			from, user, password string
			header               []string
			want                 string
		}{
			{"192.0.2.1:5", "u", "p", nil, ""},
			{"192.0.2.1:5", "u", "secret", nil, wrongLine + " client=192.0.2.1\n"},
			{"[::ffff:192.0.2.1]:5", "secret", "p", nil, wrongLine + " client=192.0.2.1\n"},
			{"[2001:db8::1]:5", "x\n[error] secret", "", nil, wrongLine + " client=2001:db8::1\n"},
			{"@secret\n:1", "secret", "secret", nil, wrongLine + " client=socket\n"},
			{"192.0.2.1:5", "", "", nil, ""}, // a browser, before it asks its user
			{"192.0.2.1:5", "", "", []string{"Authorization", "Bearer secret"}, ""},
			{"192.0.2.1:5", "", "", []string{timeoutHeader, "secret"}, missingLine + " client=192.0.2.1\n"},
		} {
			h, log := protected(t, settings)
			code := knock(h, test.from, test.user, test.password, test.header...)
			if got := log.String(); got != test.want || (code == 401) != (test.user != "u" || test.password != "p") {
				t.Errorf("%s: %+v: status %d, log %q", name, test, code, got)
			}
		}
	}
}

// TestUnauthorizedIsLoggedOnce holds that no client writes more than one line a minute.
func TestUnauthorizedIsLoggedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, log := protected(t, access.Settings{Username: "u", Password: "p"})
		for i := range 1000 {
			user := strings.Repeat("x", i%50)
			knock(h, "192.0.2.1:5", user, "wrong")
			knock(h, "192.0.2.2:5", "", "", timeoutHeader, "10")
		}
		if got := log.String(); got != wrongLine+" client=192.0.2.1\n" {
			t.Errorf("got %q", got)
		}
		log.Reset()
		time.Sleep(ratelog.Interval) // of the bubble
		knock(h, "192.0.2.3:5", "u", "wrong")
		if got := log.String(); got != wrongLine+" client=192.0.2.3 suppressed=1999\n" {
			t.Errorf("got %q", got)
		}
	})
}
