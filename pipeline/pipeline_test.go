package pipeline

import (
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/flb"
)

const aGauge = "# HELP a The value of the record field of this name.\n# TYPE a gauge\n"

func TestOpenFlushScrapeClose(t *testing.T) {
	p, log := openOne(t, nil)
	if got := records(page(t, p)); got != "" {
		t.Errorf("before the first flush: %s", got)
	}
	flush(t, p, "app", `{"a": 1}`, flb.OK)
	flush(t, p, "app", `{"a": 2}`, flb.OK)
	if got, want := records(page(t, p)), aGauge+"a{tag=\"app\"} 2\n"; got != want {
		t.Errorf("page:\n%s\nwant:\n%s", got, want)
	}
	expect(t, p, `
		promexporter_chunks_received_total{output="promexporter.0"} 2
		promexporter_records_received_total{output="promexporter.0"} 2
		promexporter_samples_applied_total{output="promexporter.0"} 2
		promexporter_series{output="promexporter.0"} 1
		promexporter_families{output="promexporter.0"} 1
		promexporter_series_limit{output="promexporter.0"} 100000
		promexporter_series_limit_bytes{output="promexporter.0"} 5.36870912e+08
		promexporter_flush_duration_seconds_count{output="promexporter.0"} 2`)
	if line := linesOf(page(t, p), "promexporter_build_info"); !strings.Contains(line, `version="1.2.3"} 1`) {
		t.Errorf("build info %q", line)
	}
	start := time.Now()
	p.Close()
	p.Close()
	// Close promises one second. A connection that is not closed would take five seconds, or a minute.
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("Close took %s", took)
	}
	if listening(p.endpoint.Addrs()[0]) {
		t.Errorf("%s is still open after Close", p.endpoint.Addrs()[0])
	}
	if lines := log.lines("level=WARN"); len(lines) > 0 {
		t.Errorf("log: %q", lines)
	}
}

func TestTwoOnOnePage(t *testing.T) {
	of := newProcess(t)
	a := of.open("promexporter.0", nil)
	b := of.open("promexporter.1", map[string]string{"listen_address": a.endpoint.Addrs()[0].String()})
	flush(t, a, "first", `{"a": 1}`, flb.OK)
	flush(t, b, "second", `{"a": 2, "b": 3}`, flb.OK)
	for _, p := range []*Pipeline{a, b} {
		expect(t, p, `
			a{tag="first"} 1
			a{tag="second"} 2
			b{tag="second"} 3
			promexporter_samples_applied_total{output="promexporter.0"} 1
			promexporter_samples_applied_total{output="promexporter.1"} 2`)
	}
	lint(t, page(t, a))
	a.Close()
	if got, want := records(page(t, b)), aGauge+"a{tag=\"second\"} 2\n"+strings.NewReplacer(
		" a ", " b ").Replace(aGauge)+"b{tag=\"second\"} 3\n"; got != want {
		t.Errorf("page of the one that stays:\n%s\nwant:\n%s", got, want)
	}
	flush(t, b, "second", `{"a": 4}`, flb.OK)
	expect(t, b, `a{tag="second"} 4`)
	b.Close()
	if listening(b.endpoint.Addrs()[0]) {
		t.Error("the port is still open after the last Close")
	}
}

func TestTwoPathsOfOneAddress(t *testing.T) {
	of := newProcess(t)
	a := of.open("promexporter.0", map[string]string{"metrics_path": "/a"})
	b := of.open("promexporter.1", map[string]string{"listen_address": a.endpoint.Addrs()[0].String(), "metrics_path": "/b"})
	flush(t, a, "first", `{"a": 1}`, flb.OK)
	flush(t, b, "second", `{"a": 2}`, flb.OK)
	if got, want := records(page(t, a)), aGauge+"a{tag=\"first\"} 1\n"; got != want {
		t.Errorf("/a:\n%s\nwant:\n%s", got, want)
	}
	if got, want := records(page(t, b)), aGauge+"a{tag=\"second\"} 2\n"; got != want {
		t.Errorf("/b:\n%s\nwant:\n%s", got, want)
	}
	b.Close()
	if code, _ := get(t, a, "/b"); code != http.StatusNotFound {
		t.Errorf("/b after its Close: %d", code)
	}
	expect(t, a, `a{tag="first"} 1`)
}

