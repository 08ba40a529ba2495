package exporter_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/webtest"
)

// clientOf makes a client that trusts c. Its connections are closed at the end of the test.
func clientOf(t testing.TB, c webtest.Certificate, own ...tls.Certificate) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.Cert)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: own},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// Instances that share an address have the same users and TLS, or are refused.
func TestSharedAddressNeedsTheSameWeb(t *testing.T) {
	server := webtest.NewCertificate(t, 1)
	folder, other := webtest.NewFolder(t, webtest.TLSConfig), webtest.NewFolder(t, webtest.TLSConfig)
	folder.WritePair(t, server)
	other.WritePair(t, server)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	user := exporter.AccessSettings{Username: "u", Password: secret}
	for _, test := range []struct {
		one, two exporter.AccessSettings
		key      string // that differs, or ""
	}{
		{exporter.AccessSettings{}, exporter.AccessSettings{}, ""},
		{user, user, ""},
		{exporter.AccessSettings{Username: "u", PasswordFile: password}, exporter.AccessSettings{Username: "u", PasswordFile: password}, ""},
		{exporter.AccessSettings{ConfigFile: folder.Config()}, exporter.AccessSettings{ConfigFile: folder.Config()}, ""},
		{exporter.AccessSettings{ConfigFile: folder.Config()}, exporter.AccessSettings{ConfigFile: string(folder) + "/../" + filepath.Base(string(folder)) + "/web.yml"}, ""},
		{exporter.AccessSettings{}, user, "username"},
		{user, exporter.AccessSettings{}, "username"},
		{user, exporter.AccessSettings{Username: "v", Password: secret}, "username"},
		{user, exporter.AccessSettings{Username: "u", Password: "other"}, "password"},
		{user, exporter.AccessSettings{Username: "u", PasswordFile: password}, "password_file"},
		{exporter.AccessSettings{}, exporter.AccessSettings{ConfigFile: folder.Config()}, "web_config_file"},
		{user, exporter.AccessSettings{ConfigFile: folder.Config()}, "web_config_file"},
		{exporter.AccessSettings{ConfigFile: folder.Config()}, exporter.AccessSettings{ConfigFile: other.Config()}, "web_config_file"},
	} {
		var servers exporter.Servers
		one, err := servers.Open(withDefaults(exporter.Options{Access: test.one}))
		if err != nil {
			t.Fatal(err)
		}
		address := at(one)
		// The second one also has its own address, which must not stay open if the instance is refused.
		two, err := servers.Open(withDefaults(exporter.Options{
			Addresses: addresses("127.0.0.1:0," + address), Path: "/other", Instance: "promexporter.1", Access: test.two,
		}))
		want := "promexporter.0 and promexporter.1 share the address " + address + " (listen_address) with different " + test.key +
			"; write the same username, password and web_config_file in both, or another listen_address in one"
		switch {
		case test.key == "" && err != nil:
			t.Errorf("%v and %v: %v", test.one, test.two, err)
		case test.key != "" && (err == nil || err.Error() != want):
			t.Errorf("got  %v\nwant %s", err, want)
		case test.key != "" && servers.Count() != 1:
			t.Errorf("%d servers", servers.Count())
		}
		if err == nil {
			two.Close()
		}
		one.Close()
	}
	noGoroutines(t)
}

// TestReloadTurnsTLSOn checks that a reload may turn TLS on, with the same file.
func TestReloadTurnsTLSOn(t *testing.T) {
	c := webtest.NewCertificate(t, 1)
	folder := webtest.NewFolder(t, "")
	folder.WritePair(t, c)
	var servers exporter.Servers
	o := exporter.Options{Access: exporter.AccessSettings{ConfigFile: folder.Config()}}
	e := open(t, &servers, o)
	address := at(e)
	if code, _ := get(t, "http://"+address+"/-/healthy"); code != 200 {
		t.Errorf("got %d", code)
	}
	folder.Write(t, "web.yml", webtest.TLSConfig)
	suspend(t, e)
	o.Addresses = addresses(address)
	resume(t, e, o)
	if !e.Encrypted() {
		t.Error("not encrypted")
	}
	response, err := clientOf(t, c).Get("https://" + address + "/-/healthy")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != 200 || response.ProtoMajor != 2 {
		t.Errorf("got %s with %s", response.Status, response.Proto)
	}
}

