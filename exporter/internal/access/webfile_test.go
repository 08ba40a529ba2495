package access

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/promexporter/promexporter/internal/webtest"
)

// One file with everything: TLS, HTTP/2, client certificates, users, headers.
func TestWebConfigFile(t *testing.T) {
	own, peer := webtest.NewCertificate(t, 1), webtest.NewCertificate(t, 2)
	folder := webtest.NewFolder(t, webtest.TLSConfig+`  client_ca_file: ca.pem
  client_auth_type: RequireAndVerifyClientCert
http_server_config:
  headers:
    X-Frame-Options: deny
`+usersConfig(t))
	folder.WritePair(t, own)
	folder.Write(t, "ca.pem", string(peer.Cert))
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	c := clientOf(t, own, peer.Pair)
	for _, test := range []struct {
		path, user, password string
		code                 int
	}{
		{"/metrics", "alice", secret, 200},
		{"/metrics", "alice", "wrong", 401},
		{"/metrics", "bob", secret, 401},
		{"/metrics", "", "", 401},
		{"/-/healthy", "", "", 401}, // the file decides over these as well
		{"/-/healthy", "alice", secret, 200},
	} {
		response := fetch(t, c, s.url+test.path, test.user, test.password)
		if response.StatusCode != test.code || response.ProtoMajor != 2 || response.Header.Get("X-Frame-Options") != "deny" {
			t.Errorf("%s as %q: %s %s %v", test.path, test.user, response.Proto, response.Status, response.Header)
		}
	}
	if s.unauthorized.Load() != 4 || s.throttled.Load() != 0 {
		t.Errorf("%d unauthorized, %d throttled", s.unauthorized.Load(), s.throttled.Load())
	}
	for name, c := range map[string]*http.Client{"none": clientOf(t, own), "another": clientOf(t, own, own.Pair)} {
		if _, err := try(c, s.url, "alice", secret); err == nil {
			t.Errorf("a client with %s certificate is let in", name)
		}
	}
	if response, err := try(http.DefaultClient, "http"+strings.TrimPrefix(s.url, "https"), "alice", secret); err == nil && response.StatusCode == 200 {
		t.Error("plain HTTP is let in")
	}
	if text := s.log.String(); strings.Contains(text, "hunter") || strings.Contains(text, "$2a$") {
		t.Errorf("a secret is logged:\n%s", text)
	}
}

func TestFacts(t *testing.T) {
	folder := webtest.NewFolder(t, "")
	folder.WritePair(t, webtest.NewCertificate(t, 1))
	config := Settings{ConfigFile: folder.Config()}
	users := usersConfig(t)
	for _, test := range []struct {
		settings Settings
		config   string
		// encrypted, HTTP/2, has users, readable, protects nothing
		want [5]bool
	}{
		{Settings{}, "", [5]bool{}},
		{Settings{Username: "u", Password: secret}, "", [5]bool{false, false, true, true, false}},
		{config, "", [5]bool{false, false, false, false, true}},
		{config, "rate_limit: {interval: 1s, burst: 9}\n", [5]bool{false, false, false, false, true}},
		{config, users, [5]bool{false, false, true, true, false}},
		{config, webtest.TLSConfig, [5]bool{true, true, false, false, false}},
		{config, webtest.TLSConfig + users, [5]bool{true, true, true, false, false}},
		{config, webtest.TLSConfig + "http_server_config: {http2: false}\n", [5]bool{true, false, false, false, false}},
	} {
		folder.Write(t, "web.yml", test.config)
		a := open(t, test.settings)
		got := [5]bool{a.Encrypted(), a.HTTP2(), a.HasUsers(), a.ExposesPasswords(), a.ProtectsNothing()}
		if got != test.want || (a.TLSConfig() != nil) != a.Encrypted() {
			t.Errorf("%v with %q: %v, want %v", test.settings, test.config, got, test.want)
		}
	}
}

