package address

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestParseList(t *testing.T) {
	for text, want := range map[string][]Address{
		":8989":              {{Port: 8989}},
		"127.0.0.1:0":        {{Host: "127.0.0.1"}},
		"[::1]:5":            {{Host: "::1", Port: 5}},
		"[fe80::1%lo]:1":     {{Host: "fe80::1%lo", Port: 1}},
		"localhost:1, a.b:2": {{Host: "localhost", Port: 1}, {Host: "a.b", Port: 2}},
		":0,:0":              {{}, {}},
		"unix:///run/a.sock": {{Network: Unix, Path: "/run/a.sock"}},
		"vsock://:7":         {{Network: Vsock, Port: 7}},
		"systemd://":         {{Network: Systemd}},
		"systemd://web, :1":  {{Network: Systemd, Path: "web"}, {Port: 1}},
		"unix:///" + strings.Repeat("a", maxUnixPath-1): {{Network: Unix, Path: "/" + strings.Repeat("a", maxUnixPath-1)}},
	} {
		if got, err := ParseList(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestParseListMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"":                    `the port is missing: write :8989`,
		"8989":                `the colon is missing: write :8989`,
		"::1":                 `the port is missing: write [::1]:8989`,
		"/run/a.sock":         `the host "/run/a.sock" is neither a name nor an IP address`,
		"a b":                 `the host "a b" is neither a name nor an IP address`,
		"*":                   `without a host all interfaces are meant: leave out the *`,
		"1.2.3":               `the host "1.2.3" is not an IP address`,
		"localhost":           `the port is missing: write localhost:8989`,
		"::1:8989x":           `an IPv6 address needs brackets: write [::1]:8989`,
		":":                   `the port after the colon is missing`,
		":http":               `the port "http" is not a number`,
		":99999":              `the port 99999 is not from 0 to 65535`,
		":080":                `the port 080 is not from 0 to 65535`,
		"a b:1":               `the host "a b" is neither a name nor an IP address`,
		"*:1":                 `without a host all interfaces are meant: leave out the *`,
		"256.1.1.1:80":        `the host "256.1.1.1" is not an IP address`,
		"http://a:80/metrics": `not a URL: leave out http:// and write a:80`,
		":1,":                 `"": the port is missing: write :8989`,
		":1,:99999":           `":99999": the port 99999 is not from 0 to 65535`,
		":1, :1":              `:1 is listed twice; write it once`,
		"unix://a":            `not the full path of a socket: write unix:///run/promexporter.sock`,
		"unix:///a\x00b":      `the path has a zero byte: write it without`,
		"unix:///" + strings.Repeat("a", maxUnixPath): `the path has 108 bytes: write one of at most 107`,
		"unix:///a/":    `not the full path of a socket: write unix:///run/promexporter.sock`,
		"tcp://:80":     `not a URL: leave out tcp:// and write :80`,
		"Unix:///a":     `not a URL: leave out Unix:// and write host:port`,
		"vsock://:0":    `not a port alone: write vsock://:8989`,
		"vsock://3:1":   `not a port alone: write vsock://:8989`,
		"systemd://a/b": `not the name of a socket: write systemd://, or systemd://NAME with its FileDescriptorName`,
	} {
		if got, err := ParseList(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, %v, want %s", text, got, err, want)
		}
	}
}

func TestUnixPathLimitIsTheKernels(t *testing.T) {
	if got := len(syscall.RawSockaddrUnix{}.Path) - 1; got != maxUnixPath {
		t.Errorf("the kernel takes %d bytes", got)
	}
}

func TestParsePath(t *testing.T) {
	for text, want := range map[string]string{
		"/":                            "",
		"/metrics":                     "",
		"/a-b_c.d~e/f/":                "",
		"/-metrics":                    "",
		"/a\nb":                        `the character '\n' is not allowed; use letters, digits and any of -._~/`,
		"/\"><script>":                 `the character '"' is not allowed; use letters, digits and any of -._~/`,
		"//":                           "has an empty, . or .. segment, which clients remove; write the path without it",
		"/a//":                         "has an empty, . or .. segment, which clients remove; write the path without it",
		"/a/..":                        "has an empty, . or .. segment, which clients remove; write the path without it",
		"":                             "does not start with a slash; write a path such as /metrics",
		"metrics":                      "does not start with a slash; write a path such as /metrics",
		"/" + strings.Repeat("a", 256): "longer than 256 bytes; choose a shorter path",
		"/-":                           "paths below /-/ are reserved for health and readiness; choose another path",
		"/-/x":                         "paths below /-/ are reserved for health and readiness; choose another path",
		"/a?b":                         "contains a query; remove ? and everything after it",
		"/a#b":                         "contains a fragment; remove # and everything after it",
		"/a%20":                        "the character '%' is not allowed; use letters, digits and any of -._~/",
		"/ä":                           "the character 'ä' is not allowed; use letters, digits and any of -._~/",
		"//a":                          "has an empty, . or .. segment, which clients remove; write the path without it",
		"/a/../b":                      "has an empty, . or .. segment, which clients remove; write the path without it",
		"/a/./b":                       "has an empty, . or .. segment, which clients remove; write the path without it",
		"/" + strings.Repeat("a", 255): "",
	} {
		got, err := ParsePath(text)
		if want == "" && (err != nil || string(got) != text) || want != "" && (err == nil || err.Error() != want) {
			t.Errorf("%q: %q, %v, want %q", text, got, err, want)
		}
	}
}

// FuzzParseList checks that a parsed address is parsed the same from its text.
func FuzzParseList(f *testing.F) {
	for _, text := range []string{":8989", "[::1]:0, unix:///a", "vsock://:7", "systemd://web", "localhost:1", "a://b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseList(text)
		if err != nil {
			return
		}
		var texts []string
		for _, a := range all {
			texts = append(texts, a.String())
		}
		again, err := ParseList(strings.Join(texts, ","))
		if err != nil || fmt.Sprint(again) != fmt.Sprint(all) {
			t.Errorf("%q: %v, then %v, %v", text, all, again, err)
		}
	})
}
