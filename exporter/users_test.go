package exporter

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

const secret = "hunter2-\"ä" // no part of it may be seen anywhere

func TestUserIsAskedForEverythingButHealth(t *testing.T) {
	var servers Servers
	e := open(t, &servers, Options{
		Web: Web{Username: "prometheus", Password: secret}, Debug: true, Reload: func() error { return nil },
		Source: families(up("a", "1")),
	})
	e.MarkReady()
	url := "http://" + e.Addr().String()
	for _, test := range []struct {
		method, path string
		without      int
		with         int
	}{
		{"GET", "/metrics", 401, 200},
		{"HEAD", "/metrics", 401, 200},
		{"GET", "/metrics?name[]=a", 401, 200},
		{"GET", "/", 401, 200},
		{"GET", "/-/rules", 401, 200},
		{"POST", "/-/reload", 401, 200},
		{"GET", "/debug/pprof/", 401, 200},
		{"GET", "/none", 401, 404},
		{"GET", "//-/healthy", 401, 404},
		{"GET", "/-/healthy/", 401, 404},
		{"GET", "/-/healthy/../../metrics", 401, 404},
		{"GET", "/-/healthy%2f..%2f..%2fmetrics", 401, 404},
		{"OPTIONS", "/metrics", 401, 405},
		{"GET", "/-/healthy", 200, 200},
		{"GET", "/-/ready", 200, 200},
		{"GET", "/-/ready?x=/metrics", 200, 200},
	} {
		for user, want := range map[string]int{"": test.without, "prometheus": test.with} {
			r, err := http.NewRequest(test.method, url+test.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			if user != "" {
				r.SetBasicAuth(user, secret)
			}
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			if response.StatusCode != want {
				t.Errorf("%s %s as %q: %d, want %d", test.method, test.path, user, response.StatusCode, want)
			}
			if asks := response.Header.Get("WWW-Authenticate") != ""; asks != (want == 401) {
				t.Errorf("%s %s as %q: %v", test.method, test.path, user, response.Header)
			}
			if want == 401 && strings.Contains(string(body), "promexporter_") {
				t.Errorf("%s %s: %s", test.method, test.path, body)
			}
		}
	}
}

// asked is the answer of an offline server to a request with a user.
func asked(s *server, username, password string) int {
	r := "Basic " + base64.StdEncoding.EncodeToString([]byte(username+":"+password))
	return ask(s.front.Load(), http.MethodGet, "/metrics", "Authorization", r).Code
}

func guarded(t *testing.T, w Web, log *slog.Logger) *server {
	t.Helper()
	g, err := w.open()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := offline(Options{Log: log})
	s.front.Store(newFront(s, g))
	return s
}

func TestWrongUsersAreRefused(t *testing.T) {
	s := guarded(t, Web{Username: "prometheus", Password: secret}, nil)
	for _, wrong := range [][2]string{
		{"", ""}, {"prometheus", ""}, {"", secret}, {"Prometheus", secret}, {"prometheus", secret + "x"},
		{"prometheus", secret[:len(secret)-1]}, {secret, "prometheus"}, {"prometheus\x00", secret},
		{"prometheus", secret + ":"}, {strings.Repeat("a", 10_000), strings.Repeat("b", 10_000)},
	} {
		if code := asked(s, wrong[0], wrong[1]); code != http.StatusUnauthorized {
			t.Errorf("%q %q: %d", wrong[0], wrong[1], code)
		}
	}
	for _, header := range []string{"", "Basic", "Basic !", "Bearer " + secret, "basic cHJvbQ=="} {
		if w := ask(s.front.Load(), http.MethodGet, "/metrics", "Authorization", header); w.Code != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
	if code := asked(s, "prometheus", secret); code != http.StatusOK {
		t.Errorf("the right user: %d", code)
	}
	if got := value(ask(s, http.MethodGet, "/metrics").Body.String(), "promexporter_http_unauthorized_total"); got != "15" {
		t.Errorf("counted %s, want 15", got)
	}
}

// The password of a file may change while the server runs.
func TestPasswordFileIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one\n")
	synctest.Test(t, func(t *testing.T) {
		var out logged
		s := guarded(t, Web{Username: "u", PasswordFile: file}, out.log())
		write("two\r\n")
		if asked(s, "u", "one") != 200 {
			t.Error("the first password is refused")
		}
		time.Sleep(passwordAge)
		if asked(s, "u", "two") != 200 || asked(s, "u", "one") != 401 {
			t.Error("the second password is not in force")
		}
		write("\n")
		time.Sleep(passwordAge)
		if asked(s, "u", "two") != 200 || asked(s, "u", "") != 401 {
			t.Error("an empty file changes the password")
		}
		if want := "the last good password stays in force"; !strings.Contains(out.String(), want) {
			t.Errorf("got  %s\nwant %s", out.String(), want)
		}
		os.Remove(file)
		time.Sleep(passwordAge)
		if asked(s, "u", "two") != 200 {
			t.Error("the last good password is refused")
		}
	})
}

func TestPasswordFileMistakes(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{"empty": "", "blank": "\r\n", "long": strings.Repeat("a", maxSecretFile+1)} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]string{
		"none": "no such file or directory", "": "it is no regular file", "pipe": "it is no regular file",
		"empty": "it is empty", "blank": "it is empty", "long": "it is longer than 4096 bytes",
	} {
		file := filepath.Join(folder, name)
		var servers Servers
		_, err := servers.Open(withDefaults(Options{Web: Web{Username: "u", PasswordFile: file}}))
		want := "password_file " + file + ": " + wrong + "; write the name of a file that holds the password and nothing else"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		if servers.count() != 0 {
			t.Error("a port is open")
		}
	}
}

