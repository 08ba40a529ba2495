package exporter

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

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

// webFolder is a folder with a web configuration file and what it refers to.
type webFolder string

func newWebFolder(t testing.TB, config string) webFolder {
	t.Helper()
	f := webFolder(t.TempDir())
	f.write(t, "web.yml", config)
	return f
}

func (f webFolder) config() string { return filepath.Join(string(f), "web.yml") }

func (f webFolder) write(t testing.TB, name, content string) {
	t.Helper()
	// Renamed into place, so that no request sees half of it.
	half := filepath.Join(string(f), name+".new")
	if err := os.WriteFile(half, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(half, filepath.Join(string(f), name)); err != nil {
		t.Fatal(err)
	}
}

func (f webFolder) writePair(t testing.TB, c certificate) {
	t.Helper()
	f.write(t, "cert.pem", string(c.cert))
	f.write(t, "key.pem", string(c.key))
}

const tlsConfig = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"

// hashOf is the bcrypt hash of a password, of the least cost.
func hashOf(t testing.TB, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// clientOf makes a client that trusts c. Its connections are closed at the end of the test.
func clientOf(t testing.TB, c certificate, own ...tls.Certificate) *http.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(c.cert)
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: roots, Certificates: own},
		ForceAttemptHTTP2: true,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

// fetch sends a GET with a username and a password, if not empty, and gives status and headers.
func fetch(t testing.TB, c *http.Client, url, username, password string) *http.Response {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if username+password != "" {
		r.SetBasicAuth(username, password)
	}
	response, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	return response
}