// TestWebContradictions checks that contradictions are refused before a port is open.
func TestWebContradictions(t *testing.T) {
	for _, web := range []exporter.AccessSettings{
		{Username: "u"}, {Password: secret}, {Username: "u", Password: secret, PasswordFile: "p"},
		{Username: "u", Password: secret, ConfigFile: "w"}, {Username: "a:b", Password: secret},
	} {
		var servers exporter.Servers
		if _, err := servers.Open(withDefaults(exporter.Options{Access: web})); err == nil || servers.Count() != 0 {
			t.Errorf("%v: %v, %d servers", web, err, servers.Count())
		}
	}
}

// A file that protects nothing is allowed, with a warning.
func TestWebConfigFileThatProtectsNothing(t *testing.T) {
	folder := webtest.NewFolder(t, "")
	for config, want := range map[string]int{"": 1, "rate_limit: {interval: 1s, burst: 9}\n": 1, webtest.TLSConfig: 0} {
		folder.Write(t, "web.yml", config)
		folder.WritePair(t, webtest.NewCertificate(t, 1))
		var out logged
		var servers exporter.Servers
		open(t, &servers, exporter.Options{Access: exporter.AccessSettings{ConfigFile: folder.Config()}, Log: out.log()})
		const line = "web_config_file has neither TLS nor users; anyone can read the metrics"
		if got := strings.Count(out.String(), line); got != want {
			t.Errorf("%q: %d lines, want %d:\n%s", config, got, want, out.String())
		}
	}
}

// send makes a request as the user u, or without credentials if the password is empty, and returns the answer with its
// body.
func send(t testing.TB, client *http.Client, method, url, password string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if password != "" {
		r.SetBasicAuth("u", password)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

// usersConfig is the web configuration of the user u with the password secret, whose hash has a cost.
func usersConfig(t testing.TB, cost int) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), cost)
	if err != nil {
		t.Fatal(err)
	}
	return "basic_auth_users:\n  u: " + string(hash) + "\n"
}

// TestUserIsAskedForEverythingButHealth checks that only the health and readiness pages need no password.
func TestUserIsAskedForEverythingButHealth(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{
		Access: exporter.AccessSettings{Username: "u", Password: secret}, Debug: true, Reload: func() error { return nil },
		Source: families(up("a", "1")),
	})
	e.MarkReady()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, test := range []struct {
		method, path  string
		without, with int
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
		for password, want := range map[string]int{"": test.without, secret: test.with} {
			response, body := send(t, client, test.method, "http://"+at(e)+test.path, password)
			asks := response.Header.Get("WWW-Authenticate") != ""
			if response.StatusCode != want || asks != (want == 401) || want == 401 && strings.Contains(body, "promexporter_") {
				t.Errorf("%s %s with %q: %d, want %d\n%s", test.method, test.path, password, response.StatusCode, want, body)
			}
		}
	}
	_, page := send(t, client, "GET", "http://"+at(e)+"/metrics", secret)
	if got := value(page, "promexporter_http_unauthorized_total"); got != "13" {
		t.Errorf("%s requests counted, want 13", got)
	}
}