func TestWebContradictions(t *testing.T) {
	// A port that is taken shows that nothing is opened before the settings are right.
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const both = "web_config_file: there is a username or a password as well; " +
		"write the users into basic_auth_users of the file, or leave out web_config_file"
	for _, test := range []struct {
		web  Web
		want string
	}{
		{Web{Password: secret}, "password: there is no username; write a username as well"},
		{Web{PasswordFile: "x"}, "password_file: there is no username; write a username as well"},
		{Web{Username: "u"}, `username "u": there is no password; write password or password_file as well`},
		{Web{Username: "u", Password: secret, PasswordFile: "x"}, "password_file: there is a password as well; keep one of the two"},
		{Web{Username: "u", Password: secret, ConfigFile: "x"}, both},
		{Web{Username: "u", ConfigFile: "x"}, both},
		{Web{PasswordFile: "x", ConfigFile: "x"}, both},
		{Web{Username: "a:b", Password: secret}, `username "a:b": holds a colon or a control character; HTTP has no way to send it`},
		{Web{Username: "a\n", Password: secret}, `username "a\n": holds a colon or a control character; HTTP has no way to send it`},
	} {
		var servers Servers
		_, err := servers.Open(withDefaults(Options{Address: taken.Addr().String(), Web: test.web}))
		if err == nil || err.Error() != test.want {
			t.Errorf("got  %v\nwant %s", err, test.want)
		}
	}
}

// Neither a log line nor a page nor a printed value shows a password.
func TestSecretsAreNotShown(t *testing.T) {
	var out logged
	var servers Servers
	o := withDefaults(Options{
		Address: ":0", Web: Web{Username: "prometheus", Password: secret}, Log: out.log(), Debug: true,
		Status: func() Status { return Status{} },
	})
	e := open(t, &servers, o)
	_, port, _ := net.SplitHostPort(e.Addr().String())
	shown := fmt.Sprintf("%v %+v %#v %s %q\n", o.Web, o.Web, o.Web, o.Web, o.Web) + fmt.Sprintf("%v %+v\n", o, o)
	out.log().Info("options", "web", o.Web)
	if text, err := json.Marshal(o.Web); err == nil {
		shown += string(text)
	}
	for _, path := range []string{"/metrics", "/", "/-/rules", "/-/ready", "/debug/pprof/goroutine?debug=2"} {
		for _, password := range []string{secret, "wrong"} {
			r, _ := http.NewRequest(http.MethodGet, "http://127.0.0.1:"+port+path, nil)
			r.SetBasicAuth("prometheus", password)
			response, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			shown += fmt.Sprint(response.Header) + string(body)
		}
	}
	_, err := servers.Open(withDefaults(Options{
		Address: ":" + port, Instance: "promexporter.1", Web: Web{Username: "prometheus", Password: secret + "2"},
	}))
	shown += out.String() + fmt.Sprint(err)
	for _, bad := range []string{secret, "hunter2", base64.StdEncoding.EncodeToString([]byte("prometheus:" + secret))} {
		if strings.Contains(shown, bad) {
			t.Errorf("%q is shown:\n%s", bad, shown)
		}
	}
	if !strings.Contains(out.String(), "passwords cross the network unencrypted; web_config_file offers TLS") {
		t.Errorf("no warning of plain HTTP in\n%s", out.String())
	}
}
