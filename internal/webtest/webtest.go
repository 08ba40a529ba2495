// Package webtest makes certificates and web configuration files for tests.
package webtest

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
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Certificate is a self-signed certificate for 127.0.0.1, for either side of a connection.
type Certificate struct {
	Cert, Key []byte // PEM
	Pair      tls.Certificate
}

// NewCertificate makes a certificate with a serial number.
func NewCertificate(t testing.TB, serial int64) Certificate {
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
	c := Certificate{
		Cert: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		Key:  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	}
	if c.Pair, err = tls.X509KeyPair(c.Cert, c.Key); err != nil {
		t.Fatal(err)
	}
	return c
}

// Folder is a directory with a web configuration file and the files that it names.
type Folder string

// NewFolder makes a directory with a web configuration.
func NewFolder(t testing.TB, config string) Folder {
	t.Helper()
	f := Folder(t.TempDir())
	f.Write(t, "web.yml", config)
	return f
}

// File is the path of a file in the directory.
func (f Folder) File(name string) string { return filepath.Join(string(f), name) }

// Config is the path of the web configuration.
func (f Folder) Config() string { return f.File("web.yml") }

// Write replaces a file at once, so that no request sees half of it.
func (f Folder) Write(t testing.TB, name, content string) {
	t.Helper()
	if err := os.WriteFile(f.File(name+".new"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(f.File(name+".new"), f.File(name)); err != nil {
		t.Fatal(err)
	}
}

// WritePair writes a certificate and its key.
func (f Folder) WritePair(t testing.TB, c Certificate) {
	t.Helper()
	f.Write(t, "cert.pem", string(c.Cert))
	f.Write(t, "key.pem", string(c.Key))
}

// TLSConfig is a web configuration with the certificate that WritePair writes.
const TLSConfig = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n"
