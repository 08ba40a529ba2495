package exporter

import (
	"strings"
	"testing"
)

func TestPathMistakes(t *testing.T) {
	for path, wrong := range map[string]string{
		"/metrics":                     "",
		"/":                            "",
		"/a/b.c/~d_e-f":                "",
		"/metrics/":                    "",
		"/-metrics":                    "",
		"":                             "does not start with a slash",
		"metrics":                      "does not start with a slash",
		"/-/metrics":                   "paths below /-/ are reserved for health and readiness",
		"/-":                           "paths below /-/ are reserved for health and readiness",
		"/-/healthy":                   "paths below /-/ are reserved for health and readiness",
		"/metrics?a=b":                 "holds a query",
		"/metrics#a":                   "holds a fragment",
		"/a b":                         `holds the character ' '; letters, digits and any of "-._~/" are allowed`,
		"/a%20b":                       `holds the character '%'; letters, digits and any of "-._~/" are allowed`,
		"/\"><script>":                 `holds the character '"'; letters, digits and any of "-._~/" are allowed`,
		"/a\nb":                        `holds the character '\n'; letters, digits and any of "-._~/" are allowed`,
		"/ä":                           `holds the character 'ä'; letters, digits and any of "-._~/" are allowed`,
		"//":                           `holds an empty, "." or ".." segment, which clients remove`,
		"//metrics":                    `holds an empty, "." or ".." segment, which clients remove`,
		"/a//b":                        `holds an empty, "." or ".." segment, which clients remove`,
		"/a//":                         `holds an empty, "." or ".." segment, which clients remove`,
		"/./a":                         `holds an empty, "." or ".." segment, which clients remove`,
		"/a/..":                        `holds an empty, "." or ".." segment, which clients remove`,
		"/" + strings.Repeat("a", 256): "longer than 256 bytes",
		"/" + strings.Repeat("a", 255): "",
	} {
		err := checkPath(path)
		switch {
		case wrong == "" && err != nil:
			t.Errorf("%q: %v, want no error", path, err)
		case wrong != "" && err == nil:
			t.Errorf("%q: no error, want %s", path, wrong)
		case wrong != "" && !strings.Contains(err.Error(), wrong+`; write a path such as "/metrics"`):
			t.Errorf("%q: %v, want %s", path, err, wrong)
		}
	}
}

func TestOpenReportsEveryMistakeAtOnce(t *testing.T) {
	var servers Servers
	_, err := servers.Open(Options{Address: "127.0.0.1:0", Path: "metrics"})
	const want = `instance: no name; give each instance a name of its own
source: none; an endpoint needs something to serve
metrics_path "metrics": does not start with a slash; write a path such as "/metrics"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestAddresses(t *testing.T) {
	for text, want := range map[string]string{
		":8989":                   ":8989",
		"[::]:8989":               ":8989",
		"0.0.0.0:8989":            "0.0.0.0:8989",
		"[::ffff:127.0.0.1]:8989": "127.0.0.1:8989",
		"127.0.0.1:08989":         "127.0.0.1:8989",
		"localhost:1":             "127.0.0.1:1",
		"[::1]:0":                 "[::1]:0",
		"[fe80::1%lo]:1":          "[fe80::1%lo]:1",
	} {
		a, err := resolve(t.Context(), text)
		if err != nil || a.String() != want {
			t.Errorf("%s: %s, %v, want %s", text, a, err, want)
		}
	}
}

func TestAddressMistakes(t *testing.T) {
	const right = `; write host:port, such as ":8989" or "127.0.0.1:8989"`
	for text, want := range map[string]string{
		"":               `listen_address "": is not host:port` + right,
		"8989":           `listen_address "8989": is not host:port` + right,
		"::1:8989":       `listen_address "::1:8989": is not host:port` + right,
		":99999":         `listen_address ":99999": port "99999" is not a number from 0 to 65535` + right,
		":-1":            `listen_address ":-1": port "-1" is not a number from 0 to 65535` + right,
		":":              `listen_address ":": port "" is not a number from 0 to 65535` + right,
		":http":          `listen_address ":http": port "http" is not a number from 0 to 65535` + right,
		"a b:1":          `listen_address "a b:1": lookup a b: `,
		"host.invalid:1": `listen_address "host.invalid:1": lookup host.invalid`,
	} {
		_, err := resolve(t.Context(), text)
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.HasSuffix(err.Error(), right) {
			t.Errorf("%q:\ngot  %v\nwant %s...", text, err, want)
		}
	}
}
