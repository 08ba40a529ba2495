package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// overUnix is a client for the server at a socket.
func overUnix(t testing.TB, path string) *http.Client {
	t.Helper()
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

func TestSeveralAddresses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	listen := "127.0.0.1:0, 127.0.0.1:0,unix://" + path
	six, err := net.Listen("tcp", "[::1]:0")
	if err == nil {
		six.Close()
		listen += ",[::1]:0"
	} else {
		t.Log("no IPv6 here")
	}
	var servers Servers
	e := open(t, &servers, Options{Address: listen, Source: families(up("a", "1"))})
	addrs := e.Addrs()
	if want := strings.Count(listen, ",") + 1; len(addrs) != want || addrs[0].String() != e.Addr().String() || servers.count() != want {
		t.Fatalf("addresses %v, %d servers, want %d", addrs, servers.count(), want)
	}
	for _, a := range addrs {
		if a.Network() == "unix" {
			continue
		}
		if code, page := get(t, "http://"+a.String()+"/metrics"); code != 200 || value(page, `a{l="1"}`) != "1" {
			t.Errorf("%s: %d\n%s", a, code, foreign(page))
		}
	}
	if code := fetch(t, overUnix(t, path), "http://unix/metrics", "", "").StatusCode; code != 200 {
		t.Errorf("unix: %d", code)
	}

	// Another instance shares one of the addresses, and stays when the first one goes.
	other := open(t, &servers, Options{Address: addrs[1].String(), Instance: "promexporter.1", Source: families(up("b", "1"))})
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
		if taken := a.String() == other.Addr().String(); (err != nil) != taken {
			t.Errorf("%s: %v", a, err)
		}
		if err == nil {
			l.Close()
		}
	}
	if _, page := get(t, "http://"+other.Addr().String()+"/metrics"); value(page, `b{l="1"}`) != "1" || strings.Contains(page, "promexporter.0") {
		t.Errorf("got\n%s", foreign(page))
	}
}

// When one of several addresses cannot be had, none is taken.
func TestAllAddressesOrNone(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	path := filepath.Join(t.TempDir(), "s.sock")
	var servers Servers
	_, err = servers.Open(withDefaults(Options{Address: "unix://" + path + "," + taken.Addr().String(), ListenRetry: -1}))
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Lstat(path); err == nil || servers.count() != 0 {
		t.Errorf("%d servers are left, socket: %v", servers.count(), err)
	}
	noGoroutines(t)
}

