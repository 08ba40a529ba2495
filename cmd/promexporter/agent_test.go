package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// listening runs the command listen until it has printed as many events as it is asked for, or has refused a client,
// while an agent with these arguments sends them. ADDRESS in the arguments becomes the address on which it listens.
// The result is what was printed, and the note about the client.
func listening(t *testing.T, fluentBit string, listen []string, agent string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	notes, to := io.Pipe()
	done := make(chan int, 1)
	go func() {
		done <- execute(ctx, append([]string{"listen"}, listen...), streams{strings.NewReader(""), &out, to})
		_ = to.Close()
	}()
	lines := bufio.NewScanner(notes)
	address := ""
	for address == "" && lines.Scan() {
		address = regexp.MustCompile(`[0-9.]+:\d+$`).FindString(lines.Text())
	}
	refused := make(chan string, 1)
	go func() {
		note := ""
		for lines.Scan() {
			if strings.Contains(lines.Text(), "is refused") {
				note = lines.Text()
				cancel()
			}
		}
		refused <- note
	}()
	host, port, _ := strings.Cut(address, ":")
	args := strings.Fields(strings.NewReplacer("ADDRESS", address, "HOST", host, "PORT", port).Replace(agent))
	cmd := exec.CommandContext(ctx, fluentBit, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if status := <-done; status != statusFine && status != statusInterrupted {
		t.Errorf("status %d", status)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return out.String() + <-refused
}

// certificate writes a certificate for localhost and its key into a folder.
func certificate(t *testing.T, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert": {Type: "CERTIFICATE", Bytes: cert}, "key": {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestListenToFluentBit receives from a real Fluent Bit.
func TestListenToFluentBit(t *testing.T) {
	fluentBit := os.Getenv("FLUENT_BIT")
	if fluentBit == "" {
		t.Skip("FLUENT_BIT names no Fluent Bit")
	}
	dir := t.TempDir()
	certificate(t, dir)
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("swordfish\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	users := filepath.Join(dir, "users")
	if err := os.WriteFile(users, []byte("# users\nada:lovelace\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const tcp = "-q -i dummy -o tcp://ADDRESS -m * -p format="
	const forward = "-q -i dummy -t a.b -o forward -m * -p host=HOST -p port=PORT "
	const record = `^\{"time":"20[^"]*Z","tag":"(tcp|a\.b)","record":\{"message":"dummy"\}\}` + "\n$"
	security := []string{"--shared-key-file", secret, "--tls-cert", filepath.Join(dir, "cert"), "--tls-key", filepath.Join(dir, "key")}
	encrypted := "-p shared_key=swordfish -p self_hostname=me -p require_ack_response=on -p tls=on -p tls.verify=on" +
		" -p tls.vhost=localhost -p tls.ca_file=" + filepath.Join(dir, "cert")
	for name, test := range map[string]struct {
		listen []string
		agent  string
		want   string
	}{
		"raw":        {[]string{"--tcp", "127.0.0.1:0", "-o", "raw"}, tcp + "msgpack", `^\(+ExtType\(code=0, data=b["'].*["']\), .*\{'message': 'dummy'\}\)` + "\n$"},
		"msgpack":    {[]string{"--tcp", "127.0.0.1:0"}, tcp + "msgpack", record},
		"json lines": {[]string{"--tcp", "127.0.0.1:0"}, tcp + "json_lines", record},
		"explain":    {[]string{"--tcp", "127.0.0.1:0", "-o", "explain"}, tcp + "msgpack", "^event:1  "},
		"forward":    {[]string{"--forward", "127.0.0.1:0"}, forward, record},
		"ack":        {[]string{"--forward", "127.0.0.1:0"}, forward + "-p require_ack_response=on", record},
		"gzip":       {[]string{"--forward", "127.0.0.1:0"}, forward + "-p compress=gzip", record},
		"integers":   {[]string{"--forward", "127.0.0.1:0"}, forward + "-p time_as_integer=on", record},
		"key and TLS": {
			append([]string{"--forward", "127.0.0.1:0"}, security...),
			forward + encrypted, record},
		"users": {
			[]string{"--forward", "127.0.0.1:0", "--users-file", users},
			forward + "-p empty_shared_key=on -p username=ada -p password=lovelace -p self_hostname=me", record},
		"key, TLS, ack, users and gzip": {
			append([]string{"--forward", "127.0.0.1:0", "--users-file", users}, security...),
			forward + encrypted + " -p username=ada -p password=lovelace -p compress=gzip", record},
		"wrong password": {
			append([]string{"--forward", "127.0.0.1:0", "--users-file", users}, security...),
			forward + encrypted + " -p username=ada -p password=byron", `"me" is refused: username/password mismatch`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := listening(t, fluentBit, append(test.listen, "--limit", "1"), test.agent)
			if !regexp.MustCompile(test.want).MatchString(got) {
				t.Errorf("got %q", got)
			}
		})
	}
}