// freeAddress returns an address whose port was free a moment ago.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestMistakesOfKeys(t *testing.T) {
	of := newProcess(t)
	_, err := Open(of.options("promexporter.0", map[string]string{
		"listen_address": ":99999", "metrics_path": "metrics", "namespace": "9", "series_limit": "many", "flush_timeout": "1h",
	}))
	var mistakes config.Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatalf("error %v", err)
	}
	for i, key := range []string{"listen_address", "metrics_path", "namespace", "series_limit", "flush_timeout"} {
		if i >= len(mistakes) || mistakes[i].Path != key {
			t.Errorf("mistake %d is not about %s:\n%v", i, key, err)
		}
	}
	if want := `listen_address: ":99999": the port 99999 is not from 0 to 65535; write for example listen_address=127.0.0.1:8989`; mistakes[0].Error() != want {
		t.Errorf("got  %s\nwant %s", &mistakes[0], want)
	}
}

// TestMistakesOfKeysAndRules checks that mistakes in the keys do not hide those in the rules file.
func TestMistakesOfKeysAndRules(t *testing.T) {
	for name, test := range map[string]struct {
		file string
		want []string // the starts of the lines after those of the keys
	}{
		"mistakes":     {writeRules(t, broken), []string{"rules.yaml:2:44: ", "rules.yaml:3:3: "}},
		"no such file": {filepath.Join(t.TempDir(), "none.yaml"), []string{"rules_file: "}},
		"good rules":   {writeRules(t, oneRule), nil},
		"no rules":     {"", nil},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Open(newProcess(t).options("promexporter.0", map[string]string{
				"rules_file": test.file, "series_limit": "0", "username": "u", "web_config_file": "/no/such/file",
			}))
			if err == nil {
				t.Fatal("opened")
			}
			lines := strings.Split(err.Error(), "\n")
			all := append([]string{"series_limit: ", "web_config_file: there is a username"}, test.want...)
			if len(lines) != len(all) {
				t.Fatalf("%d lines, want %d:\n%v", len(lines), len(all), err)
			}
			for i, want := range all {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("no %q in front of %q", want, lines[i])
				}
			}
		})
	}
}

// TestBadAlias checks that a name that is not a valid label value is an error.
func TestBadAlias(t *testing.T) {
	_, err := Open(newProcess(t).options("\xffedge", nil))
	if err == nil || err.Error() != `alias "\xffedge": not UTF-8; it becomes a label value, so choose an alias in UTF-8` {
		t.Errorf("error %v", err)
	}
}

// TestPanicInOpen checks that a panic at the start is returned as an error with its stack.
func TestPanicInOpen(t *testing.T) {
	o := newProcess(t).options("promexporter.0", nil)
	o.Property = func(string) string { panic("a bug") }
	_, err := Open(o)
	if err == nil || !strings.HasPrefix(err.Error(), "panic in Open; please report this bug: a bug\n") ||
		!strings.Contains(err.Error(), "TestPanicInOpen") {
		t.Errorf("error %v", err)
	}
}

// TestFailedOpen checks that a pipeline that could not open leaves nothing behind, neither a port nor the name of its
// instance.
func TestFailedOpen(t *testing.T) {
	of := newProcess(t)
	foreign, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := foreign.Addr().String()
	_, err = Open(of.options("promexporter.0", map[string]string{"listen_address": taken}))
	if err == nil || !strings.Contains(err.Error(), taken) || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("error %v", err)
	}
	foreign.Close()
	address := freeAddress(t)
	_, err = Open(of.options("promexporter.0", map[string]string{"listen_address": address, "series_limit": "0"}))
	if err == nil {
		t.Error("no error")
	}
	if c, err := net.Dial("tcp", address); err == nil {
		c.Close()
		t.Errorf("%s is open after a failed Open", address)
	}
	if lines := of.log.lines(""); len(lines) > 0 {
		t.Errorf("log: %q", lines)
	}
	of.open("promexporter.0", map[string]string{"listen_address": taken})
}

func TestReady(t *testing.T) {
	p, _ := openOne(t, nil)
	if code, body := get(t, p, "/-/ready"); code != http.StatusServiceUnavailable || !strings.Contains(body, "promexporter.0") {
		t.Errorf("before the first flush: %d %s", code, body)
	}
	if code, body := get(t, p, "/-/healthy"); code != http.StatusOK {
		t.Errorf("health: %d %s", code, body)
	}
	flush(t, p, "app", `{"a": 1}`, flb.OK)
	if code, body := get(t, p, "/-/ready"); code != http.StatusOK {
		t.Errorf("after the first flush: %d %s", code, body)
	}
}

