package e2e

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/parsertest"
)

// The tests of this file need a real Fluent Bit, which FLUENT_BIT names: they are about its parsers.

const examples = "../rule/testdata/examples"

func needsFluentBit(t *testing.T) {
	t.Helper()
	if _, real := program(); !real {
		t.Skip("only a real Fluent Bit has parsers")
	}
}

// TestReadyRules runs the configuration at the head of each ready rules file on the lines of the unit tests, and
// expects the same page.
func TestReadyRules(t *testing.T) {
	needsFluentBit(t)
	logs, err := filepath.Glob(filepath.Join(examples, "*.log"))
	if err != nil || len(logs) == 0 {
		t.Fatal("no logs", err)
	}
	for _, log := range logs {
		name := strings.TrimSuffix(filepath.Base(log), ".log")
		if name == "syslog" {
			continue // TestReadyRulesOfSyslog
		}
		t.Run(name, func(t *testing.T) {
			a := startReady(t, name, func(input *parsertest.Section) {
				input.Set("Name", "tail") // also for docker_events, which needs Docker's socket
				input.Set("Path", absolute(t, log))
				input.Set("Read_from_Head", "on")
			})
			a.becomesExample(name)
		})
	}
}

// TestReadyRulesOfSyslog sends the lines to the input syslog, over TCP because a datagram may be lost.
func TestReadyRulesOfSyslog(t *testing.T) {
	needsFluentBit(t)
	address := freePort(t)
	a := startReady(t, "syslog", func(input *parsertest.Section) {
		input.Set("Mode", "tcp")
		listenOn(input, address)
	})
	a.url(0)
	lines, err := os.ReadFile(filepath.Join(examples, "syslog.log"))
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the lines were not accepted", func() bool {
		c, err := net.Dial("tcp", address)
		if err != nil {
			return false
		}
		defer c.Close()
		_, err = c.Write(lines)
		return err == nil
	})
	a.becomesExample("syslog")
}

// TestReadyRulesOfOpenTelemetry sends a request by OTLP. Older versions leave out some fields of log records.
func TestReadyRulesOfOpenTelemetry(t *testing.T) {
	needsFluentBit(t)
	if !atLeast(t, 5, 1) {
		t.Skip("the page is that of Fluent Bit 5.1")
	}
	address := freePort(t)
	a := startReady(t, "opentelemetry", func(input *parsertest.Section) { listenOn(input, address) })
	a.url(0)
	request, err := os.ReadFile(filepath.Join(examples, "opentelemetry.request.json"))
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the request was not accepted", func() bool {
		r, err := http.Post("http://"+address+"/v1/logs", "application/json", bytes.NewReader(request))
		if err != nil {
			return false
		}
		_ = r.Body.Close()
		return r.StatusCode == http.StatusCreated
	})
	a.becomesExample("opentelemetry")
}

func listenOn(input *parsertest.Section, address string) {
	host, port, _ := strings.Cut(address, ":")
	input.Set("Listen", host)
	input.Set("Port", port)
}

// startReady starts Fluent Bit with the configuration at the head of a rules file. change adapts its input to the test.
func startReady(t *testing.T, name string, change func(input *parsertest.Section)) *agent {
	t.Helper()
	rules := absolute(t, filepath.Join("../rules", name+".yaml"))
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	head := parsertest.Head(string(text))
	service, output := head.First("SERVICE"), head.First("OUTPUT")
	service.Set("Flush", "0.2")
	output.Set("Rules_File", rules)
	output.Set("Listen_Address", "127.0.0.1:0")
	change(head.First("INPUT"))

	dir := t.TempDir()
	main, parsers := head.Texts()
	writeRules(t, filepath.Join(dir, "fluent-bit.conf"), main)
	writeRules(t, filepath.Join(dir, service.Get("Plugins_File")), "[PLUGINS]\n    Path "+plugin+"\n")
	if file := service.Get("Parsers_File"); file != "" {
		writeRules(t, filepath.Join(dir, file), parsers)
	}
	return start(t, dir, "-c", "fluent-bit.conf")
}

// becomesExample waits for the page of an example. The plugin's own metrics do not count.
func (a *agent) becomesExample(name string) {
	a.t.Helper()
	want, err := os.ReadFile(filepath.Join(examples, name+".txt"))
	if err != nil {
		a.t.Fatal(err)
	}
	url := a.url(0)
	var got string
	if !becomes(func() bool { got = ownMetrics.ReplaceAllString(scrape(a.t, url), ""); return got == string(want) }) {
		a.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

var ownMetrics = regexp.MustCompile(`(?m)^(# (HELP|TYPE) )?(promexporter|go)_.*\n`)

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}