// TestSecretsAreNotShown checks that no log line, page or printed value shows a password, and that a warning is logged
// if passwords are sent unencrypted.
func TestSecretsAreNotShown(t *testing.T) {
	var out logged
	var servers exporter.Servers
	o := withDefaults(exporter.Options{
		Addresses: addresses(":0"), Access: exporter.AccessSettings{Username: "u", Password: secret}, Log: out.log(), Debug: true,
		Status: func() exporter.Status { return exporter.Status{} },
	})
	e := open(t, &servers, o)
	_, port, _ := net.SplitHostPort(at(e))
	shown := fmt.Sprintf("%v %+v %#v %s %q\n", o.Access, o.Access, o.Access, o.Access, o.Access) + fmt.Sprintf("%v %+v\n", o, o)
	out.log().Info("options", "web", o.Access)
	text, err := json.Marshal(o.Access)
	if err != nil {
		t.Error(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, path := range []string{"/metrics", "/", "/-/rules", "/-/ready", "/debug/pprof/goroutine?debug=2"} {
		for _, password := range []string{secret, "wrong"} {
			response, body := send(t, client, "GET", "http://127.0.0.1:"+port+path, password)
			shown += fmt.Sprint(response.Header) + body
		}
	}
	o.Addresses, o.Instance, o.Access.Password = addresses(":"+port), "promexporter.1", secret+"2"
	_, clash := servers.Open(o)
	shown += out.String() + string(text) + fmt.Sprint(clash)
	for _, bad := range []string{secret, base64.StdEncoding.EncodeToString([]byte("u:" + secret))} {
		if strings.Contains(shown, bad) {
			t.Errorf("%q is shown:\n%s", bad, shown)
		}
	}
	const warning = "passwords are sent unencrypted; enable TLS in web_config_file"
	if strings.Count(out.String(), warning) != 1 {
		t.Errorf("no warning of plain HTTP in\n%s", out.String())
	}
	open(t, &servers, exporter.Options{Instance: "local", Access: exporter.AccessSettings{Username: "u", Password: secret}, Log: out.log()})
	if strings.Count(out.String(), warning) != 1 {
		t.Errorf("a warning of an address that only this machine reaches:\n%s", out.String())
	}
}

// TestWebConfigFile checks that the file applies to every page: TLS, HTTP/2, users and headers.
func TestWebConfigFile(t *testing.T) {
	c := webtest.NewCertificate(t, 1)
	folder := webtest.NewFolder(t, webtest.TLSConfig+"http_server_config:\n  headers:\n    X-Frame-Options: deny\n"+
		usersConfig(t, bcrypt.MinCost))
	folder.WritePair(t, c)
	var out logged
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Access: exporter.AccessSettings{ConfigFile: folder.Config()}, Log: out.log(), Source: families(up("a", "1"))})
	if !e.Encrypted() {
		t.Error("not encrypted")
	}
	client := clientOf(t, c)
	for _, test := range []struct {
		path, password string
		code           int
	}{
		{"/metrics", secret, 200},
		{"/metrics", "wrong", 401},
		{"/metrics", "", 401},
		{"/", secret, 200},
		{"/-/healthy", "", 401}, // the file decides over these as well
		{"/-/healthy", secret, 200},
	} {
		response, body := send(t, client, "GET", "https://"+at(e)+test.path, test.password)
		if response.StatusCode != test.code || response.ProtoMajor != 2 || response.Header.Get("X-Frame-Options") != "deny" {
			t.Errorf("%s with %q: %s %s %v", test.path, test.password, response.Proto, response.Status, response.Header)
		}
		if got := value(body, `a{l="1"}`); (got == "1") != (test.path == "/metrics" && test.code == 200) {
			t.Errorf("%s with %q:\n%s", test.path, test.password, body)
		}
	}
	if response, err := http.Get("http://" + at(e) + "/metrics"); err == nil {
		response.Body.Close()
		if response.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP: %s", response.Status)
		}
	}
	if text := out.String(); strings.Contains(text, secret) || strings.Contains(text, "$2a$") {
		t.Errorf("a secret is logged:\n%s", text)
	}
	client.CloseIdleConnections()
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// TestWebConfigFileIsReadAgain checks that certificates and users may change while the server runs, and that an invalid
// file makes the server refuse every request, with one log line.
func TestWebConfigFileIsReadAgain(t *testing.T) {
	one, two := webtest.NewCertificate(t, 1), webtest.NewCertificate(t, 2)
	folder := webtest.NewFolder(t, webtest.TLSConfig)
	folder.WritePair(t, one)
	var out logged
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Access: exporter.AccessSettings{ConfigFile: folder.Config()}, Log: out.log()})
	url := "https://" + at(e) + "/metrics"
	if code := fetch(t, clientOf(t, one), url, ""); code != 200 {
		t.Errorf("the first certificate: %d", code)
	}
	folder.WritePair(t, two)
	client := clientOf(t, two) // keeps its connection from now on
	for _, step := range []struct {
		file, password string
		code           int
	}{
		{webtest.TLSConfig, "", 200},
		{webtest.TLSConfig + usersConfig(t, bcrypt.MinCost), "", 401},
		{"", secret, 200}, // as it is
		{webtest.TLSConfig + "basic_auth_users: hunter2\n", secret, 500},
		{"", "", 500},
		{webtest.TLSConfig, "", 200},
	} {
		if step.file != "" {
			folder.Write(t, "web.yml", step.file)
		}
		if code := fetch(t, client, url, step.password); code != step.code {
			t.Errorf("%q with %q: %d, want %d", step.file, step.password, code, step.code)
		}
	}
	const line = "web_config_file is invalid; refusing all requests until it is valid"
	if text := out.String(); strings.Count(text, line) != 1 || strings.Contains(text, secret) {
		t.Errorf("got\n%s", text)
	}
}