// A server is replaced if a setting that it reads only at its start has changed.
func TestOutdated(t *testing.T) {
	folder := webtest.NewFolder(t, "")
	folder.WritePair(t, webtest.NewCertificate(t, 1))
	users := usersConfig(t)
	for _, test := range []struct {
		before, after string
		want          bool
	}{
		{"", "", false},
		{users, strings.Replace(users, "alice", "bob", 1), false},
		{"", "http_server_config: {headers: {X-Frame-Options: deny}}\n", false},
		{"", users, true},
		{users, "", true},
		{"", webtest.TLSConfig, true},
		{webtest.TLSConfig, webtest.TLSConfig + "  min_version: TLS13\n", false},
		{webtest.TLSConfig, webtest.TLSConfig + "http_server_config: {http2: false}\n", true},
		{"", "rate_limit: {interval: 1s, burst: 9}\n", true},
	} {
		folder.Write(t, "web.yml", test.before)
		before := open(t, Settings{ConfigFile: folder.Config()})
		folder.Write(t, "web.yml", test.after)
		if got := before.Outdated(open(t, Settings{ConfigFile: folder.Config()})); got != test.want {
			t.Errorf("%q to %q: %t, want %t", test.before, test.after, got, test.want)
		}
	}
}

// Certificates and users are read again; requests are refused while the file is invalid.
func TestWebConfigFileIsReadAgain(t *testing.T) {
	one, two := webtest.NewCertificate(t, 1), webtest.NewCertificate(t, 2)
	folder := webtest.NewFolder(t, webtest.TLSConfig)
	folder.WritePair(t, one)
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	serial := func(c webtest.Certificate) int64 {
		return fetch(t, clientOf(t, c), s.url, "", "").TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	if got := serial(one); got != 1 {
		t.Errorf("certificate %d", got)
	}
	folder.WritePair(t, two)
	if got := serial(two); got != 2 {
		t.Errorf("certificate %d after it was replaced", got)
	}
	c := clientOf(t, two)
	for _, step := range []struct {
		config string
		want   int
	}{
		{webtest.TLSConfig, 200}, {webtest.TLSConfig + usersConfig(t), 401}, {webtest.TLSConfig + "basic_auth_users: hunter2hunter2\n", 500},
		{webtest.TLSConfig + "basic_auth_users: {alice: hunter2}\n", 500}, {webtest.TLSConfig + "http_server_config: {headers: {Server: x}}\n", 500},
		{"a: [", 500}, {webtest.TLSConfig, 200},
	} {
		folder.Write(t, "web.yml", step.config)
		for range 2 {
			if code := fetch(t, c, s.url, "", "").StatusCode; code != step.want {
				t.Errorf("%q: %d, want %d", step.config, code, step.want)
			}
		}
	}
	text := s.log.String()
	for _, want := range []string{"web_config_file is invalid; refusing all requests", folder.Config() + ":4: cannot unmarshal"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "hunter") {
		t.Errorf("a secret is logged:\n%s", text)
	}
}

// A configuration that names missing certificates is valid as soon as they exist.
func TestCertificatesComeAfterTheirNames(t *testing.T) {
	pair := webtest.NewCertificate(t, 1)
	folder := webtest.NewFolder(t, webtest.TLSConfig)
	folder.WritePair(t, pair)
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	c := clientOf(t, pair)
	folder.Write(t, "web.yml", strings.ReplaceAll(webtest.TLSConfig, ".pem", "2.pem"))
	_, _ = try(c, s.url, "", "") // whatever becomes of it
	c.CloseIdleConnections()
	if _, err := try(c, s.url, "", ""); err == nil {
		t.Error("connected without a certificate")
	}
	folder.Write(t, "cert2.pem", string(pair.Cert))
	folder.Write(t, "key2.pem", string(pair.Key))
	if response, err := try(c, s.url, "", ""); err != nil || response.StatusCode != 200 {
		t.Errorf("%v %v\n%s", response, err, s.log.String())
	}
}

// The trust in a client ends with its next connection, even if it could resume a TLS session.
func TestClientAuthoritiesAreReadAgain(t *testing.T) {
	own, one, two := webtest.NewCertificate(t, 1), webtest.NewCertificate(t, 2), webtest.NewCertificate(t, 3)
	const auth = "  client_ca_file: ca.pem\n  client_auth_type: RequireAndVerifyClientCert\n"
	for name, step := range map[string]func(webtest.Folder){
		"client_ca_file": func(f webtest.Folder) { f.Write(t, "ca.pem", string(two.Cert)) },
		"client_allowed_sans": func(f webtest.Folder) {
			f.Write(t, "web.yml", webtest.TLSConfig+auth+"  client_allowed_sans: [192.0.2.1]\n")
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := webtest.NewFolder(t, webtest.TLSConfig+auth+"  client_allowed_sans: [127.0.0.1]\n")
			folder.WritePair(t, own)
			folder.Write(t, "ca.pem", string(one.Cert))
			s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
			c := clientOf(t, own, one.Pair)
			fetch(t, c, s.url, "", "")
			c.CloseIdleConnections()
			fetch(t, c, s.url, "", "")
			step(folder)
			c.CloseIdleConnections()
			if _, err := try(c, s.url, "", ""); err == nil {
				t.Error("the client is still let in")
			}
		})
	}
}

