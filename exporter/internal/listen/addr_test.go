package listen

import (
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/promexporter/promexporter/internal/address"
)

// resolved reads and resolves a list of addresses.
func resolved(t *testing.T, text string) []Addr {
	t.Helper()
	all, err := resolveText(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func resolveText(t *testing.T, text string) ([]Addr, error) {
	t.Helper()
	parsed, err := address.ParseList(text)
	if err != nil {
		t.Fatal(err)
	}
	return Resolve(t.Context(), parsed)
}

func TestResolve(t *testing.T) {
	for text, want := range map[string]string{
		":8989":                   ":8989",
		"[::]:8989":               ":8989",
		"0.0.0.0:8989":            "0.0.0.0:8989",
		"[::ffff:127.0.0.1]:8989": "127.0.0.1:8989",
		"localhost:1":             "127.0.0.1:1",
		"[::1]:0":                 "[::1]:0",
		"[fe80::1%lo]:1":          "[fe80::1%lo]:1",
		"unix:///a":               "unix:///a",
		"vsock://:7":              "vsock://:7",
		"systemd://web":           "systemd://web",
		":1,:2":                   ":1 :2",
		"127.0.0.1:0,127.0.0.1:0": "127.0.0.1:0 127.0.0.1:0",
	} {
		if got := strings.Trim(fmt.Sprint(resolved(t, text)), "[]"); got != strings.Trim(want, "[]") {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestResolveMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"host.invalid:1":                 "listen_address host.invalid:1: lookup host.invalid",
		":1,[::]:1":                      "listen_address: :1 is listed twice; write it once",
		"localhost:1,127.0.0.1:1":        "listen_address: 127.0.0.1:1 is listed twice; write it once",
		":1,127.0.0.1:1":                 "listen_address: :1 and 127.0.0.1:1 overlap; leave out one of them",
		"127.0.0.1:1,0.0.0.0:1":          "listen_address: 127.0.0.1:1 and 0.0.0.0:1 overlap; leave out one of them",
		"unix:///a,vsock://:1,:1,[::]:1": "listen_address: :1 is listed twice; write it once",
	} {
		if got, err := resolveText(t, text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestSamePort(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{":1", "127.0.0.1:1", true}, {":1", ":2", false}, {"vsock://:1", ":1", false}, {"unix:///a", "unix:///a", false},
	} {
		if got := resolved(t, test.a)[0].SamePort(resolved(t, test.b)[0]); got != test.want {
			t.Errorf("%s and %s: %t", test.a, test.b, got)
		}
	}
}

func TestWanted(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:5": "tcp 127.0.0.1:5", "unix:///a": "unix /a", "vsock://:7": "vsock vsock://:7",
		"systemd://a": "systemd systemd://a",
	} {
		got := resolved(t, text)[0].NetAddr()
		if got.Network()+" "+got.String() != want {
			t.Errorf("%s: %s %s", text, got.Network(), got)
		}
	}
	for text, local := range map[string]bool{
		"127.0.0.1:5": true, "[::1]:5": true, "unix:///a": true, ":5": false, "192.0.2.1:5": false, "vsock://:7": false,
	} {
		if IsLocal(resolved(t, text)[0].NetAddr()) != local {
			t.Errorf("%s: local %t", text, !local)
		}
	}
}

func TestWithPort(t *testing.T) {
	var s Sockets
	a := resolved(t, "127.0.0.1:0")[0]
	l, err := s.Listen(a)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if got := a.WithPort(l); got.IsAny() || got.String() != l.Addr().String() {
		t.Errorf("%s, want %s", got, l.Addr())
	}
	if unix := resolved(t, "unix:///a")[0]; unix.WithPort(l) != unix {
		t.Errorf("a Unix socket got a port: %s", unix.WithPort(l))
	}
}

func TestError(t *testing.T) {
	for _, test := range []struct {
		address, neighbor, want string
		cause                   syscall.Errno
	}{
		{":1", "", "another process uses the port; stop it, or choose a free port", syscall.EADDRINUSE},
		{":1", "b at :1", "b at :1 in this process uses the port; write the same listen_address in both to share it", syscall.EADDRINUSE},
		{":1", "", "ports below 1024 need a privilege; choose a higher one", syscall.EACCES},
		{"192.0.2.1:1", "", "this machine has no such address; leave out the host to listen on all interfaces", syscall.EADDRNOTAVAIL},
		{":1", "", "choose an address of this machine and a free port", syscall.EINVAL},
		{"unix:///a", "", "another process listens there; stop it, or choose another path", syscall.EADDRINUSE},
		{"vsock://:1", "", "choose a free port, in a virtual machine with such a socket", syscall.EINVAL},
	} {
		got := Error(resolved(t, test.address)[0], test.cause, test.neighbor).Error()
		want := fmt.Sprintf("listen on %s (listen_address): %s; %s", test.address, test.cause.Error(), test.want)
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
