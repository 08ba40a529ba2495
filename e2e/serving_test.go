package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

// request fetches url as a user, written as name:password, in the format accept.
func request(t *testing.T, client *http.Client, url, user, accept string) (code int, body string) {
	t.Helper()
	r := http.Request{Header: http.Header{}}
	if name, password, ok := strings.Cut(user, ":"); ok {
		r.SetBasicAuth(name, password)
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	response, body := do(t, client, http.MethodGet, url, r.Header)
	return response.StatusCode, body
}

// TestPrometheusWithPasswordFile scrapes as the user of the section, in OpenMetrics text.
func TestPrometheusWithPasswordFile(t *testing.T) {
	t.Parallel()
	program := required(t, "prometheus")
	file := filepath.Join(t.TempDir(), "password")
	writeRules(t, file, "open sesame\n")
	a := start(t, "", requests(t, "username=prometheus", "password_file="+file)...)
	page, err := url.Parse(a.url(0))
	if err != nil {
		t.Fatal(err)
	}
	api := startPrometheus(t, program, fmt.Sprintf("  basic_auth: {username: prometheus, password_file: '%s'}\n"+
		"  static_configs: [{targets: ['%s']}]\n", file, page.Host))
	answersExactly(t, api, map[string]string{
		`http_requests_total{status="200"}`:              "5",
		`http_requests_total{status="500"}`:              "3",
		`histogram_count(http_request_duration_seconds)`: "8",
		`up{job="promexporter"}`:                         "1",
	})
	a.stop()
}

// TestUsers checks that all pages except health and readiness require the password.
func TestUsers(t *testing.T) {
	a := start(t, "", withPlugin(append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "-p", "reload=on", "-p", "debug=on",
		"-p", "username=prometheus", "-p", "password=open sesame")...)...)
	base := strings.TrimSuffix(a.url(0), "/metrics")
	for path, want := range map[string]int{
		"/metrics": 200, "/": 200, "/-/rules": 200, "/debug/pprof/": 200, "/-/reload": 405, "/nothing": 404, "/-/healthy/": 404,
	} {
		for _, user := range []string{"", "prometheus:", "prometheus:open", "Prometheus:open sesame", ":open sesame"} {
			if code, body := request(t, http.DefaultClient, base+path, user, ""); code != 401 || strings.Contains(body, "promexporter_") {
				t.Errorf("%s as %q: %d %s", path, user, code, body)
			}
		}
		if code, _ := request(t, http.DefaultClient, base+path, "prometheus:open sesame", ""); code != want {
			t.Errorf("%s: %d, want %d", path, code, want)
		}
	}
	for _, path := range []string{"/-/healthy", "/-/ready"} {
		until(t, path+" is not open", func() bool {
			code, _ := request(t, http.DefaultClient, base+path, "", "")
			return code == 200
		})
	}
	a.stop()
}

var ownError = regexp.MustCompile(`(?m)^.*\[error\] \[output:promexporter:.*$`)

// TestUserMistakes checks that each mistake is logged once, without a secret, and that no port is opened.
func TestUserMistakes(t *testing.T) {
	dir := t.TempDir()
	web, none := filepath.Join(dir, "web.yml"), filepath.Join(dir, "none")
	writeRules(t, web, "basic_auth_users: {}\n")
	for name, test := range map[string]struct {
		keys []string
		want string
	}{
		"both":            {[]string{"username=u", "password=hunter2", "web_config_file=" + web}, "web_config_file: there is a username or a password as well; "},
		"no user":         {[]string{"password=hunter2"}, "password: there is no username; "},
		"no password":     {[]string{"username=u"}, `username "u": there is no password; `},
		"two passwords":   {[]string{"username=u", "password=hunter2", "password_file=" + none}, "password_file: there is a password as well; "},
		"password file":   {[]string{"username=u", "password_file=" + none}, "password_file " + none + ": no such file or directory; "},
		"web config file": {[]string{"web_config_file=" + none}, "web_config_file " + none + ": no such file or directory; "},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort)
			for _, key := range test.keys {
				args = append(args, "-p", key)
			}
			a := start(t, "", withPlugin(args...)...)
			a.failed()
			lines := ownError.FindAllString(a.log.String(), -1)
			if len(lines) != 1 || !strings.Contains(lines[0], "[output:promexporter:promexporter.0] "+test.want) {
				t.Errorf("the log has %q, want one line of %q", lines, test.want)
			}
			for _, not := range []string{"serving", "hunter2"} {
				if strings.Contains(a.log.String(), not) {
					t.Errorf("the log has %q", not)
				}
			}
		})
	}
}

