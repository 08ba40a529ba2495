package listen

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/promexporter/promexporter/internal/sockettest"
)

// TestUnixSocket checks that only a stale socket is replaced, and that the socket is removed when it is closed.
func TestUnixSocket(t *testing.T) {
	path := sockettest.Path(t)
	crashed, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	crashed.SetUnlinkOnClose(false)
	crashed.Close()
	var s Sockets
	a := resolved(t, "unix://"+path)[0]
	l, err := s.Listen(a)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(a); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("with another listener: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is left")
	}
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Listen(a); !errors.Is(err, errNotSocket) {
		t.Errorf("over a file: %v", err)
	}
	if content, _ := os.ReadFile(path); string(content) != "precious" {
		t.Errorf("the file holds %q", content)
	}
}

// TestReplacedUnixSocketIsNotRemoved checks that a file that replaced the socket is kept.
func TestReplacedUnixSocketIsNotRemoved(t *testing.T) {
	path := sockettest.Path(t)
	var s Sockets
	l, err := s.Listen(resolved(t, "unix://"+path)[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

func TestSystemdWithoutActivation(t *testing.T) {
	var s Sockets
	_, err := s.Expand(resolved(t, "systemd://web"))
	const want = "listen on systemd://web (listen_address): systemd passed no such socket to this process; " +
		"write the socket unit that activates Fluent Bit, or listen on host:port"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestSystemdActivation starts a process as systemd does, with two sockets.
func TestSystemdActivation(t *testing.T) {
	if os.Getenv("LISTEN_FDS") != "" {
		activated(t)
		return
	}
	var files []*os.File
	var addrs []string
	for range 2 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			t.Fatal(err)
		}
		files, addrs = append(files, f), append(addrs, l.Addr().String())
		l.Close()
		defer f.Close()
	}
	// The shell sets LISTEN_PID to the process that it becomes.
	cmd := exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" -test.run '^TestSystemdActivation$' -test.v`, os.Args[0])
	cmd.Env = append(os.Environ(), "LISTEN_FDS=2", "LISTEN_FDNAMES=web:other", "WANT="+strings.Join(addrs, ","))
	cmd.ExtraFiles = files
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Errorf("%v\n%s", err, out)
	}
}

func activated(t *testing.T) {
	want := strings.Split(os.Getenv("WANT"), ",")
	var s Sockets
	for round := range 2 { // the sockets outlive the first round
		all, err := s.Expand(resolved(t, "systemd://"))
		if err != nil || len(all) != 2 {
			t.Fatalf("round %d: %v, %v", round, all, err)
		}
		for i, a := range all {
			l, err := s.Listen(a)
			if err != nil || l.Addr().String() != want[i] {
				t.Fatalf("round %d: %v, want %s", round, err, want[i])
			}
			l.Close()
		}
	}
	// A socket has one address, whatever name is used for it.
	both, err := s.Expand(resolved(t, "systemd://other,systemd://"))
	if err != nil || len(both) != 2 || both[0].path != "other" || both[1].path != "web" {
		t.Errorf("%v, %v", both, err)
	}
	if os.Getenv("LISTEN_FDS") != "" {
		t.Error("LISTEN_FDS is left for other processes")
	}
}

func TestVsock(t *testing.T) {
	var s Sockets
	l, err := s.Listen(resolved(t, "vsock://:54321")[0])
	if err != nil {
		t.Skip("no vsock here:", err)
	}
	defer l.Close()
	if l.Addr().Network() != "vsock" {
		t.Errorf("address %s", l.Addr())
	}
}
