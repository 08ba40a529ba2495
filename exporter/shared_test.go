package exporter

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Instances that share an address have the same users and TLS, or are refused.
func TestSharedAddressNeedsTheSameWeb(t *testing.T) {
	server := newCertificate(t, 1)
	folder, other := newWebFolder(t, tlsConfig), newWebFolder(t, tlsConfig)
	folder.writePair(t, server)
	other.writePair(t, server)
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte(secret), 0o600); err != nil {
		t.Fatal(err)
	}
	user := Web{Username: "u", Password: secret}
	for _, test := range []struct {
		one, two Web
		key      string // that differs, or ""
	}{
		{Web{}, Web{}, ""},
		{user, user, ""},
		{Web{Username: "u", PasswordFile: password}, Web{Username: "u", PasswordFile: password}, ""},
		{Web{ConfigFile: folder.config()}, Web{ConfigFile: folder.config()}, ""},
		{Web{ConfigFile: folder.config()}, Web{ConfigFile: string(folder) + "/../" + filepath.Base(string(folder)) + "/web.yml"}, ""},
		{Web{}, user, "username"},
		{user, Web{}, "username"},
		{user, Web{Username: "v", Password: secret}, "username"},
		{user, Web{Username: "u", Password: "other"}, "password"},
		{user, Web{Username: "u", PasswordFile: password}, "password_file"},
		{Web{}, Web{ConfigFile: folder.config()}, "web_config_file"},
		{user, Web{ConfigFile: folder.config()}, "web_config_file"},
		{Web{ConfigFile: folder.config()}, Web{ConfigFile: other.config()}, "web_config_file"},
	} {
		var servers Servers
		one, err := servers.Open(withDefaults(Options{Web: test.one}))
		if err != nil {
			t.Fatal(err)
		}
		address := one.Addr().String()
		// The second one also has an address of its own, which must not stay open when it is refused.
		two, err := servers.Open(withDefaults(Options{
			Address: "127.0.0.1:0," + address, Path: "/other", Instance: "promexporter.1", Web: test.two,
		}))
		want := "promexporter.0 and promexporter.1 share the address " + address + " (listen_address) with different " + test.key +
			"; write the same username, password and web_config_file in both, or another listen_address in one"
		switch {
		case test.key == "" && err != nil:
			t.Errorf("%v and %v: %v", test.one, test.two, err)
		case test.key != "" && (err == nil || err.Error() != want):
			t.Errorf("got  %v\nwant %s", err, want)
		case test.key != "" && servers.count() != 1:
			t.Errorf("%d servers", servers.count())
		}
		if err == nil {
			two.Close()
		}
		one.Close()
	}
	noGoroutines(t)
}

// Of instances that share a page, the least max_requests counts.
func TestMaxRequestsOfSharedPage(t *testing.T) {
	s, endpoints := offline(Options{MaxRequests: 3}, Options{MaxRequests: 2, Instance: "promexporter.1"}, Options{Path: "/other", Instance: "promexporter.2"})
	limit := func(path string) int { return s.routes.Load().pages[path].limit }
	if limit("/metrics") != 2 || limit("/other") != defaultMaxRequests {
		t.Errorf("limits %d and %d", limit("/metrics"), limit("/other"))
	}
	s.route(endpoints[:1])
	if limit("/metrics") != 3 {
		t.Errorf("limit %d after the other one left", limit("/metrics"))
	}
	var servers Servers
	for _, n := range []int{-1, maxConnections + 1} {
		if _, err := servers.Open(withDefaults(Options{MaxRequests: n})); err == nil || !strings.HasSuffix(err.Error(), ": not from 1 to 512") {
			t.Errorf("%d: %v", n, err)
		}
	}
}