// TestSecretsNeverAppear searches everything that an agent writes and serves for passwords and their hashes.
func TestSecretsNeverAppear(t *testing.T) {
	hash, err := bcrypt.GenerateFromPassword([]byte("hunter2"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeRules(t, filepath.Join(dir, "web.yml"), "basic_auth_users: {u: '"+string(hash)+"'}\n")
	writeRules(t, filepath.Join(dir, "password"), "hunter2")
	for name, keys := range map[string][]string{
		"password": {"username=u", "password=hunter2"}, "password_file": {"username=u", "password_file=" + filepath.Join(dir, "password")},
		"web_config_file": {"web_config_file=" + filepath.Join(dir, "web.yml")},
	} {
		t.Run(name, func(t *testing.T) {
			args := append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "-p", "debug=on", "-v", "-v")
			for _, key := range keys {
				args = append(args, "-p", key)
			}
			a := start(t, "", withPlugin(args...)...)
			base := strings.TrimSuffix(a.url(0), "/metrics")
			seen := ""
			for _, user := range []string{"u:hunter2", "u:hunter", "", "hunter2:u"} {
				for _, path := range []string{"/", "/metrics", "/-/rules", "/-/ready", "/debug/pprof/cmdline"} {
					_, body := request(t, http.DefaultClient, base+path, user, "")
					seen += body
				}
			}
			if err := syscall.Kill(a.pluginPID(), syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
			a.logged("caught signal (SIGCONT)")
			a.stop()
			seen += a.log.String()
			for _, secret := range []string{"hunter2", string(hash), base64.StdEncoding.EncodeToString([]byte("u:hunter2"))} {
				if strings.Contains(seen, secret) {
					t.Errorf("%q is shown", secret)
				}
			}
			if !strings.Contains(seen, "promexporter_build_info") {
				t.Error("no page was seen")
			}
		})
	}
}

// TestSharedAddress has two sections on one address with different users.
func TestSharedAddress(t *testing.T) {
	web := filepath.Join(t.TempDir(), "web.yml")
	certificates(t, filepath.Dir(web))
	writeRules(t, web, "tls_server_config: {cert_file: server.crt, key_file: server.key}\n")
	for key, sections := range map[string][2][]string{
		"username":        {{"username=u", "password=hunter2"}, {"username=v", "password=hunter2"}},
		"password":        {{"username=u", "password=hunter2"}, {"username=u", "password=hunter3"}},
		"web_config_file": {{"metrics_path=/a"}, {"web_config_file=" + web}},
	} {
		t.Run(key, func(t *testing.T) {
			args, address := dummy("a", `{"a":1}`), freePort(t)
			for _, keys := range sections {
				args = append(args, "-o", "promexporter", "-m", "*", "-p", "listen_address="+address)
				for _, key := range keys {
					args = append(args, "-p", key)
				}
			}
			a := start(t, "", withPlugin(args...)...)
			a.failed()
			lines := ownError.FindAllString(a.log.String(), -1)
			want := "promexporter.0 and promexporter.1 share the address " + address + " (listen_address) with different " + key + "; "
			if len(lines) != 1 || !strings.Contains(lines[0], want) {
				t.Errorf("the log has %q, want one line of %q", lines, want)
			}
			if strings.Contains(a.log.String(), "hunter") {
				t.Error("the log has a password")
			}
		})
	}
}

// TestSelectedFamilies checks that name[] selects families.
func TestSelectedFamilies(t *testing.T) {
	a := start(t, "", withPlugin(append(dummy("t", `{"a":1,"b":2,"c":3}`), "-o", "promexporter", "-p", anyPort)...)...)
	address := a.url(0)
	a.page(address, "no record", func(page string) bool { return value(page, `c{tag="t"}`) != "" })
	for query, want := range map[string]string{
		"?name[]=a":             "a",
		"?name[]=a&name[]=c":    "a c",
		"?name%5B%5D=b":         "b",
		"?name[]=none":          "",
		"?name[]=go_goroutines": "go_goroutines",
	} {
		var got []string
		for line := range strings.Lines(scrape(t, address+query)) {
			if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
				got = append(got, strings.Fields(rest)[0])
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	a.stop()
}
