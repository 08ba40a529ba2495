package config

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/address"
)

func properties(pairs ...string) func(string) string {
	values := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i]] = pairs[i+1]
	}
	return func(key string) string { return values[key] }
}

func TestParseKeysDefaults(t *testing.T) {
	got, err := ParseKeys(properties())
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Addresses: []address.Address{{Port: 8989}}, MetricsPath: "/metrics", MaxRequests: 40, SeriesLimit: 100_000, SeriesMemory: 512 << 20,
		FlushTimeout: time.Second, StateInterval: 30 * time.Second, LogValues: true, DedupeWindow: 10 * time.Minute, MetricsEvents: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestParseKeys(t *testing.T) {
	got, err := ParseKeys(properties(
		"listen_address", "[::1]:0", "metrics_path", "/fluent-bit/metrics_2", "namespace", "edge_1", "series_limit", "10",
		"series_memory_limit", "2G", "flush_timeout", "250ms", "rules_file", "rules.yaml", "reload", "On",
		"state_file", "s.state", "state_interval", "1m", "state_gauges", "yes", "dedupe_window", "0", "metrics_events", "off"))
	if err != nil {
		t.Fatal(err)
	}
	want := &Config{
		Addresses: []address.Address{{Host: "::1"}}, MetricsPath: "/fluent-bit/metrics_2", MaxRequests: 40, Namespace: "edge_1", SeriesLimit: 10,
		SeriesMemory: 2_000_000_000, FlushTimeout: 250 * time.Millisecond, RulesFile: "rules.yaml", Reload: true,
		StateFile: "s.state", StateInterval: time.Minute, StateGauges: true, LogValues: true,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestExamples holds that every example and every default is right.
func TestExamples(t *testing.T) {
	for _, k := range Keys() {
		if k.Name == "" || k.Description == "" || k.Example == "" {
			t.Errorf("%+v lacks something", k)
		}
		if _, err := ParseKeys(properties(k.Name, k.Example)); err != nil {
			t.Error(err)
		}
	}
}

func TestParseKeysRefuses(t *testing.T) {
	for _, test := range []struct{ key, value, want string }{
		{"listen_address", ":99999", `":99999": the port 99999 is not from 0 to 65535`},
		{"listen_address", ":-1", `":-1": the port "-1" is not a number`},
		{"listen_address", ":http", `":http": the port "http" is not a number`},
		{"listen_address", ":080", `":080": the port 080 is not from 0 to 65535`},
		{"listen_address", ":", `":": the port after the colon is missing`},
		{"listen_address", "8989", `"8989": the colon is missing: write :8989`},
		{"listen_address", "localhost", `"localhost": the port is missing: write localhost:8989`},
		{"listen_address", "::1", `"::1": the port is missing: write [::1]:8989`},
		{"listen_address", "[::1]", `"[::1]": the port is missing: write [::1]:8989`},
		{"listen_address", "fe80::1::2:8989", `"fe80::1::2:8989": an IPv6 address needs brackets: write [::1]:8989`},
		{"listen_address", ":8989;:8990", `":8989;:8990": not one address: write a comma between two`},
		{"listen_address", ":8989 :8990", `":8989 :8990": not one address: write a comma between two`},
		{"listen_address", "unix:/run/a.sock", `"unix:/run/a.sock": two slashes are missing: write unix:///run/a.sock`},
		{"listen_address", "http://localhost:8989/metrics", `"http://localhost:8989/metrics": not a URL: leave out http:// and write localhost:8989`},
		{"listen_address", "256.1.1.1:80", `"256.1.1.1:80": the host "256.1.1.1" is not an IP address`},
		{"listen_address", "[::g]:80", `"[::g]:80": the host "::g" is not an IP address`},
		{"listen_address", "*:80", `"*:80": without a host all interfaces are meant: leave out the *`},
		{"listen_address", "a b:80", `"a b:80": the host "a b" is neither a name nor an IP address`},
		{"listen_address", " :80", `" :80": the host " " is neither a name nor an IP address`},
		{"listen_address", "-a:80", `"-a:80": the host "-a" is neither a name nor an IP address`},
		{"metrics_path", "metrics", `"metrics": does not start with a slash; write a path such as /metrics`},
		{"metrics_path", "/-/metrics", `"/-/metrics": paths below /-/ are reserved for health and readiness; choose another path`},
		{"metrics_path", "/-", `"/-": paths below /-/ are reserved for health and readiness; choose another path`},
		{"metrics_path", "/metrics?a=b", `"/metrics?a=b": contains a query; remove ? and everything after it`},
		{"metrics_path", "/metrics#a", `"/metrics#a": contains a fragment; remove # and everything after it`},
		{"metrics_path", "/my metrics", `"/my metrics": the character ' ' is not allowed; use letters, digits and any of -._~/`},
		{"metrics_path", "/m%20", `"/m%20": the character '%' is not allowed; use letters, digits and any of -._~/`},
		{"metrics_path", "//metrics", `"//metrics": has an empty, . or .. segment, which clients remove; write the path without it`},
		{"metrics_path", "/a/../b", `"/a/../b": has an empty, . or .. segment, which clients remove; write the path without it`},
		{"metrics_path", "/" + strings.Repeat("x", 256), "longer than 256 bytes; choose a shorter path"},
		{"namespace", "5x", `"5x": not letters, digits and _ with a letter or _ first`},
		{"namespace", "a-b", `"a-b": not letters, digits and _ with a letter or _ first`},
		{"namespace", "a:b", `"a:b": not letters, digits and _ with a letter or _ first`},
		{"namespace", "promexporter", `"promexporter": names that start with promexporter_ are reserved for the metrics of the plugin`},
		{"namespace", "go_x", `"go_x": names that start with go_ are reserved for the metrics of the plugin`},
		{"series_limit", "many", `"many": not a whole number`},
		{"series_limit", "1e5", `"1e5": not a whole number`},
		{"series_limit", "0", `"0": not from 1 to 10000000`},
		{"series_limit", "99999999999999999999", "not a whole number"},
		{"series_memory_limit", "1048575", `"1048575": not from 1MiB to 1024GiB`},
		{"series_memory_limit", "1025GiB", `"1025GiB": not from 1MiB to 1024GiB`},
		{"series_memory_limit", "9223372036854775807G", `not from 1MiB to 1024GiB`},
		{"series_memory_limit", "99999999999999999999", "not a whole number of bytes"},
		{"series_memory_limit", "-1", `"-1": not a whole number of bytes`},
		{"series_memory_limit", "1.5G", `"1.5G": its unit ".5G" is not one of K, M, G, KiB, MiB and GiB`},
		{"series_memory_limit", "MiB", `"MiB": not a whole number of bytes`},
		{"series_memory_limit", "50%", `"50%": its unit "%" is not one of K, M, G, KiB, MiB and GiB`},
		{"series_memory_limit", "512 MiB M", `"512 MiB M": its unit " MiB M" is not one of K, M, G, KiB, MiB and GiB`},
		{"flush_timeout", "0", `"0": not from 1ms to 5s`},
		{"flush_timeout", "1m", `"1m": not from 1ms to 5s`},
		{"flush_timeout", "-1s", `"-1s": not a duration: it is negative`},
		{"flush_timeout", "soon", `"soon": not a duration: a number is missing before "soon"`},
		{"reload", "maybe", `"maybe": neither on nor off`},
		{"rules_file", "/etc/rules/", `"/etc/rules/": a directory`},
		{"state_file", "/var/lib/", `"/var/lib/": a directory`},
		{"state_interval", "0.9s", `"0.9s": not from 1s to 24h0m0s`},
		{"state_interval", "25h", `"25h": not from 1s to 24h0m0s`},
		{"state_interval", "often", `"often": not a duration: a number is missing before "often"`},
		{"dedupe_window", "25h", `"25h": not from 0s to 24h0m0s`},
		{"dedupe_window", "off", `"off": not a duration: a number is missing before "off"`},
		{"state_gauges", "all", `"all": neither on nor off`},
		{"log_values", "some", `"some": neither on nor off`},
	} {
		t.Run(test.key+"="+test.value, func(t *testing.T) {
			c, err := ParseKeys(properties(test.key, test.value))
			var mistakes Mistakes
			if c != nil || !errors.As(err, &mistakes) || len(mistakes) != 1 {
				t.Fatalf("got %+v, %v", c, err)
			}
			got := mistakes[0].Error()
			if !strings.HasPrefix(got, test.key+": ") || !strings.Contains(got, test.want+"; write for example "+test.key+"=") {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestQuotedValues has values as Fluent Bit passes them on from a classic configuration.
func TestQuotedValues(t *testing.T) {
	if _, err := ParseKeys(properties("rules_file", `"a.yaml"`)); err == nil ||
		err.Error() != `rules_file: "\"a.yaml\"": the quotes are part of the value; write rules_file without quotes` {
		t.Errorf("a file: %v", err)
	}
	for value, want := range map[string]string{
		`"10"`: `series_limit: "\"10\"": the quotes are part of the value; write series_limit without quotes`,
		`'10'`: `series_limit: "'10'": the quotes are part of the value; write series_limit without quotes`,
		`"`:    `series_limit: "\"": not a whole number; write for example series_limit=50000`,
	} {
		if _, err := ParseKeys(properties("series_limit", value)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", value, err, want)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{
		"0": 0, "536870912": 512 << 20, "100b": 100,
		"1k": 1000, "1K": 1000, "1KB": 1000, "1KiB": 1024, "1Ki": 1024,
		"512M": 512e6, "512mb": 512e6, "512MiB": 512 << 20, "512mib": 512 << 20, "512 MiB": 512 << 20,
		"1G": 1e9, "1GB": 1e9, "1GiB": 1 << 30, "3Gi": 3 << 30,
	} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("%s is %d, %v, want %d", text, got, err, want)
		}
	}
}

func TestNamespaceThatOnlyLooksReserved(t *testing.T) {
	for _, namespace := range []string{"google", "promexporters", "_", "A1"} {
		if _, err := ParseKeys(properties("namespace", namespace)); err != nil {
			t.Error(err)
		}
	}
}

func TestParseKeysReportsAllAtOnce(t *testing.T) {
	_, err := ParseKeys(properties("listen_address", ":x", "series_limit", "x", "flush_timeout", "x"))
	var mistakes Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) != 3 {
		t.Fatal(err)
	}
}

// hostKeys are the keys that Fluent Bit handles itself, of outputs and inputs: they never reach a plugin. A *
// represents any suffix.
var hostKeys = []string{
	"alias", "condition", "event_type", "host", "ipv6", "listen", "log_level", "log_suppress_interval", "match", "match_regex",
	"mem_buf_limit", "name", "net.*", "oauth2*", "port", "processors", "rate_gate*", "rate_window", "retry_limit",
	"routable", "routes", "storage.*", "tag", "telemetry", "thread.*", "threaded", "tls", "tls.*", "workers", "_debug.*",
}

func TestKeysAreNotFluentBits(t *testing.T) {
	for _, k := range Keys() {
		if k.Name != strings.ToLower(k.Name) {
			t.Errorf("%s: Fluent Bit turns keys into lower case", k.Name)
		}
		for _, host := range hostKeys {
			prefix, any := strings.CutSuffix(host, "*")
			if k.Name == host || any && strings.HasPrefix(k.Name, prefix) {
				t.Errorf("%s is a key of Fluent Bit (%s)", k.Name, host)
			}
		}
	}
}
