package access

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/webtest"
)

// FuzzWebFile holds that no content of a web configuration file makes its reader panic, and that each mistake names the
// file.
func FuzzWebFile(f *testing.F) {
	f.Add([]byte(usersConfig(f)))
	f.Add([]byte(webtest.TLSConfig + "  min_version: TLS13\n  client_auth_type: NoClientCert\n"))
	f.Add([]byte("rate_limit: {interval: 1s, burst: 9}\nhttp_server_config: {http2: false, headers: {X-Frame-Options: deny}}\n"))
	f.Add([]byte("basic_auth_users: {a: b}\n"))
	f.Add([]byte("basic_auth_users: &a {b: *c}\ntls_server_config: [1]\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "web.yml")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := openWebFile(path)
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v, %v", c, err)
		}
		if err == nil {
			return
		}
		for line := range strings.Lines(err.Error()) {
			if !strings.HasPrefix(line, "web_config_file "+path) {
				t.Errorf("%q does not name the file %s:\n%s", line, path, bytes.TrimSpace(content))
			}
		}
	})
}
