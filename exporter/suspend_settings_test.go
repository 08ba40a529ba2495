package exporter_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/internal/metric"
	"github.com/promexporter/promexporter/internal/sockettest"
)

// TestReloadWithChanges checks that the new instance may have other addresses, another path and other users.
func TestReloadWithChanges(t *testing.T) {
	var servers exporter.Servers
	path := sockettest.Path(t)
	e := open(t, &servers, exporter.Options{
		Addresses: addresses("127.0.0.1:0,127.0.0.1:0,unix://" + path), Source: families(up("a", "1")),
	})
	kept, left := e.Addrs()[0].String(), e.Addrs()[1].String()
	suspend(t, e)
	resume(t, e, exporter.Options{
		Addresses: addresses(kept + ",unix://" + path), Path: "/new", Source: families(up("a", "2")),
		Access: exporter.AccessSettings{Username: "u", Password: secret},
	})
	if l, err := net.Listen("tcp", left); err != nil {
		t.Error("the address that was given up is not free:", err)
	} else {
		l.Close()
	}
	for _, c := range []struct {
		url, password string
		code          int
	}{
		{"http://" + kept + "/new", "", 401}, {"http://" + kept + "/new", secret, 200}, {"http://" + kept + "/metrics", secret, 404},
		{"http://unix/new", "", 401}, {"http://unix/new", secret, 200},
	} {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if strings.HasPrefix(c.url, "http://unix/") {
			client = overUnix(path)
		}
		if code := fetch(t, client, c.url, c.password); code != c.code {
			t.Errorf("%s with %q: %d, want %d", c.url, c.password, code, c.code)
		}
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is left")
	}
	noGoroutines(t)
}

// overUnix is a client of the server that listens on a Unix socket.
func overUnix(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
	}}
}

// fetch gets a URL as the user u, or without credentials if the password is empty.
func fetch(t testing.TB, client *http.Client, url, password string) (code int) {
	t.Helper()
	response, _ := send(t, client, http.MethodGet, url, password)
	return response.StatusCode
}

// admitsOnly checks that only the user u with the password secret can read the page at address.
func admitsOnly(t testing.TB, address string) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for password, want := range map[string]int{"": 401, secret: 200} {
		if code := fetch(t, client, "http://"+address+"/metrics", password); code != want {
			t.Errorf("%q: %d, want %d", password, code, want)
		}
	}
}

// TestOldSettingsAdmitToNothingNew checks that neither a scrape that waited with the old users, nor one of their
// connections, gets a page that the new users protect.
func TestOldSettingsAdmitToNothingNew(t *testing.T) {
	for name, before := range map[string]exporter.AccessSettings{"open before": {}, "another user before": {Username: "u", Password: "old"}} {
		t.Run(name, func(t *testing.T) {
			var servers exporter.Servers
			e := open(t, &servers, exporter.Options{Source: families(up("a", "1")), Access: before})
			address := at(e)
			request := "GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dTpvbGQ=\r\n\r\n" // u:old
			kept := dial(t, e, request)
			reader := bufio.NewReader(kept)
			response, err := http.ReadResponse(reader, nil)
			if err != nil || response.StatusCode != 200 {
				t.Fatalf("before: %v, %v", response, err)
			}
			_, _ = io.Copy(io.Discard, response.Body)
			suspend(t, e)
			waiting := dial(t, e, request)
			resume(t, e, exporter.Options{
				Addresses: addresses(address), Source: families(up("secret", "1")), Access: exporter.AccessSettings{Username: "u", Password: secret},
			})
			_, _ = io.WriteString(kept, request)
			for what, from := range map[string]io.Reader{"waiting scrape": waiting, "kept connection": reader} {
				if got, _ := io.ReadAll(from); strings.Contains(string(got), "secret") || strings.Contains(string(got), "200 OK") {
					t.Errorf("%s got %s", what, got)
				}
			}
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if code := fetch(t, client, "http://"+address+"/metrics", "old"); code != 401 {
				t.Errorf("the old password: %d", code)
			}
			if code := fetch(t, client, "http://"+address+"/metrics", secret); code != 200 {
				t.Errorf("the new password: %d", code)
			}
		})
	}
}

