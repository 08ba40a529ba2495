package exporter_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/sockettest"
)

func TestSeveralAddresses(t *testing.T) {
	path := sockettest.Path(t)
	listen := "127.0.0.1:0, 127.0.0.1:0,unix://" + path
	six, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		six.Close()
		listen += ",[::1]:0"
	} else {
		t.Log("no IPv6 here")
	}
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Addresses: addresses(listen), Source: families(up("a", "1"))})
	addrs := e.Addrs()
	if want := strings.Count(listen, ",") + 1; len(addrs) != want || addrs[0].String() != at(e) || servers.Count() != want {
		t.Fatalf("addresses %v, %d servers, want %d", addrs, servers.Count(), want)
	}
	for _, a := range addrs {
		if a.Network() == "unix" {
			continue
		}
		if code, page := get(t, "http://"+a.String()+"/metrics"); code != 200 || value(page, `a{l="1"}`) != "1" {
			t.Errorf("%s: %d\n%s", a, code, foreign(page))
		}
	}
	if code := fetch(t, overUnix(path), "http://unix/metrics", ""); code != 200 {
		t.Errorf("unix: %d", code)
	}

	// Another instance shares one of the addresses, and is still served when the first one is closed.
	other := open(t, &servers, exporter.Options{Addresses: addresses(addrs[1].String()), Instance: "promexporter.1", Source: families(up("b", "1"))})
	if _, page := get(t, "http://"+addrs[1].String()+"/metrics"); value(page, `a{l="1"}`) != "1" || value(page, `b{l="1"}`) != "1" {
		t.Errorf("got\n%s", foreign(page))
	}
	if _, page := get(t, "http://"+addrs[0].String()+"/metrics"); value(page, `b{l="1"}`) != "" {
		t.Errorf("got\n%s", foreign(page))
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	for _, a := range addrs {
		l, err := net.Listen(a.Network(), a.String())
		if taken := a.String() == at(other); (err != nil) != taken {
			t.Errorf("%s: %v", a, err)
		}
		if err == nil {
			l.Close()
		}
	}
	if _, page := get(t, "http://"+at(other)+"/metrics"); value(page, `b{l="1"}`) != "1" || strings.Contains(page, "promexporter.0") {
		t.Errorf("got\n%s", foreign(page))
	}
}

// If one of several addresses cannot be used, none is.
func TestAllAddressesOrNone(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path := sockettest.Path(t)
	var servers exporter.Servers
	_, err = servers.Open(withDefaults(exporter.Options{Addresses: addresses("unix://" + path + "," + taken.Addr().String())}))
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(path); err == nil || servers.Count() != 0 {
		t.Errorf("%d servers are left, socket: %v", servers.Count(), err)
	}
	noGoroutines(t)
}

// With ListenLater an endpoint waits for its address; its servers are shared and closed all the same.
func TestListenLater(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out logged
	var servers exporter.Servers
	o := exporter.Options{Addresses: addresses(taken.Addr().String()), ListenLater: true, Log: out.log(), Source: families(up("a", "1"))}
	e := open(t, &servers, o)
	o.Instance, o.Path = "promexporter.1", "/other"
	other := open(t, &servers, o)
	if at(e) != taken.Addr().String() || servers.Count() != 1 {
		t.Errorf("address %s", at(e))
	}
	until(t, "the failure is logged", func() bool { return strings.Contains(out.String(), "not listening yet; trying again") })
	taken.Close()
	until(t, "it listens", func() bool { return strings.Contains(out.String(), "msg=listening") })
	if code, page := get(t, "http://"+at(e)+"/metrics"); code != 200 || value(page, `a{l="1"}`) != "1" {
		t.Errorf("%d\n%s", code, foreign(page))
	}
	other.Close()
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// A server whose listener fails listens again.
func TestListenAgain(t *testing.T) {
	var out logged
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Log: out.log(), Source: families(up("a", "1"))})
	servers.BreakListeners()
	until(t, "it listens again", func() bool { return strings.Contains(out.String(), "msg=listening") })
	if code, page := get(t, "http://"+at(e)+"/metrics"); code != 200 || value(page, `a{l="1"}`) != "1" {
		t.Errorf("%d\n%s", code, foreign(page))
	}
}

func TestListenLaterIsClosed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Addresses: addresses(taken.Addr().String()), ListenLater: true})
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

// TestUnixSocket checks that a socket is shared like an address, replaces a stale one, and is removed at the end.
func TestUnixSocket(t *testing.T) {
	path := sockettest.Path(t)
	crashed, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	crashed.SetUnlinkOnClose(false)
	crashed.Close()
	var servers, others exporter.Servers
	o := withDefaults(exporter.Options{Addresses: addresses("unix://" + path)})
	one := open(t, &servers, o)
	o.Instance, o.Path = "promexporter.1", "/other"
	two := open(t, &servers, o)
	_, err = others.Open(o)
	want := "listen on unix://" + path + " (listen_address): address already in use; another process listens there; " +
		"stop it, or choose another path"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	for url, want := range map[string]int{"http://unix/metrics": 200, "http://unix/other": 200, "http://unix/none": 404} {
		if code := fetch(t, overUnix(path), url, ""); code != want {
			t.Errorf("%s: %d, want %d", url, code, want)
		}
	}
	one.Close()
	if code := fetch(t, overUnix(path), "http://unix/other", ""); code != 200 {
		t.Errorf("without the first one: %d", code)
	}
	two.Close()
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is left")
	}
	noGoroutines(t)
}
