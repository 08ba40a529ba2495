package access

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/internal/webtest"
)

const secret = "hunter2-\"ä" // no part of it may be seen anywhere

// usersConfig is the configuration of alice, whose password is secret, with a hash of the least cost.
func usersConfig(t testing.TB) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return "basic_auth_users:\n  alice: " + string(hash) + "\n"
}

// server is a real http.Server with an Access, and the arguments of the calls of its hooks.
type server struct {
	access                  *Access
	url                     string
	handler                 http.Handler
	log                     logtest.Buffer
	unauthorized, throttled atomic.Int64
}

func open(t testing.TB, s Settings) *Access {
	t.Helper()
	a, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// serve serves "ok" to clients that a admits.
func serve(t testing.TB, a *Access) *server {
	t.Helper()
	s := &server{access: a}
	s.handler = a.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok") }), s.hooks())
	h := httptest.NewUnstartedServer(s.handler)
	h.Config.ErrorLog = log.New(&s.log, "", 0)
	h.Config.Protocols = new(http.Protocols)
	h.Config.Protocols.SetHTTP1(true)
	h.Config.Protocols.SetHTTP2(a.HTTP2())
	h.Config.TLSConfig = a.TLSConfig()
	// StartTLS of httptest would add its own certificate.
	served := make(chan error, 1)
	go func() {
		if a.Encrypted() {
			served <- h.Config.ServeTLS(h.Listener, "", "")
		} else {
			served <- h.Config.Serve(h.Listener)
		}
	}()
	t.Cleanup(func() {
		h.Config.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	s.url = "http://" + h.Listener.Addr().String()
	if a.Encrypted() {
		s.url = "https://" + h.Listener.Addr().String()
	}
	return s
}

func (s *server) hooks() Hooks {
	return Hooks{
		Exempt: func(path string) bool { return path == "/-/healthy" },
		Warn: func(err error, text string, attrs ...any) {
			fmt.Fprintln(&s.log, append([]any{"WARN", text, err}, attrs...)...)
		},
		Unauthorized: func(*http.Request) { s.unauthorized.Add(1) },
		Throttled:    func() { s.throttled.Add(1) },
	}
}

// request returns a GET of path with a username and a password, if not empty, from an address.
func request(path, username, password, from string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	if username+password != "" {
		r.SetBasicAuth(username, password)
	}
	r.RemoteAddr = from + ":1"
	return r
}

// ask is the answer to a GET without a network.
func (s *server) ask(username, password string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.handler.ServeHTTP(w, request("/metrics", username, password, "192.0.2.1"))
	return w
}

// clientOf returns a client that trusts c, and has certificates of its own.
func clientOf(t testing.TB, c webtest.Certificate, own ...tls.Certificate) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.Cert)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(8),
			// Otherwise the client does not send a certificate that the server would not accept.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				if len(own) == 0 {
					return new(tls.Certificate), nil
				}
				return &own[0], nil
			},
		},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: time.Minute}
}

// try sends a GET, and reads the answer to its end.
func try(c *http.Client, url, username, password string) (*http.Response, error) {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if username+password != "" {
		r.SetBasicAuth(username, password)
	}
	response, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response, err
}

func fetch(t testing.TB, c *http.Client, url, username, password string) *http.Response {
	t.Helper()
	response, err := try(c, url, username, password)
	if err != nil {
		t.Fatal(err)
	}
	return response
}
