package exporter_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
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
	user := exporter.Web{Username: "u", Password: secret}
	for _, test := range []struct {
		one, two exporter.Web
		key      string // that differs, or ""
	}{
		{exporter.Web{}, exporter.Web{}, ""},
		{user, user, ""},
		{exporter.Web{Username: "u", PasswordFile: password}, exporter.Web{Username: "u", PasswordFile: password}, ""},
		{exporter.Web{ConfigFile: folder.Config()}, exporter.Web{ConfigFile: folder.Config()}, ""},
		{exporter.Web{ConfigFile: folder.Config()}, exporter.Web{ConfigFile: string(folder) + "/../" + filepath.Base(string(folder)) + "/web.yml"}, ""},
		{exporter.Web{}, user, "username"},
		{user, exporter.Web{}, "username"},
		{user, exporter.Web{Username: "v", Password: secret}, "username"},
		{user, exporter.Web{Username: "u", Password: "other"}, "password"},
		{user, exporter.Web{Username: "u", PasswordFile: password}, "password_file"},
		{exporter.Web{}, exporter.Web{ConfigFile: folder.Config()}, "web_config_file"},
		{user, exporter.Web{ConfigFile: folder.Config()}, "web_config_file"},
		{exporter.Web{ConfigFile: folder.Config()}, exporter.Web{ConfigFile: other.Config()}, "web_config_file"},
	} {
		var servers exporter.Servers
		one, err := servers.Open(withDefaults(exporter.Options{Web: test.one}))
		if err != nil {
			t.Fatal(err)
		}
		address := at(one)
		// The second one also has an address of its own, which must not stay open when it is refused.
		two, err := servers.Open(withDefaults(exporter.Options{
			Addresses: addresses("127.0.0.1:0," + address), Path: "/other", Instance: "promexporter.1", Web: test.two,
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

// TestReloadTurnsTLSOn holds that a reload may turn TLS on, with the same file.
func TestReloadTurnsTLSOn(t *testing.T) {
	c := webtest.NewCertificate(t, 1)
	folder := webtest.NewFolder(t, "")
	folder.WritePair(t, c)
	var servers exporter.Servers
	o := exporter.Options{Web: exporter.Web{ConfigFile: folder.Config()}}
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

// TestWebContradictions holds that contradictions are refused before a port is open.
func TestWebContradictions(t *testing.T) {
	for _, web := range []exporter.Web{
		{Username: "u"}, {Password: secret}, {Username: "u", Password: secret, PasswordFile: "p"},
		{Username: "u", Password: secret, ConfigFile: "w"}, {Username: "a:b", Password: secret},
	} {
		var servers exporter.Servers
		if _, err := servers.Open(withDefaults(exporter.Options{Web: web})); err == nil || servers.Count() != 0 {
			t.Errorf("%v: %v, %d servers", web, err, servers.Count())
		}
	}
}

// A file that protects nothing is allowed, with a line.
func TestWebConfigFileThatProtectsNothing(t *testing.T) {
	folder := webtest.NewFolder(t, "")
	for config, want := range map[string]int{"": 1, "rate_limit: {interval: 1s, burst: 9}\n": 1, webtest.TLSConfig: 0} {
		folder.Write(t, "web.yml", config)
		folder.WritePair(t, webtest.NewCertificate(t, 1))
		var out logged
		var servers exporter.Servers
		open(t, &servers, exporter.Options{Web: exporter.Web{ConfigFile: folder.Config()}, Log: out.log()})
		const line = "web_config_file has neither TLS nor users: everybody may read"
		if got := strings.Count(out.String(), line); got != want {
			t.Errorf("%q: %d lines, want %d:\n%s", config, got, want, out.String())
		}
	}
}
