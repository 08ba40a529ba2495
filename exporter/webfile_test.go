package exporter

import (
	"bufio"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// One file with everything: TLS, HTTP/2, client certificates, users, headers.
func TestWebConfigFile(t *testing.T) {
	server, client := newCertificate(t, 1), newCertificate(t, 2)
	folder := newWebFolder(t, tlsConfig+`  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
http_server_config:
  headers:
    X-Frame-Options: deny
basic_auth_users:
  alice: `+hashOf(t, secret)+"\n")
	folder.writePair(t, server)
	folder.write(t, "ca.pem", string(client.cert))
	var out logged
	var servers Servers
	e := open(t, &servers, Options{Address: "127.0.0.1:0", Web: Web{ConfigFile: folder.config()}, Log: out.log()})
	if !e.Encrypted() {
		t.Error("not encrypted")
	}
	url := "https://" + e.Addr().String()
	c := clientOf(t, server, client.pair)
	for _, test := range []struct {
		path, user, password string
		code                 int
	}{
		{"/metrics", "alice", secret, 200},
		{"/metrics", "alice", "wrong", 401},
		{"/metrics", "bob", secret, 401},
		{"/metrics", "", "", 401},
		{"/", "alice", secret, 200},
		{"/-/healthy", "", "", 401}, // the file decides over these as well
		{"/-/healthy", "alice", secret, 200},
	} {
		response := fetch(t, c, url+test.path, test.user, test.password)
		if response.StatusCode != test.code || response.ProtoMajor != 2 || response.Header.Get("X-Frame-Options") != "deny" {
			t.Errorf("%s as %q: %s %s %v", test.path, test.user, response.Proto, response.Status, response.Header)
		}
	}
	if _, err := clientOf(t, server).Get(url); err == nil {
		t.Error("a client without a certificate is let in")
	}
	if response, err := http.Get("http://" + e.Addr().String() + "/metrics"); err == nil && response.StatusCode == 200 {
		t.Error("plain HTTP is let in")
	}
	if text := out.String(); strings.Contains(text, secret) || strings.Contains(text, "$2a$") {
		t.Errorf("a secret is logged:\n%s", text)
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	c.CloseIdleConnections()
	noGoroutines(t)
}

// Certificates and users are read again; a file that is broken for a time refuses requests, with one line.
func TestWebConfigFileIsReadAgain(t *testing.T) {
	one, two := newCertificate(t, 1), newCertificate(t, 2)
	folder := newWebFolder(t, tlsConfig)
	folder.writePair(t, one)
	var out logged
	var servers Servers
	e := open(t, &servers, Options{Web: Web{ConfigFile: folder.config()}, Log: out.log()})
	url := "https://" + e.Addr().String() + "/-/healthy"
	if got := fetch(t, clientOf(t, one), url, "", "").TLS.PeerCertificates[0].SerialNumber.Int64(); got != 1 {
		t.Errorf("certificate %d", got)
	}
	folder.writePair(t, two)
	if got := fetch(t, clientOf(t, two), url, "", "").TLS.PeerCertificates[0].SerialNumber.Int64(); got != 2 {
		t.Errorf("certificate %d after it was replaced", got)
	}
	c := clientOf(t, two)
	fetch(t, c, url, "", "")
	folder.write(t, "web.yml", tlsConfig+"basic_auth_users:\n  alice: "+hashOf(t, secret)+"\n")
	if code := fetch(t, c, url, "", "").StatusCode; code != http.StatusUnauthorized {
		t.Errorf("%d after a user came", code)
	}
	folder.write(t, "web.yml", tlsConfig+"basic_auth_users: hunter2hunter2\n")
	for range 3 {
		if code := fetch(t, c, url, "", "").StatusCode; code != http.StatusInternalServerError {
			t.Errorf("%d with a broken file", code)
		}
	}
	const line = "web_config_file: requests are refused until it is right"
	if text := out.String(); strings.Count(text, line) != 1 || strings.Contains(text, "hunter") || !strings.Contains(text, "line 4: cannot unmarshal") {
		t.Errorf("got\n%s", text)
	}
	folder.write(t, "web.yml", tlsConfig)
	if code := fetch(t, c, url, "", "").StatusCode; code != http.StatusOK {
		t.Errorf("%d with the file right again", code)
	}
}

// A file that loses its users, as one that is being written, does not open the endpoint.
func TestWebConfigFileLosesItsUsers(t *testing.T) {
	users := "basic_auth_users:\n  alice: " + hashOf(t, secret) + "\n"
	folder := newWebFolder(t, users)
	var out logged
	var servers Servers
	e := open(t, &servers, Options{Web: Web{ConfigFile: folder.config()}, Log: out.log()})
	url := "http://" + e.Addr().String() + "/metrics"
	for _, step := range []struct {
		file                    string
		nobody, alice, stranger int
	}{
		{users, 401, 200, 401}, {"", 500, 500, 500}, {"basic_auth_users: {}\n", 500, 500, 500}, {users, 401, 200, 401},
	} {
		folder.write(t, "web.yml", step.file)
		for user, want := range map[string]int{"": step.nobody, "alice": step.alice, "mallory": step.stranger} {
			password := secret
			if user == "" {
				password = ""
			}
			if code := fetch(t, http.DefaultClient, url, user, password).StatusCode; code != want {
				t.Errorf("with %q as %q: %d, want %d", step.file, user, code, want)
			}
		}
	}
	if text := out.String(); strings.Count(text, "web_config_file has lost its users: requests are refused") != 1 {
		t.Errorf("got\n%s", text)
	}
}

// A file that protects nothing is allowed, with a line.
func TestWebConfigFileThatProtectsNothing(t *testing.T) {
	folder := newWebFolder(t, "")
	for config, want := range map[string]int{"": 1, "rate_limit: {interval: 1s, burst: 9}\n": 1, tlsConfig: 0} {
		folder.write(t, "web.yml", config)
		folder.writePair(t, newCertificate(t, 1))
		var out logged
		var servers Servers
		open(t, &servers, Options{Web: Web{ConfigFile: folder.config()}, Log: out.log()})
		const line = "web_config_file has neither TLS nor users: everybody may read"
		if got := strings.Count(out.String(), line); got != want {
			t.Errorf("%q: %d lines, want %d:\n%s", config, got, want, out.String())
		}
	}
}

func TestWebConfigFileWithoutTLS(t *testing.T) {
	folder := newWebFolder(t, "http_server_config:\n  http2: false\nrate_limit:\n  interval: 1h\n  burst: 2\n")
	var servers Servers
	e := open(t, &servers, Options{Web: Web{ConfigFile: folder.config()}})
	if e.Encrypted() {
		t.Error("encrypted")
	}
	var codes []int
	for range 3 {
		code, _ := get(t, "http://"+e.Addr().String()+"/metrics")
		codes = append(codes, code)
	}
	if codes[0] != 200 || codes[1] != 200 || codes[2] != http.StatusTooManyRequests {
		t.Errorf("got %v", codes)
	}
}

// When the file breaks between its check and its use, connections wait until it is right.
func TestWebConfigFileBreaksAtStart(t *testing.T) {
	folder := newWebFolder(t, "")
	g, err := Web{ConfigFile: folder.config()}.open()
	if err != nil {
		t.Fatal(err)
	}
	folder.write(t, "web.yml", "basic_auth_users: hunter2\n")
	var out logged
	s, _ := offline(Options{Log: out.log()})
	s.meet(g)
	t.Cleanup(func() { s.shutDown(t.Context(), func() {}) })
	until(t, "the failure is logged", func() bool { return strings.Contains(out.String(), "not serving; trying again") })
	folder.write(t, "web.yml", "")
	c := connect(t, s)
	send(c, request)
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || response.StatusCode != 200 || strings.Contains(out.String(), "hunter") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestTLSVersions(t *testing.T) {
	server := newCertificate(t, 1)
	folder := newWebFolder(t, tlsConfig)
	folder.writePair(t, server)
	var servers Servers
	e := open(t, &servers, Options{Web: Web{ConfigFile: folder.config()}})
	c := clientOf(t, server)
	c.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	if _, err := c.Get("https://" + e.Addr().String()); err == nil {
		t.Error("TLS 1.1 is let in")
	}
}

func TestWebConfigFileMistakes(t *testing.T) {
	server, other := newCertificate(t, 1), newCertificate(t, 2)
	for name, test := range map[string]struct {
		config string
		want   []string // per line, FILE for the file
	}{
		"unknown key": {"tls_server_config: {}\nusers: {}\n", []string{
			"FILE:2: field users not found in type web.Config; see the web configuration of Prometheus for its keys"}},
		"no YAML": {"a: b: c\n", []string{
			"FILE: yaml: mapping values are not allowed in this context; see the web configuration of Prometheus for its keys"}},
		"two mistakes": {"rate_limit:\n  burst: [1]\n  interval: x\n", []string{
			"FILE:2: cannot unmarshal !!seq into int", "FILE:3: cannot unmarshal !!str a value into time.Duration"}},
		"a secret in the wrong place": {"basic_auth_users: hunter2\n", []string{
			"FILE:1: cannot unmarshal !!str a value into map[string]config.Secret"}},
		"a secret that looks like an alias": {"basic_auth_users:\n  alice: *hunter2\n", []string{"FILE: yaml: unknown anchor"}},
		"no hash": {"basic_auth_users:\n  alice: hunter2\n", []string{
			`FILE:2: the password of "alice" is no bcrypt hash; make one with htpasswd -nBC 10 NAME`}},
		"no certificate": {"tls_server_config:\n  key_file: key.pem\n", []string{
			"FILE:1: missing one of cert or cert_file"}},
		"certificate not there": {"tls_server_config:\n  key_file: key.pem\n  cert_file: none.pem\n", []string{
			"FILE:3: failed to read cert_file (FOLDER/none.pem): open FOLDER/none.pem: no such file or directory"}},
		"key of another": {"tls_server_config:\n  key_file: other.pem\n  cert_file: cert.pem\n", []string{
			"FILE:1: failed to load X509KeyPair: tls: private key does not match public key"}},
		"client CA not there": {tlsConfig + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: none.pem\n", []string{
			"FILE:5: client_ca_file FOLDER/none.pem: no such file or directory; write the name of a PEM file"}},
		"client CA empty": {tlsConfig + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: web.yml\n", []string{
			"FILE:5: the client CA holds no certificate; write one or more in PEM"}},
		"client CA without use": {tlsConfig + "  client_ca_file: cert.pem\n", []string{
			"FILE:1: client CA's have been configured without a Client Auth Policy"}},
		"header": {"http_server_config:\n  headers:\n    Server: x\n", []string{
			`FILE:2: HTTP header "Server" can not be configured`}},
		"rate without interval": {"rate_limit:\n  burst: 5\n", []string{
			"FILE:1: an interval of 0s limits nothing; write for example interval: 1s"}},
		"rate without unit": {"rate_limit:\n  burst: 5\n  interval: 5\n", []string{"FILE:3: an interval of 5ns limits nothing"}},
		"rate below zero":   {"rate_limit:\n  interval: -1s\n  burst: 5\n", []string{"FILE:2: an interval of -1s limits nothing"}},
		"rate for nobody": {"rate_limit:\n  interval: 1s\n", []string{
			"FILE:1: a burst of 0 admits nobody; write for example burst: 10"}},
		"empty is right": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			folder := newWebFolder(t, test.config)
			folder.writePair(t, server)
			folder.write(t, "other.pem", string(other.key))
			var servers Servers
			e, err := servers.Open(withDefaults(Options{Web: Web{ConfigFile: folder.config()}}))
			if test.want == nil {
				if err != nil {
					t.Fatal(err)
				}
				e.Close()
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Errorf("got %q", lines)
			}
			place := strings.NewReplacer("FILE", "web_config_file "+folder.config(), "FOLDER", string(folder))
			for i, line := range lines {
				if want := place.Replace(test.want[i]); !strings.HasPrefix(line, want) || !strings.Contains(line, "; ") {
					t.Errorf("got  %s\nwant %s; ...", line, want)
				}
			}
			if strings.Contains(err.Error(), "hunter") || servers.count() > 0 {
				t.Errorf("%d servers, %v", servers.count(), err)
			}
		})
	}
}

func TestWebConfigFileNotThere(t *testing.T) {
	folder := t.TempDir()
	big := filepath.Join(folder, "big")
	if err := os.WriteFile(big, make([]byte, maxWebFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, wrong := range map[string]string{
		filepath.Join(folder, "none"): "no such file or directory",
		folder:                        "it is no regular file",
		big:                           "it is longer than 1048576 bytes",
	} {
		_, err := Web{ConfigFile: file}.open()
		want := "web_config_file " + file + ": " + wrong + "; write the name of a web configuration file of Prometheus"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
