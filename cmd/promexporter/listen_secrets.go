package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/promexporter/promexporter/receiver"
)

// options returns the secrets and certificates that clients need.
func (f *listenFlags) options() (o receiver.Options, err error) {
	if o.Hostname, err = os.Hostname(); err != nil {
		o.Hostname = "promexporter"
	}
	if o.SharedKey, err = readKey(f.keyFile); err != nil {
		return o, err
	}
	if o.Users, err = readUsers(f.usersFile); err != nil {
		return o, err
	}
	o.TLS, err = f.tls()
	return o, err
}

// readKey reads the shared key, or "" when no file is named.
func readKey(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := readFile("--shared-key-file", file, "write the path of a file with the key")
	if err != nil {
		return "", err
	}
	key := strings.TrimRight(string(text), "\r\n")
	if key == "" {
		return "", fmt.Errorf("--shared-key-file %s is empty; write the shared key into it", file)
	}
	return key, nil
}

// readUsers reads lines of name:password. Empty lines and those that start with # are left out.
func readUsers(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	text, err := readFile("--users-file", file, "write the path of a file with lines of name:password")
	if err != nil {
		return nil, err
	}
	users := make(map[string]string)
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimRight(line, "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		name, password, ok := strings.Cut(line, ":")
		if _, twice := users[name]; !ok || name == "" || password == "" || twice {
			return nil, fmt.Errorf("--users-file %s:%d: the line is not a user, or its name is repeated; write name:password", file, i+1)
		}
		users[name] = password
	}
	if len(users) == 0 {
		return nil, fmt.Errorf("--users-file %s has no users; write name:password, one per line", file)
	}
	return users, nil
}

// tls returns how connections are encrypted, or nil if they are not.
func (f *listenFlags) tls() (*tls.Config, error) {
	if (f.cert == "") != (f.key == "") || f.cert == "" && f.clientCA != "" {
		return nil, errors.New("--tls-cert and --tls-key go together, and --tls-client-ca with them; write all that you need")
	}
	if f.cert == "" {
		return nil, nil
	}
	cert, err := readFile("--tls-cert", f.cert, wantPEM)
	if err != nil {
		return nil, err
	}
	key, err := readFile("--tls-key", f.key, wantPEM)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w; write a certificate and its key, both in PEM format", f.cert, f.key, err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if f.clientCA != "" {
		text, err := readFile("--tls-client-ca", f.clientCA, wantPEM)
		if err != nil {
			return nil, err
		}
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		if !c.ClientCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("--tls-client-ca %s has no certificate; write the certificates of the authorities in PEM format", f.clientCA)
		}
	}
	return c, nil
}
