package e2e

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/sockettest"
)

// TestListenAddresses serves one page on IPv4, IPv6 and a Unix socket.
func TestListenAddresses(t *testing.T) {
	if l, err := net.Listen("tcp", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here:", err)
	} else {
		l.Close()
	}
	socket := sockettest.Path(t)
	a := start(t, "", withPlugin(append(dummy("t", `{"a":1}`), "-o", "promexporter",
		"-p", "listen_address=127.0.0.1:0, [::1]:0,unix://"+socket)...)...)
	four := a.url(0)
	_, rest, _ := strings.Cut(a.log.String(), four+" and ")
	six, rest, _ := strings.Cut(rest, " and ")
	if !strings.HasPrefix(six, "http://[::1]:") || !strings.HasPrefix(rest, "unix:"+socket+" (/metrics) ") {
		t.Fatalf("not every address is in the log: %s", rest)
	}
	a.page(four, "no record", func(page string) bool { return value(page, `a{tag="t"}`) == "1" })
	through := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}
	for url, client := range map[string]*http.Client{six: http.DefaultClient, "http://socket/metrics": through} {
		if code, page := request(t, client, url, "", ""); code != 200 || value(page, `a{tag="t"}`) != "1" {
			t.Errorf("%s: %d %s", url, code, foreign(page))
		}
	}
	a.stop()
	if _, err := os.Lstat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

// TestSystemdSocket starts the agent as systemd does, with a socket that is open already.
func TestSystemdSocket(t *testing.T) {
	path, _ := program()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	// The shell sets LISTEN_PID to the process that it becomes.
	cmd := exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, path},
		withPlugin(append(dummy("t", `{"a":1}`), "-o", "promexporter", "-p", "listen_address=systemd://web")...)...)...)
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "LISTEN_FDNAMES=web")
	cmd.ExtraFiles = []*os.File{socket}
	a := startCommand(t, cmd)
	if url := a.url(0); url != "http://"+l.Addr().String()+"/metrics" {
		t.Errorf("serving on %s, want %s", url, l.Addr())
	}
	a.page(a.url(0), "no record", func(page string) bool { return value(page, `a{tag="t"}`) == "1" })
	a.stop()
}