// TestSectionsChangeUsersInTurn changes the users of two instances of one address in the same reload.
func TestSectionsChangeUsersInTurn(t *testing.T) {
	endpoints := openAll(t, exporter.Options{Source: families(up("a", "1"))}, exporter.Options{Source: families(up("b", "1"))})
	address := at(endpoints[0])
	for _, e := range endpoints {
		suspend(t, e)
	}
	for i, e := range endpoints {
		resume(t, e, exporter.Options{
			Addresses: addresses(address), Instance: fmt.Sprint("promexporter.", i), Source: families(up(string(rune('a'+i)), "2")),
			Access: exporter.AccessSettings{Username: "u", Password: secret},
		})
	}
	admitsOnly(t, address)
}

// TestReloadToOverlappingAddress checks that an address which only waits for suspended instances is freed for an
// overlapping one.
func TestReloadToOverlappingAddress(t *testing.T) {
	for before, after := range map[string]string{"": "127.0.0.1", "127.0.0.1": ""} {
		var servers exporter.Servers
		e := reloadToHost(t, &servers, before, after)
		_, port, _ := net.SplitHostPort(at(e))
		if code, _ := get(t, "http://127.0.0.1:"+port+"/metrics"); code != 200 {
			t.Errorf("from host %q to %q: %d", before, after, code)
		}
		e.Close()
		noGoroutines(t)
	}
}

// reloadToHost returns an endpoint that listens on the host after, and listened on the same port of before. A port that
// is free on one host may be in use on another, by a client that has closed its connection for example, so it tries
// several.
func reloadToHost(t *testing.T, servers *exporter.Servers, before, after string) *exporter.Endpoint {
	t.Helper()
	for range 20 {
		e := open(t, servers, exporter.Options{Addresses: addresses(before + ":0")})
		_, port, _ := net.SplitHostPort(at(e))
		suspend(t, e)
		resume(t, e, exporter.Options{Addresses: addresses(after + ":" + port)})
		if e.Listening() {
			return e
		}
		e.Close()
	}
	t.Fatalf("it does not listen on %q after %q", after, before)
	return nil
}

// TestOthersDoNotTakeOver checks that no other instance can use the name and the place of a suspended instance.
func TestOthersDoNotTakeOver(t *testing.T) {
	var servers exporter.Servers
	rest := open(t, &servers, exporter.Options{Path: "/rest"})
	e := open(t, &servers, exporter.Options{Addresses: addresses(at(rest)), Instance: "promexporter.1", Source: families(up("a", "1"))})
	suspend(t, e)
	if _, err := servers.Open(withDefaults(exporter.Options{Addresses: addresses(at(rest)), Instance: "promexporter.1"})); err == nil {
		t.Error("another endpoint took the name")
	}
	other := withDefaults(exporter.Options{
		Addresses: addresses(at(rest)), Instance: "promexporter.1", Access: exporter.AccessSettings{Username: "u", Password: secret},
	})
	if err := e.Resume(other); err == nil || !strings.Contains(err.Error(), "with different username") {
		t.Errorf("other users than those of promexporter.0: %v", err)
	}
	resume(t, e, exporter.Options{Addresses: addresses(at(rest)), Instance: "promexporter.1", Source: families(up("a", "2"))})
	if _, page := get(t, "http://"+at(rest)+"/metrics"); value(page, `a{l="2"}`) != "1" {
		t.Errorf("got\n%s", foreign(page))
	}
}

// TestResumeFailsAndSucceeds checks that an endpoint that could not resume is still suspended.
func TestResumeFailsAndSucceeds(t *testing.T) {
	endpoints := openAll(t,
		exporter.Options{Definitions: []exporter.Definition{{Name: "a", Type: metric.Gauge}}},
		exporter.Options{Source: families(up("b", "1"))})
	address := at(endpoints[0])
	suspend(t, endpoints[1])
	o := withDefaults(exporter.Options{
		Addresses: addresses(address), Instance: "promexporter.1", Source: families(up("b", "2")),
		Definitions: []exporter.Definition{{Name: "a", Type: metric.Counter}},
	})
	if err := endpoints[1].Resume(o); !errors.As(err, new(*exporter.ConflictError)) {
		t.Fatalf("got %v", err)
	}
	result := inBackground("http://" + address + "/metrics")
	o.Definitions = nil
	resume(t, endpoints[1], o)
	if got := <-result; value(got, `b{l="2"}`) != "1" {
		t.Errorf("the scrape got %s", got)
	}
}