// A client without a certificate has none of the allowed names.
func TestClientWithoutCertificateHasNoAllowedName(t *testing.T) {
	own := webtest.NewCertificate(t, 1)
	folder := webtest.NewFolder(t, webtest.TLSConfig+"  client_ca_file: cert.pem\n  client_auth_type: VerifyClientCertIfGiven\n"+
		"  client_allowed_sans: [127.0.0.1]\n")
	folder.WritePair(t, own)
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	if _, err := try(clientOf(t, own), s.url, "", ""); err == nil {
		t.Error("let in")
	}
	if strings.Contains(s.log.String(), "panic") {
		t.Errorf("panic:\n%s", s.log.String())
	}
	fetch(t, clientOf(t, own, own.Pair), s.url, "", "")
}

// A file that loses its users, for example while it is being written, does not open the endpoint to everyone.
func TestWebConfigFileLosesItsUsers(t *testing.T) {
	users := usersConfig(t)
	folder := webtest.NewFolder(t, users)
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	for _, step := range []struct {
		file                    string
		nobody, alice, stranger int
	}{
		{users, 401, 200, 401}, {"", 500, 500, 500}, {"basic_auth_users: {}\n", 500, 500, 500}, {users, 401, 200, 401},
	} {
		folder.Write(t, "web.yml", step.file)
		for user, want := range map[string]int{"": step.nobody, "alice": step.alice, "mallory": step.stranger} {
			password := secret
			if user == "" {
				password = ""
			}
			if code := s.ask(user, password).Code; code != want {
				t.Errorf("with %q as %q: %d, want %d", step.file, user, code, want)
			}
		}
	}
	if !strings.Contains(s.log.String(), "web_config_file no longer defines users; ") {
		t.Errorf("got\n%s", s.log.String())
	}
}

