package listen

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestLimits(t *testing.T) {
	const active, idle, silent = http.StateActive, http.StateIdle, http.StateNew
	type client struct {
		name  string
		state http.ConnState
	}
	for name, test := range map[string]struct {
		open    []client
		next    string
		refused bool
		closed  int // which of open is closed, or -1
		reason  string
	}{
		"room":                       {[]client{{"1.1.1.1:1", active}}, "1.1.1.2:1", false, -1, ""},
		"the client's share":         {[]client{{"1.1.1.1:1", idle}, {"1.1.1.1:2", silent}}, "1.1.1.1:3", true, -1, ReasonClient},
		"the share of a network":     {[]client{{"[1::1]:1", idle}, {"[1::2]:2", idle}}, "[1::3]:3", true, -1, ReasonClient},
		"no share without address":   {[]client{{"@", active}, {"@", active}}, "@", false, -1, ""},
		"the oldest idle":            {[]client{{"1.1.1.1:1", active}, {"1.1.1.2:1", idle}, {"1.1.1.3:1", idle}, {"1.1.1.4:1", silent}}, "1.1.1.5:1", false, 1, ReasonIdle},
		"a silent one":               {[]client{{"1.1.1.1:1", active}, {"1.1.1.2:1", active}, {"1.1.1.3:1", silent}, {"1.1.1.4:1", active}}, "1.1.1.5:1", false, 2, ReasonIdle},
		"served ones stay":           {[]client{{"1.1.1.1:1", active}, {"1.1.1.2:1", active}, {"1.1.1.3:1", active}, {"1.1.1.4:1", active}}, "1.1.1.5:1", true, -1, ReasonFull},
		"hijacked ones are served":   {[]client{{"1.1.1.1:1", http.StateHijacked}, {"1.1.1.2:1", active}, {"1.1.1.3:1", active}, {"1.1.1.4:1", active}}, "1.1.1.5:1", true, -1, ReasonFull},
		"the share goes before room": {[]client{{"1.1.1.1:1", idle}, {"1.1.1.1:2", idle}, {"1.1.1.3:1", idle}, {"1.1.1.4:1", idle}}, "1.1.1.1:3", true, -1, ReasonClient},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLimited(4, 2)
			var conns []*fakeConn
			for _, c := range test.open {
				fake, added := l.connect(c.name, c.state)
				if added == nil {
					t.Fatalf("%s is refused", c.name)
				}
				conns = append(conns, fake)
			}
			next, added := l.connect(test.next, silent)
			if next.closed != test.refused || (added == nil) != test.refused {
				t.Errorf("refused %t", next.closed)
			}
			for i, c := range conns {
				if c.closed != (i == test.closed) {
					t.Errorf("connection %d is closed: %t", i, c.closed)
				}
			}
			want := map[string]int{}
			if test.reason != "" {
				want[test.reason] = 1
			}
			if fmt.Sprint(l.refused) != fmt.Sprint(want) {
				t.Errorf("closed for %v, want %v", l.refused, want)
			}
		})
	}
}

// TestClosedConnectionsDoNotCount checks that a client gets its share back.
func TestClosedConnectionsDoNotCount(t *testing.T) {
	l := newLimited(4, 2)
	for range 10 {
		_, a := l.connect("1.1.1.1:1", http.StateActive)
		_, b := l.connect("1.1.1.1:2", http.StateActive)
		if a == nil || b == nil || l.Count() != 2 {
			t.Fatalf("%d connections", l.Count())
		}
		a.Close()
		b.Close()
		b.Close()
	}
	if all, clients := l.count.Count(); len(l.open) != 0 || all != 0 || clients != 0 {
		t.Errorf("%d connections, %d of %d clients are left", len(l.open), all, clients)
	}
}

// TestAcceptErrors checks that an http.Server continues after errors of accept, and ends after Close.
func TestAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var failed []error
		l := Limit(f, Limits{Total: 1, PerClient: 1, Failed: func(err error) { failed = append(failed, err) }})
		server := &http.Server{ErrorLog: log.New(io.Discard, "", 0)}
		ended := make(chan error)
		go func() { ended <- server.Serve(l) }()
		accept := []error{syscall.EMFILE, syscall.ENOBUFS, syscall.EPROTO}
		for _, err := range accept {
			f.errs <- err
		}
		synctest.Wait()
		if !slices.Equal(failed, accept) {
			t.Errorf("reported %v, want %v", failed, accept)
		}
		l.Close()
		if err := <-ended; !errors.Is(err, net.ErrClosed) || len(failed) != len(accept) {
			t.Errorf("after Close: %v, reported %v", err, failed)
		}
	})
}

// TestStateBelowTLS checks that the connection below TLS is found, and that unknown ones are ignored.
func TestStateBelowTLS(t *testing.T) {
	l := newLimited(1, 2)
	_, added := l.connect("1.1.1.1:1", http.StateNew)
	l.ConnState(tls.Server(added, &tls.Config{}), http.StateActive)
	l.ConnState(&fakeConn{}, http.StateIdle)
	if next, _ := l.connect("1.1.1.2:1", http.StateNew); !next.closed || l.refused[ReasonFull] != 1 {
		t.Errorf("closed for %v", l.refused)
	}
}

// TestCloseWrite checks that CloseWrite reaches the connection, if it has such a method.
func TestCloseWrite(t *testing.T) {
	half := &halfConn{fakeConn: fakeConn{remote: "1.1.1.1:1"}}
	l := newLimited(2, 2)
	for _, c := range []net.Conn{half, &fakeConn{remote: "1.1.1.1:2"}} {
		if err := l.add(c).(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Error(err)
		}
	}
	if !half.ended || half.closed {
		t.Errorf("ended %t, closed %t", half.ended, half.closed)
	}
}

// TestServedConnectionsStayOpen checks, with a real server, that a connection which serves a request is not closed in
// favor of others, and that it counts until its handler has returned, even if its client has disconnected.
func TestServedConnectionsStayOpen(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	refused := make(chan string, 10)
	l := Limit(inner, Limits{Total: 1, PerClient: 5, Closed: func(reason string) { refused <- reason }})
	serving, finish := make(chan struct{}), make(chan struct{})
	server := &http.Server{ConnState: l.ConnState, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(serving)
		<-finish
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	client, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-serving
	client.Close()
	other, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if reason := <-refused; reason != ReasonFull || l.Count() != 1 {
		t.Errorf("closed because of %s, %d connections", reason, l.Count())
	}
	if _, err := other.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the refused connection: %v", err)
	}
	close(finish)
	for deadline := time.Now().Add(time.Minute); l.Count() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the connection still counts")
		}
	}
	server.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
