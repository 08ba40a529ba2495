package access

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/promexporter/promexporter/internal/logtest"
)

const secret = "hunter2-\"ä" // no part of it may be seen anywhere

// certificate is a self-signed certificate for 127.0.0.1, for either side of a connection.
type certificate struct {
	cert, key []byte // PEM
	pair      tls.Certificate
}

func newCertificate(t testing.TB, serial int64) certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "promexporter"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	c := certificate{
		cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
	if c.pair, err = tls.X509KeyPair(c.cert, c.key); err != nil {
		t.Fatal(err)
	}
	return c
}

// webFolder is a folder with a web configuration file and the files that it names.
type webFolder string

func newWebFolder(t testing.TB, config string) webFolder {
	t.Helper()
	f := webFolder(t.TempDir())
	f.write(t, "web.yml", config)
	return f
}

func (f webFolder) file(name string) string { return filepath.Join(string(f), name) }

func (f webFolder) config() string { return f.file("web.yml") }

// write replaces a file at once, so that no request sees half of it.
func (f webFolder) write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(f.file(name+".new"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.file(name+".new"), f.file(name)); err != nil {
		t.Fatal(err)
	}
}

func (f webFolder) writePair(t testing.TB, c certificate) {
	t.Helper()
	f.write(t, "cert.pem", string(c.cert))
	f.write(t, "key.pem", string(c.key))
}

const tlsConfig = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"

// usersConfig is the configuration of alice, whose password is secret, with a hash of the least cost.
func usersConfig(t testing.TB) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(secret), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return "basic_auth_users:\n  alice: " + string(hash) + "\n"
}

// server is an Access behind a real http.Server, with what its hooks were called with.
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

// serve serves "ok" for whom a admits.
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
		Client: client,
		Warn: func(err error, text string, attrs ...any) {
			fmt.Fprintln(&s.log, append([]any{"WARN", text, err}, attrs...)...)
		},
		Unauthorized: func() { s.unauthorized.Add(1) },
		Throttled:    func() { s.throttled.Add(1) },
	}
}

// client is the address without the port.
func client(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr()
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
func clientOf(t testing.TB, c certificate, own ...tls.Certificate) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.cert)
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{
			RootCAs: roots, ClientSessionCache: tls.NewLRUClientSessionCache(8),
			// Otherwise a certificate that the server would not take is not sent.
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
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
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