func TestRateLimit(t *testing.T) {
	folder := webtest.NewFolder(t, "rate_limit:\n  interval: 1h\n  burst: 2\n")
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	for i, want := range []int{200, 200, 429, 429} {
		if got := s.ask("", "").Code; got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	if got := s.throttled.Load(); got != 2 {
		t.Errorf("%d throttled", got)
	}
}

func TestTLSVersions(t *testing.T) {
	own := webtest.NewCertificate(t, 1)
	folder := webtest.NewFolder(t, webtest.TLSConfig)
	folder.WritePair(t, own)
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	c := clientOf(t, own)
	c.Transport.(*http.Transport).TLSClientConfig.MaxVersion = tls.VersionTLS11
	if _, err := try(c, s.url, "", ""); err == nil {
		t.Error("TLS 1.1 is let in")
	}
}

func TestHTTP2IsLeftOut(t *testing.T) {
	own := webtest.NewCertificate(t, 1)
	folder := webtest.NewFolder(t, webtest.TLSConfig+"http_server_config: {http2: false}\n")
	folder.WritePair(t, own)
	s := serve(t, open(t, Settings{ConfigFile: folder.Config()}))
	if response := fetch(t, clientOf(t, own), s.url, "", ""); response.ProtoMajor != 1 {
		t.Errorf("got %s", response.Proto)
	}
}

func TestWebConfigFileMistakes(t *testing.T) {
	own, other := webtest.NewCertificate(t, 1), webtest.NewCertificate(t, 2)
	for name, test := range map[string]struct {
		config string
		want   []string // per line, FILE for the file
	}{
		"unknown key": {"tls_server_config: {}\nusers: {}\n", []string{
			`FILE:2: unknown key "users"; see the web configuration of Prometheus for its keys`}},
		"not YAML": {"a: b: c\n", []string{
			"FILE: yaml: mapping values are not allowed in this context; check indentation, brackets and quotes there and above"}},
		"two mistakes": {"rate_limit:\n  burst: [1]\n  interval: x\n", []string{
			"FILE:2: cannot unmarshal !!seq into int", "FILE:3: cannot unmarshal !!str ... into time.Duration"}},
		"a secret in the wrong place": {"basic_auth_users: hunter2\n", []string{
			"FILE:1: cannot unmarshal !!str ... into map[string]config.Secret"}},
		"a secret that looks like an alias": {"basic_auth_users:\n  alice: *hunter2\n", []string{"FILE: yaml: unknown anchor ...; check indentation"}},
		"not a hash": {"basic_auth_users:\n  alice: hunter2\n", []string{
			`FILE:2: the password of "alice" is not a bcrypt hash; make one with htpasswd -nBC 10 NAME`}},
		"no certificate": {"tls_server_config:\n  key_file: key.pem\n", []string{
			"FILE:1: missing one of cert or cert_file"}},
		"certificate not there": {"tls_server_config:\n  key_file: key.pem\n  cert_file: none.pem\n", []string{"FILE:3: "}},
		"certificate is a pipe": {"tls_server_config:\n  key_file: key.pem\n  cert_file: pipe\n", []string{
			"FILE:3: cert_file FOLDER/pipe: it is not a regular file"}},
		"key is a pipe": {"tls_server_config:\n  key_file: pipe\n  cert_file: cert.pem\n", []string{
			"FILE:2: key_file FOLDER/pipe: it is not a regular file"}},
		"key of another": {"tls_server_config:\n  key_file: other.pem\n  cert_file: cert.pem\n", []string{
			"FILE:3: tls: private key does not match public key; write a certificate and its own key, both in PEM format"}},
		"not PEM": {"tls_server_config:\n  key_file: web.yml\n  cert_file: web.yml\n", []string{
			"FILE:3: tls: failed to find any PEM data in certificate input; write a certificate and its own key, both in PEM format"}},
		"a tab": {"tls_server_config:\n\tcert_file: cert.pem\n", []string{
			"FILE:2: found character that cannot start any token; check indentation, brackets and quotes there and above"}},
		"client CA not there": {webtest.TLSConfig + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: none.pem\n", []string{
			"FILE:5: client_ca_file FOLDER/none.pem: no such file or directory; write the name of a PEM file"}},
		"client CA empty": {webtest.TLSConfig + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: web.yml\n", []string{
			"FILE:5: the client CA has no certificate; write one or more in PEM"}},
		"client CA without use": {webtest.TLSConfig + "  client_ca_file: cert.pem\n", []string{
			"FILE:1: client CA's have been configured without a Client Auth Policy"}},
		"header": {"http_server_config:\n  headers:\n    Server: x\n", []string{
			`FILE:2: HTTP header "Server" can not be configured`}},
		"rate without interval": {"rate_limit:\n  burst: 5\n", []string{
			"FILE:1: an interval of 0s limits nothing; write for example interval: 1s"}},
		"rate without unit": {"rate_limit:\n  burst: 5\n  interval: 5\n", []string{"FILE:3: an interval of 5ns limits nothing"}},
		"rate below zero":   {"rate_limit:\n  interval: -1s\n  burst: 5\n", []string{"FILE:2: an interval of -1s limits nothing"}},
		"rate for nobody": {"rate_limit:\n  interval: 1s\n", []string{
			"FILE:1: a burst of 0 admits no request; write for example burst: 10"}},
		"empty is right": {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			folder := webtest.NewFolder(t, test.config)
			folder.WritePair(t, own)
			folder.Write(t, "other.pem", string(other.Key))
			if err := syscall.Mkfifo(folder.File("pipe"), 0o600); err != nil {
				t.Fatal(err)
			}
			err := Settings{ConfigFile: folder.Config()}.Check()
			if test.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("got %q", lines)
			}
			place := strings.NewReplacer("FILE", "web_config_file "+folder.Config(), "FOLDER", string(folder))
			for i, line := range lines {
				if want := place.Replace(test.want[i]); !strings.HasPrefix(line, want) || !strings.Contains(line, "; ") {
					t.Errorf("got  %s\nwant %s; ...", line, want)
				}
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("a secret is shown: %v", err)
			}
		})
	}
}

func TestWebConfigFileNotThere(t *testing.T) {
	folder := t.TempDir()
	big, pipe := filepath.Join(folder, "big"), filepath.Join(folder, "pipe")
	if err := os.WriteFile(big, make([]byte, maxWebFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for file, wrong := range map[string]string{
		filepath.Join(folder, "none"): "no such file or directory",
		folder:                        "it is not a regular file",
		pipe:                          "it is not a regular file",
		big:                           "it is longer than 1048576 bytes",
	} {
		err := Settings{ConfigFile: file}.Check()
		want := "web_config_file " + file + ": " + wrong + "; write the name of a web configuration file of Prometheus"
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}
