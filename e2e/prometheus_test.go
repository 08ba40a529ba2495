package e2e

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/cmd/flbhost/host"
	"github.com/promexporter/promexporter/internal/chunktest"
)

// hang opens a connection to address and sends the beginning of a request.
func hang(t *testing.T, address string) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := fmt.Fprint(c, "GET /metrics HTTP/1.1\r\nHost: x\r\n"); err != nil {
		t.Fatal(err)
	}
}

// TestPrometheus has a real Prometheus scrape the plugin, and asks it for the
// samples.
func TestPrometheus(t *testing.T) {
	program := required(t, "prometheus")
	r := startHost(t, host.V51, somewhere)
	r.flush(0, "app", chunktest.Events(`{"temperature":21.5,"cpu_p":1.0,"user_p":2.0,"system_p":3.0}`), host.StatusOK)
	target, err := url.Parse(r.url(0))
	if err != nil {
		t.Fatal(err)
	}
	api := startPrometheus(t, program, target.Host)
	for query, want := range map[string]string{
		`temperature{tag="app"}`:                               "21.5",
		`cpu{cpu="ALL",mode="user_p"}`:                         "2",
		`up{job="promexporter"}`:                               "1",
		`promexporter_records_received_total`:                  "1",
		`histogram_count(promexporter_flush_duration_seconds)`: "1",
	} {
		until(t, query+" is not "+want, func() bool { return ask(t, api, query) == want })
	}
	r.stop()
}

// startPrometheus runs a Prometheus that scrapes target and returns its address.
func startPrometheus(t *testing.T, program, target string) (api string) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	text := fmt.Sprintf("scrape_configs:\n- job_name: promexporter\n  scrape_interval: 200ms\n"+
		"  scrape_timeout: 200ms\n  static_configs: [{targets: ['%s']}]\n", target)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	address, log := freePort(t), &buffer{}
	cmd := exec.Command(program, "--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address, "--enable-feature", "native-histograms,exemplar-storage")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("log of Prometheus:\n%s", log)
		}
	})
	until(t, "Prometheus does not listen", func() bool {
		c, err := net.Dial("tcp", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	return "http://" + address
}

// ask returns the value of a query with one result, or "".
func ask(t *testing.T, api, query string) string {
	t.Helper()
	code, body, _ := get(t, api+"/api/v1/query?query="+url.QueryEscape(query))
	if code != 200 {
		return ""
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value [2]any
			}
		}
	}
	if err := json.NewDecoder(strings.NewReader(body)).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Data.Result) != 1 {
		return ""
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1])
}
