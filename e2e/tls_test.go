package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one, and with a real Prometheus.

const requestRules = `
metrics:
- name: http_requests_total
  type: counter
  help: Requests served.
  labels: {status: $status}
  exemplar: {trace_id: $trace}
- name: http_request_duration_seconds
  type: histogram
  help: Time to serve a request.
  unit: seconds
  value: $duration
  buckets: [0.5, 5]
  native: {factor: 1.1}
  exemplar: {trace_id: $trace}
`

// requests are arguments for inputs with five and with three requests, and for the plugin with rules for them.
func requests(t *testing.T, keys ...string) []string {
	t.Helper()
	rules := filepath.Join(t.TempDir(), "rules.yaml")
	writeRules(t, rules, requestRules)
	args := append(dummy("fast", `{"status":200,"duration":0.25,"trace":"a1"}`), "-p", "rate=50", "-p", "samples=5")
	args = append(args, dummy("slow", `{"status":500,"duration":4.0,"trace":"b2"}`)...)
	args = append(args, "-p", "rate=50", "-p", "samples=3", "-o", "promexporter", "-m", "*", "-p", anyPort, "-p", "rules_file="+rules)
	for _, key := range keys {
		args = append(args, "-p", key)
	}
	return withPlugin(args...)
}

// answersExactly waits until Prometheus has the values of the requests.
func answersExactly(t *testing.T, api string, want map[string]string) {
	t.Helper()
	for query, v := range want {
		until(t, query+" is not "+v, func() bool { return ask(t, api, query) == v })
	}
	for series, want := range map[string]exemplar{
		`http_requests_total{status="200"}`: {Labels: map[string]string{"trace_id": "a1"}, Value: "1"},
		`http_requests_total{status="500"}`: {Labels: map[string]string{"trace_id": "b2"}, Value: "1"},
	} {
		isExemplar(t, api, series, want)
	}
}

// isExemplar waits for an exemplar of series with the labels and the value of want, of the last minute.
func isExemplar(t *testing.T, api, series string, want exemplar) {
	t.Helper()
	var got []exemplar
	until(t, fmt.Sprintf("no exemplar %v of %s", want, series), func() bool {
		got = exemplars(t, api, series)
		for _, e := range got {
			if e.Labels["trace_id"] == want.Labels["trace_id"] && len(e.Labels) == 1 && e.Value == want.Value {
				age := time.Since(time.UnixMilli(int64(e.Timestamp * 1000)))
				return age > -time.Second && age < time.Minute
			}
		}
		return false
	})
}

// TestPrometheusWithTLS scrapes with TLS, as a user of a web configuration file, in protobuf.
func TestPrometheusWithTLS(t *testing.T) {
	t.Parallel()
	program := required(t, "prometheus")
	dir := t.TempDir()
	pool := certificates(t, dir)
	hash, err := bcrypt.GenerateFromPassword([]byte("open sesame"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	writeRules(t, filepath.Join(dir, "web.yml"), "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"+
		"basic_auth_users: {prometheus: '"+string(hash)+"'}\n")
	a := start(t, "", requests(t, "web_config_file="+filepath.Join(dir, "web.yml"))...)
	page, err := url.Parse(a.url(0))
	if err != nil {
		t.Fatal(err)
	}
	if page.Scheme != "https" {
		t.Errorf("the log has %s", page)
	}
	api := startPrometheus(t, program, fmt.Sprintf("  scheme: https\n  tls_config: {ca_file: '%s'}\n"+
		"  basic_auth: {username: prometheus, password: open sesame}\n  static_configs: [{targets: ['%s']}]\n",
		filepath.Join(dir, "ca.crt"), page.Host))
	answersExactly(t, api, map[string]string{
		`http_requests_total{status="200"}`:                                     "5",
		`http_requests_total{status="500"}`:                                     "3",
		`histogram_count(http_request_duration_seconds)`:                        "8",
		`histogram_sum(http_request_duration_seconds)`:                          "13.25",
		`histogram_quantile(1, http_request_duration_seconds)`:                  "4",
		`histogram_fraction(0.2, 0.3, http_request_duration_seconds)`:           "0.625",
		`up{job="promexporter"}`:                                                "1",
		`count(http_request_duration_seconds_bucket) or vector(0)`:              "0",
		`promexporter_records_received_total`:                                   "8",
		`histogram_count(promexporter_scrape_duration_seconds) > bool 0`:        "1",
		`promexporter_http_unauthorized_total + promexporter_http_panics_total`: "0",
	})
	// Older versions of Prometheus read only the first exemplar of a native histogram.
	isExemplar(t, api, `http_request_duration_seconds`, exemplar{Labels: map[string]string{"trace_id": "a1"}, Value: "0.25"})

	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}}
	for user, want := range map[string]int{"prometheus:open sesame": 200, "prometheus:wrong": 401, "": 401} {
		if code, _ := request(t, client, page.String(), user, ""); code != want {
			t.Errorf("as %q: %d, want %d", user, code, want)
		}
	}
	if code, _, _ := get(t, strings.Replace(page.String(), "https", "http", 1)); code != 400 {
		t.Errorf("without TLS: %d, want 400", code)
	}
	if _, err := (&http.Client{}).Get(page.String()); err == nil {
		t.Error("a client that does not know the authority accepts the certificate")
	}
	_, text := request(t, client, page.String(), "prometheus:open sesame", "application/openmetrics-text; version=1.0.0")
	t.Run("created timestamps", func(t *testing.T) {
		if !featureOf(t, program, createdFeature) {
			t.Skipf("this Prometheus does not know %s", createdFeature)
		}
		isCreated(t, api, text, `http_requests_total{status="200"}`, `http_requests_created{status="200"}`)
		isCreated(t, api, text, `http_requests_total{status="500"}`, `http_requests_created{status="500"}`)
	})
	a.stop()
}

