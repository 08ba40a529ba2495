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
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/internal/logtest"
	"github.com/promexporter/promexporter/test/flbhost/host"
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

// TestPrometheus has a real Prometheus scrape the plugin, and asks it for the samples.
func TestPrometheus(t *testing.T) {
	program := required(t, "prometheus")
	r := startHost(t, host.V51, somewhere)
	r.flush(0, "app", chunktest.Events(`{"temperature":21.5,"cpu_p":1.0,"user_p":2.0,"system_p":3.0}`), host.StatusOK)
	target, err := url.Parse(r.url(0))
	if err != nil {
		t.Fatal(err)
	}
	api := startPrometheus(t, program, fmt.Sprintf("  static_configs: [{targets: ['%s']}]\n", target.Host))
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

// startPrometheus runs a Prometheus with one job, whose targets and clients job describes, and returns its address. It
// has native histograms, exemplars and, where there are such, samples at created timestamps. flags are more flags.
func startPrometheus(t *testing.T, program, job string, flags ...string) (api string) {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	features := []string{"exemplar-storage"}
	if featureOf(t, program, nativeFeature) {
		features = append(features, nativeFeature)
	} else { // since 3.8
		job += "  scrape_native_histograms: true\n"
	}
	if featureOf(t, program, createdFeature) {
		features = append(features, createdFeature)
	}
	text := "scrape_configs:\n- job_name: promexporter\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n" + job
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	address, log := freePort(t), &logtest.Buffer{}
	cmd := exec.Command(program, append(flags, "--config.file", config, "--storage.tsdb.path", filepath.Join(dir, "data"),
		"--web.listen-address", address, "--enable-feature", strings.Join(features, ","))...)
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

// Features that Prometheus has from some version on, or up to some version.
const (
	nativeFeature  = "native-histograms"
	createdFeature = "created-timestamp-zero-ingestion"
)

func featureOf(t *testing.T, program, name string) bool {
	t.Helper()
	out, err := exec.Command(program, "--help").CombinedOutput()
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(out), name)
}

// ask returns the value of a query with one result, or "".
func ask(t *testing.T, api, query string) string {
	t.Helper()
	var answer struct {
		Data struct{ Result []struct{ Value [2]any } }
	}
	if !question(t, api+"/api/v1/query", url.Values{"query": {query}}, &answer) || len(answer.Data.Result) != 1 {
		return ""
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1])
}

// samples returns the samples of one series as time and value, the oldest first.
func samples(t *testing.T, api, series string) [][2]string {
	t.Helper()
	var answer struct {
		Data struct{ Result []struct{ Values [][2]any } }
	}
	if !question(t, api+"/api/v1/query", url.Values{"query": {series + "[1h]"}}, &answer) || len(answer.Data.Result) != 1 {
		return nil
	}
	var all [][2]string
	for _, v := range answer.Data.Result[0].Values {
		all = append(all, [2]string{fmt.Sprintf("%.3f", v[0]), fmt.Sprint(v[1])})
	}
	return all
}

// An exemplar as Prometheus keeps it.
type exemplar struct {
	Labels    map[string]string
	Value     string
	Timestamp float64
}

// exemplars returns those of series of the last hour.
func exemplars(t *testing.T, api, series string) (all []exemplar) {
	t.Helper()
	now := time.Now().Unix()
	var answer struct {
		Data []struct{ Exemplars []exemplar }
	}
	question(t, api+"/api/v1/query_exemplars", url.Values{"query": {series}, "start": {fmt.Sprint(now - 3600)},
		"end": {fmt.Sprint(now + 60)}}, &answer)
	for _, of := range answer.Data {
		all = append(all, of.Exemplars...)
	}
	return all
}

func question(t *testing.T, address string, query url.Values, answer any) bool {
	t.Helper()
	code, body, _ := get(t, address+"?"+query.Encode())
	if code != 200 { // not ready yet
		return false
	}
	if err := json.Unmarshal([]byte(body), answer); err != nil {
		t.Fatal(err)
	}
	return true
}