func TestAddressListMistakes(t *testing.T) {
	for text, want := range map[string]string{
		":1,:1":                 `listen_address ":1,:1": :1 stands there twice; write it once`,
		":1,[::]:1":             `listen_address ":1,[::]:1": :1 stands there twice; write it once`,
		":1,127.0.0.1:1":        `listen_address ":1,127.0.0.1:1": :1 and 127.0.0.1:1 overlap; leave out one of them`,
		"[::1]:1,[::]:1":        `listen_address "[::1]:1,[::]:1": [::1]:1 and :1 overlap; leave out one of them`,
		"0.0.0.0:1,127.0.0.1:1": `listen_address "0.0.0.0:1,127.0.0.1:1": 0.0.0.0:1 and 127.0.0.1:1 overlap; leave out one of them`,
		":1,":                   `listen_address "": is not host:port`,
		"unix://a.sock":         `listen_address "unix://a.sock": write the full path of the socket, such as unix:///run/promexporter.sock`,
		"unix:///a\x00":         `listen_address "unix:///a\x00": write a path of at most 107 bytes`,
		"vsock://:0":            `listen_address "vsock://:0": write the port alone, such as vsock://:8989`,
		"vsock://2:1":           `listen_address "vsock://2:1": write the port alone, such as vsock://:8989`,
		"systemd://a/b":         `listen_address "systemd://a/b": write systemd://, or systemd://NAME with the FileDescriptorName of the socket unit`,
		"http://:8989":          `listen_address "http://:8989": is not host:port`,
		"unix:///" + long:       `listen_address "unix:///` + long + `": write a path of at most 107 bytes`,
	} {
		if _, err := resolveAll(t.Context(), text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	for text, want := range map[string]string{
		" vsock://:7 ,systemd://web,[::1]:5,unix:///a/b": "[vsock://:7 systemd://web [::1]:5 unix:///a/b]",
		"0.0.0.0:1,[::1]:1,:0,127.0.0.1:0":               "[0.0.0.0:1 [::1]:1 :0 127.0.0.1:0]",
	} {
		list, err := resolveAll(t.Context(), text)
		if got := fmt.Sprint(list); err != nil || got != want {
			t.Errorf("%s, %v", got, err)
		}
	}
}

func TestUnixPathLimitIsTheKernels(t *testing.T) {
	if got := len(syscall.RawSockaddrUnix{}.Path) - 1; got != maxUnixPath {
		t.Errorf("the kernel takes %d bytes", got)
	}
}

var long = strings.Repeat("a", maxUnixPath)

func TestUnixSocket(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "s.sock")
	openErr := func() error {
		var servers Servers
		_, err := servers.Open(withDefaults(Options{Address: "unix://" + path, ListenRetry: -1}))
		return err
	}

	// What a crashed process left is replaced.
	crashed, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	crashed.SetUnlinkOnClose(false)
	crashed.Close()
	var servers Servers
	e := open(t, &servers, Options{Address: "unix://" + path})
	if code := fetch(t, overUnix(t, path), "http://unix/-/healthy", "", "").StatusCode; code != 200 {
		t.Errorf("got %d", code)
	}

	// One that somebody listens on is left alone.
	want := "listen on unix://" + path + " (listen_address): address already in use; another process listens there; stop it, or choose another path"
	if err := openErr(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if code := fetch(t, overUnix(t, path), "http://unix/-/healthy", "", "").StatusCode; code != 200 {
		t.Errorf("got %d", code)
	}
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is left")
	}

	// So is any other file.
	if err := os.WriteFile(path, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	want = "listen on unix://" + path + " (listen_address): there is a file that is no socket; " +
		"choose a path in a folder that this process may write to, where nothing but an old socket is in the way"
	if err := openErr(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if content, _ := os.ReadFile(path); string(content) != "precious" {
		t.Errorf("the file holds %q", content)
	}
}

// The file that took the place of the socket stays when the endpoint is closed.
func TestReplacedUnixSocketIsNotRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	var servers Servers
	e := open(t, &servers, Options{Address: "unix://" + path})
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	e.Close()
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}

func TestSystemdWithoutActivation(t *testing.T) {
	var servers Servers
	_, err := servers.Open(withDefaults(Options{Address: "systemd://web"}))
	const want = "listen on systemd://web (listen_address): systemd passed no such socket to this process; " +
		"write the socket unit that activates Fluent Bit, or listen on host:port"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A process of its own is started as systemd does it, with two sockets.
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
	var servers Servers
	for round := range 2 { // the sockets outlive the first round
		e := open(t, &servers, Options{Address: "systemd://"})
		if len(e.Addrs()) != 2 || e.Addrs()[0].String() != want[0] || e.Addrs()[1].String() != want[1] {
			t.Errorf("round %d: addresses %v, want %v", round, e.Addrs(), want)
		}
		for _, a := range want {
			if code, _ := get(t, "http://"+a+"/metrics"); code != 200 {
				t.Errorf("round %d: %s: %d", round, a, code)
			}
		}
		e.Close()
	}
	e := open(t, &servers, Options{Address: "systemd://other"})
	if len(e.Addrs()) != 1 || e.Addr().String() != want[1] {
		t.Errorf("addresses %v, want %s", e.Addrs(), want[1])
	}
	// A socket is one, by whatever name it is asked for.
	both := open(t, &servers, Options{Address: "systemd://other,systemd://", Path: "/both", Instance: "promexporter.1"})
	if len(both.Addrs()) != 2 || servers.count() != 2 {
		t.Errorf("%d servers for the addresses %v", servers.count(), both.Addrs())
	}
	for range 10 {
		if code, _ := get(t, "http://"+want[1]+"/both"); code != 200 {
			t.Errorf("/both of %s: %d", want[1], code)
		}
	}
	if os.Getenv("LISTEN_FDS") != "" {
		t.Error("LISTEN_FDS is left for other processes")
	}
}

func TestVsock(t *testing.T) {
	var servers Servers
	e, err := servers.Open(withDefaults(Options{Address: "vsock://:54321", ListenRetry: -1}))
	if err != nil {
		if !strings.HasPrefix(err.Error(), "listen on vsock://:54321 (listen_address): ") {
			t.Errorf("got %v", err)
		}
		t.Skip("no vsock here:", err)
	}
	defer e.Close()
	if e.Addr().Network() != "vsock" {
		t.Errorf("address %s", e.Addr())
	}
}

// With ListenLater an endpoint waits for its address; its servers are shared and closed all the same.
func TestListenLater(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out logged
	var servers Servers
	o := Options{Address: taken.Addr().String(), ListenRetry: -1, ListenLater: true, Log: out.log(), Source: families(up("a", "1"))}
	e := open(t, &servers, o)
	o.Instance, o.Path = "promexporter.1", "/other"
	other := open(t, &servers, o)
	if e.Addr().String() != taken.Addr().String() || servers.count() != 1 {
		t.Errorf("address %s", e.Addr())
	}
	until(t, "the failure is logged", func() bool { return strings.Contains(out.String(), "not listening yet; trying again") })
	taken.Close()
	until(t, "it listens", func() bool { return strings.Contains(out.String(), "msg=listening") })
	if code, page := get(t, "http://"+e.Addr().String()+"/metrics"); code != 200 || value(page, `a{l="1"}`) != "1" {
		t.Errorf("%d\n%s", code, foreign(page))
	}
	other.Close()
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

func TestListenLaterIsClosed(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var servers Servers
	e := open(t, &servers, Options{Address: taken.Addr().String(), ListenRetry: -1, ListenLater: true})
	if err := closeInTime(t, e.Close); err != nil {
		t.Error(err)
	}
	noGoroutines(t)
}

func TestWantedAddress(t *testing.T) {
	for text, want := range map[string]string{
		"127.0.0.1:5": "tcp 127.0.0.1:5", "unix:///a": "unix /a", "vsock://:7": "vsock vsock://:7",
	} {
		a, err := resolve(t.Context(), text)
		if got := a.wanted(); err != nil || got.Network()+" "+got.String() != want {
			t.Errorf("%s: %s %s, %v", text, got.Network(), got, err)
		}
	}
	for text, local := range map[string]bool{
		"127.0.0.1:5": true, "[::1]:5": true, "unix:///a": true, ":5": false, "192.0.2.1:5": false, "vsock://:7": false,
	} {
		if a, err := resolve(t.Context(), text); err != nil || isLocal(a.wanted()) != local {
			t.Errorf("%s: local %t, %v", text, !local, err)
		}
	}
	if a := (address{host: netip.MustParseAddr("::1"), port: 5}); a.String() != "[::1]:5" {
		t.Errorf("got %s", a)
	}
}

// failing accepts nothing for a while.
type failing struct {
	net.Listener
	errs chan error
}

func (f *failing) Accept() (net.Conn, error) {
	select {
	case err := <-f.errs:
		return nil, err
	default:
		return f.Listener.Accept()
	}
}

// A server outlives what keeps it from accepting connections, such as a process with too many files.
func TestAcceptErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var out logged
	s, _ := offline(Options{Log: out.log()})
	f := &failing{l, make(chan error, 3)}
	for range cap(f.errs) {
		f.errs <- &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	s.socket.use(f)
	s.serve(&gate{}, nil)
	if code, _ := get(t, "http://"+l.Addr().String()+"/-/healthy"); code != 200 {
		t.Errorf("got %d", code)
	}
	const want = "level=WARN msg=\"connections are not accepted\" error=\"accept: too many open files\"\n"
	if out.String() != want {
		t.Errorf("got  %swant %s", out.String(), want)
	}
	s.socket.close()
	s.shutDown(t.Context(), func() {})
	noGoroutines(t)
}

// A connection that comes while its server is shut down is closed.
func TestConnectionOfEndedServer(t *testing.T) {
	s, _ := offline(Options{})
	s.meet(&gate{})
	here, there := net.Pipe()
	s.shutDown(t.Context(), func() {})
	s.socket.deliver(here)
	if _, err := there.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}