// TestClientCertificates requires a client certificate, and replaces certificates while the agent runs.
func TestClientCertificates(t *testing.T) {
	dir := t.TempDir()
	pool := certificates(t, dir)
	writeRules(t, filepath.Join(dir, "web.yml"), "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"+
		"  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n")
	a := start(t, "", withPlugin(append(dummy("t", `{"a":1}`), "-o", "promexporter", "-p", anyPort,
		"-p", "web_config_file="+filepath.Join(dir, "web.yml"))...)...)
	page := a.url(0)
	known := clientOf(t, dir, pool)
	if code, _ := request(t, known, page, "", ""); code != 200 {
		t.Errorf("with a certificate: %d", code)
	}
	nobody := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	if _, err := nobody.Get(page); err == nil {
		t.Error("without a certificate there is a page")
	}
	pool = certificates(t, dir)
	if code, _ := request(t, clientOf(t, dir, pool), page, "", ""); code != 200 {
		t.Errorf("with the new certificate: %d", code)
	}
	if _, err := known.Get(page); err == nil {
		t.Error("the old certificates are still good")
	}
	a.stop()
}

// clientOf returns a client that trusts pool, has the certificate in dir, and opens a new connection for each request.
func clientOf(t *testing.T, dir string, pool *x509.CertPool) *http.Client {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "server.crt"), filepath.Join(dir, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}},
	}}
}

// isCreated checks that the first sample of series is a zero at the time that the page gives in created.
func isCreated(t *testing.T, api, page, series, created string) {
	t.Helper()
	seconds, err := strconv.ParseFloat(value(page, created), 64)
	if err != nil {
		t.Errorf("%s is not on the page:\n%s", created, foreign(page))
		return
	}
	all := samples(t, api, series)
	// Prometheus truncates times to milliseconds.
	if len(all) == 0 || all[0][1] != "0" || all[0][0] != fmt.Sprintf("%.3f", float64(int64(seconds*1000))/1000) {
		t.Errorf("%s was created at %.6f, its samples are %v", series, seconds, all)
	}
}

// certificates writes the certificate of an authority, ca.crt, and one that it gave 127.0.0.1, server.crt and .key.
func certificates(t *testing.T, dir string) *x509.CertPool {
	t.Helper()
	authority := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	server := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test server"},
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	authorityKey, serverKey := newKey(t), newKey(t)
	write := func(name, kind string, of []byte, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		writeRules(t, filepath.Join(dir, name), string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: of})))
	}
	ca, err := x509.CreateCertificate(rand.Reader, authority, authority, authorityKey.Public(), authorityKey)
	write("ca.crt", "CERTIFICATE", ca, err)
	crt, err := x509.CreateCertificate(rand.Reader, server, authority, serverKey.Public(), authorityKey)
	write("server.crt", "CERTIFICATE", crt, err)
	key, err := x509.MarshalPKCS8PrivateKey(serverKey)
	write("server.key", "PRIVATE KEY", key, err)
	known, err := x509.ParseCertificate(ca)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(known)
	return pool
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