func TestNamespace(t *testing.T) {
	p, _ := openOne(t, map[string]string{"namespace": "edge"})
	flush(t, p, "app", `{"Mem.total": 1, "0day": 2}`, flb.OK)
	expect(t, p, `
		edge_mem_total_value{tag="app"} 1
		edge_0day{tag="app"} 2`)
}

func TestStartLine(t *testing.T) {
	p, log := openOne(t, nil)
	want := `level=INFO msg="serving metrics on http://` + p.endpoint.Addrs()[0].String() + `/metrics" address=` +
		p.endpoint.Addrs()[0].String() + ` version=1.2.3 rules=default`
	if lines := log.lines(""); len(lines) != 1 || lines[0] != want {
		t.Errorf("log %q, want %q", lines, want)
	}
}

func TestPageURL(t *testing.T) {
	for _, test := range []struct{ ip, want string }{
		{"", "http://localhost:8989/metrics"},
		{"0.0.0.0", "http://localhost:8989/metrics"},
		{"::", "http://localhost:8989/metrics"},
		{"127.0.0.1", "http://127.0.0.1:8989/metrics"},
		{"::1", "http://[::1]:8989/metrics"},
		{"192.0.2.7", "http://192.0.2.7:8989/metrics"},
	} {
		if got := pageURL("http", &net.TCPAddr{IP: net.ParseIP(test.ip), Port: 8989}, "/metrics"); got != test.want {
			t.Errorf("%q: %s, want %s", test.ip, got, test.want)
		}
	}
}

// TestSectionsCountTogether has records of one series in two sections of a page.
func TestSectionsCountTogether(t *testing.T) {
	of := newProcess(t)
	name := writeRules(t, "metrics:\n- {name: http_requests_total, type: counter, help: Requests., labels: {status: $status}}\n")
	a := of.open("promexporter.0", map[string]string{"rules_file": name})
	b := of.open("promexporter.1", map[string]string{"rules_file": name, "listen_address": a.endpoint.Addrs()[0].String()})
	const record = "{\"status\":200}\n"
	flush(t, a, "nginx.a", strings.Repeat(record, 3), flb.OK)
	flush(t, b, "nginx.b", strings.Repeat(record, 2), flb.OK)
	expect(t, a, `http_requests_total{status="200"} 5`)
}

// TestSectionsOfOnePageAddUp has two sections with the same rules, each of which gets a part of the records.
func TestSectionsOfOnePageAddUp(t *testing.T) {
	const rules = `metrics:
- {name: seen_total, type: counter, help: Seen., labels: {l: $l}}
- {name: took_seconds, type: histogram, help: Took., value: $n, buckets: [1, 2], native: {factor: 2}}
- {name: size, type: summary, help: Size., value: $n}
- {name: last, type: gauge, help: Last., value: $n}
`
	of, name := newProcess(t), writeRules(t, rules)
	a := of.open("promexporter.0", map[string]string{"rules_file": name})
	b := of.open("promexporter.1", map[string]string{"rules_file": name, "listen_address": a.endpoint.Addrs()[0].String()})
	flush(t, b, "t", `{"l":"x","n":0.5}`, flb.OK)
	flush(t, a, "t", "{\"l\":\"x\",\"n\":1.5}\n{\"l\":\"y\",\"n\":3}", flb.OK)
	flush(t, b, "t", "{\"l\":\"x\",\"n\":0.5}\n{\"l\":\"x\",\"n\":0.25}", flb.OK)
	expect(t, a, `
		seen_total{l="x"} 4
		seen_total{l="y"} 1
		took_seconds_bucket{le="1"} 3
		took_seconds_bucket{le="2"} 4
		took_seconds_bucket{le="+Inf"} 5
		took_seconds_sum 5.75
		took_seconds_count 5
		size_sum 5.75
		size_count 5
		last 0.25`)
	flush(t, a, "t", `{"l":"x","n":1}`, flb.OK)
	expect(t, b, `
		seen_total{l="x"} 5
		last 1`)
}
