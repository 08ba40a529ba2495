package e2e

import (
	"crypto/tls"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// The tests of this file run in a real Fluent Bit when FLUENT_BIT names one.

// do sends a request, and returns the answer with its body.
func do(t *testing.T, client *http.Client, method, url string, header http.Header) (response *http.Response, body string) {
	t.Helper()
	r, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	response, err = client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(text)
}

// TestMethods checks that pages are for GET and HEAD, and the reload for POST and PUT.
func TestMethods(t *testing.T) {
	t.Parallel()
	a := start(t, "", withPlugin(append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "-p", "reload=on", "-p", "debug=on")...)...)
	base := strings.TrimSuffix(a.url(0), "/metrics")
	isReady(t, base)
	isRefused := func(method, path, allow string) {
		t.Helper()
		response, body := do(t, http.DefaultClient, method, base+path, nil)
		if response.StatusCode != 405 || response.Header.Get("Allow") != allow || strings.Contains(body, "promexporter_") {
			t.Errorf("%s %s: %s, Allow %q\n%s", method, path, response.Status, response.Header.Get("Allow"), body)
		}
	}
	for _, path := range []string{"/metrics", "/", "/-/rules", "/-/healthy", "/-/ready", "/debug/pprof/"} {
		for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"} {
			isRefused(method, path, "GET, HEAD")
		}
		if response, body := do(t, http.DefaultClient, "GET", base+path, nil); response.StatusCode != 200 || body == "" {
			t.Errorf("GET %s: %s, %d bytes", path, response.Status, len(body))
		}
		if response, body := do(t, http.DefaultClient, "HEAD", base+path, nil); response.StatusCode != 200 || body != "" {
			t.Errorf("HEAD %s: %s, %d bytes", path, response.Status, len(body))
		}
	}
	for _, method := range []string{"GET", "HEAD", "DELETE", "OPTIONS"} {
		isRefused(method, "/-/reload", "POST, PUT")
	}
	for _, method := range []string{"POST", "PUT"} {
		if response, body := do(t, http.DefaultClient, method, base+"/-/reload", nil); response.StatusCode != 200 {
			t.Errorf("%s /-/reload: %s %s", method, response.Status, body)
		}
	}
	a.stop()
}

// TestLargeHeader checks that a proxy's headers are read, and larger ones refused.
func TestLargeHeader(t *testing.T) {
	t.Parallel()
	a := start(t, "", withPlugin(append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort)...)...)
	for _, test := range []struct{ kib, code int }{{12, 200}, {24, 431}, {12, 200}} {
		// Without keep-alive, because the server closes a connection whose request it did not read.
		header := http.Header{"X-Forwarded": {strings.Repeat("a", test.kib<<10)}}
		if response, body := do(t, fresh(), "GET", a.url(0), header); response.StatusCode != test.code || body == "" {
			t.Errorf("a header of %d KiB: %s %s", test.kib, response.Status, foreign(body))
		}
	}
	a.stop()
}

// TestHeadersAndRateLimit has a web configuration file with headers, a rate limit, and HTTP/2 or not.
func TestHeadersAndRateLimit(t *testing.T) {
	t.Parallel()
	for http2, major := range map[string]int{"true": 2, "false": 1} {
		t.Run("http2 "+http2, func(t *testing.T) {
			dir := t.TempDir()
			pool := certificates(t, dir)
			config := "tls_server_config: {cert_file: server.crt, key_file: server.key}\nrate_limit: {interval: 1h, burst: 3}\n" +
				"http_server_config: {http2: " + http2 + ", headers: {X-Frame-Options: WHO}}\n"
			file := filepath.Join(dir, "web.yml")
			writeRules(t, file, strings.ReplaceAll(config, "WHO", "deny"))
			a := start(t, "", withPlugin(append(dummy("a", `{"a":1}`), "-o", "promexporter", "-p", anyPort, "-p", "web_config_file="+file)...)...)
			client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}}
			defer client.CloseIdleConnections()
			for n, want := range []struct {
				code   int
				header string
			}{{200, "deny"}, {200, "sameorigin"}, {200, "sameorigin"}, {429, ""}, {429, ""}} {
				response, body := do(t, client, "GET", a.url(0), nil)
				if response.StatusCode != want.code || response.ProtoMajor != major || response.Header.Get("X-Frame-Options") != want.header {
					t.Errorf("request %d: %s %s, %v", n, response.Proto, response.Status, response.Header)
				}
				if strings.Contains(body, "promexporter_build_info") != (want.code == 200) {
					t.Errorf("request %d: %s", n, body)
				}
				writeRules(t, file, strings.ReplaceAll(config, "WHO", "sameorigin"))
			}
			a.stop()
		})
	}
}