// TestResumeListensLater checks that an address that is in use at a reload is retried until it is free.
func TestResumeListensLater(t *testing.T) {
	var servers exporter.Servers
	e := open(t, &servers, exporter.Options{Source: families(up("a", "1"))})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	suspend(t, e)
	resume(t, e, exporter.Options{Addresses: addresses(l.Addr().String()), Source: families(up("a", "1"))})
	if e.Listening() {
		t.Error("it listens on an address that is taken")
	}
	l.Close()
	until(t, "it listens", e.Listening)
	if _, page := get(t, "http://"+at(e)+"/metrics"); value(page, `a{l="1"}`) != "1" {
		t.Errorf("got\n%s", foreign(page))
	}
}

// TestWaitingScrapeIsCutWithItsUsers checks that a scrape which waits for the reload gets no page if the users change
// in any way.
func TestWaitingScrapeIsCutWithItsUsers(t *testing.T) {
	one, two := exporter.AccessSettings{Username: "u", Password: "one"}, exporter.AccessSettings{Username: "u", Password: "two"}
	for name, test := range map[string]struct{ before, after exporter.AccessSettings }{
		"a user comes": {exporter.AccessSettings{}, one}, "the user leaves": {one, exporter.AccessSettings{}}, "another password": {one, two},
	} {
		t.Run(name, func(t *testing.T) {
			var servers exporter.Servers
			e := open(t, &servers, exporter.Options{Source: families(up("before", "1")), Access: test.before})
			address := at(e)
			suspend(t, e)
			credentials := base64.StdEncoding.EncodeToString([]byte("u:" + test.before.Password))
			waiting := dial(t, e, "GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: Basic "+credentials+"\r\n\r\n")
			awaitScrapesAs(t, &servers, address, test.before, 1)
			resume(t, e, exporter.Options{Addresses: addresses(address), Source: families(up("after", "1")), Access: test.after})
			_ = waiting.SetReadDeadline(time.Now().Add(time.Minute))
			if got, err := io.ReadAll(waiting); len(got) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the scrape that waited got %s, %v", got, err)
			}
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			if code := fetch(t, client, "http://"+address+"/metrics", test.after.Password); code != 200 {
				t.Errorf("with the new password: %d", code)
			}
		})
	}
}

// names is a name server that resolves every name to 127.0.0.1, and to no IPv6 address.
func names(c net.Conn) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, query); err != nil {
			return
		}
		end := 12 // of the header, then of the question: a name, its type and its class
		for query[end] != 0 {
			end += int(query[end]) + 1
		}
		end += 5
		answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, query[12:end]...)
		if query[end-3] == 1 { // type A
			answer[7] = 1
			answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1)
		}
		if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// TestReloadKeepsAddresses checks that the earlier address is used for a host that cannot be resolved at a reload.
func TestReloadKeepsAddresses(t *testing.T) {
	var broken atomic.Bool
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		if broken.Load() {
			return nil, errors.New("no name server")
		}
		here, there := net.Pipe()
		go names(there)
		return here, nil
	}}
	var servers exporter.Servers
	free := open(t, &servers, exporter.Options{Instance: "free"})
	_, port, _ := net.SplitHostPort(at(free))
	free.Close()
	o := exporter.Options{Addresses: addresses("metrics.test:" + port), Source: families(up("a", "1"))}
	e := open(t, &servers, o)
	suspend(t, e)
	broken.Store(true)
	other := o
	other.Addresses = addresses("other.test:" + port)
	if err := e.Resume(withDefaults(other)); err == nil || !strings.Contains(err.Error(), "other.test") {
		t.Errorf("resumed at a host that never was found: %v", err)
	}
	resume(t, e, o)
	if _, page := get(t, "http://127.0.0.1:"+port+"/metrics"); value(page, `a{l="1"}`) != "1" {
		t.Errorf("got\n%s", foreign(page))
	}
}
