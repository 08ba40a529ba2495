package deploy

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
)

// patience bounds every wait, on a machine with much else to do.
const patience = time.Minute

// containerRecord is what the filter kubernetes makes of a line of a container.
const containerRecord = `{"log":"an error","stream":"stderr","kubernetes":{"namespace_name":"shop","pod_name":"cart-1",` +
	`"container_name":"cart","docker_id":"0","pod_id":"1"}}`

// tail is the input of the chart and of the operator.
const tail = "[INPUT]\n    Name tail\n    Tag kube.*\n"

// TestConfigurationsRun runs each configuration of this folder in the development host, with the plugins and the rules
// of the sources. Inputs and filters that the host does not have become an input that sends one record again and again.
func TestConfigurationsRun(t *testing.T) {
	kubernetes := objects(t, "kubernetes")
	rules := configMap(t, kubernetes, "promexporter-rules")["rules.yaml"]
	for name, test := range map[string]struct {
		config string
		rules  string
		want   []string
	}{
		"kubernetes": {configMap(t, kubernetes, "promexporter-config")["fluent-bit.conf"], rules,
			[]string{"kubernetes_log_errors_total{"}},
		"helm":     {tail + readValues(t).Config.Outputs, rules, []string{"kubernetes_log_errors_total{"}},
		"operator": {tail + "[OUTPUT]\n" + indent(customOutput(t)), rules, []string{"kubernetes_log_errors_total{"}},
		"compose": {read(t, "compose/fluent-bit.conf"), read(t, "compose/rules.yaml"),
			[]string{"http_requests_total{", "http_request_duration_seconds_count", "processes_alive{"}},
		"docker": {read(t, "docker/fluent-bit.conf"), "", []string{"cpu_usage_ratio{"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(test.rules), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "fluent-bit.conf"), []byte(runnable(t, test.config, dir)), 0o600); err != nil {
				t.Fatal(err)
			}
			serves(t, dir, test.want)
		})
	}
}

// section is one of a classic configuration, with its lines.
var section = regexp.MustCompile(`(?m)^\[(\w+)\]\n((?:[^\[\n].*\n|\n)*)`)

// runnable returns a configuration that the development host can run.
func runnable(t *testing.T, config, dir string) string {
	t.Helper()
	var b strings.Builder
	for _, m := range section.FindAllStringSubmatch(config+"\n", -1) {
		kind, body := m[1], m[2]
		switch {
		case kind == "SERVICE":
			body = "    Flush 0.2\n"
		case kind == "FILTER":
			continue
		case kind == "INPUT" && strings.Contains(body, "tail"):
			body = "    Name dummy\n    Tag kube.cart\n    Rate 10\n    Dummy " + containerRecord + "\n"
		case kind == "OUTPUT":
			body = strings.Replace(body, ":8989", "127.0.0.1:0", 1)
			body = strings.Replace(body, "/var/lib/promexporter/", dir+"/", 1)
			for _, path := range values(body, "Rules_File") {
				body = strings.Replace(body, path, rulesOf(t, path, dir), 1)
			}
		}
		fmt.Fprintf(&b, "[%s]\n%s\n", kind, body)
	}
	return b.String()
}

// rulesOf returns where the sources have what a container has at a path.
func rulesOf(t *testing.T, path, dir string) string {
	t.Helper()
	if ready, ok := strings.CutPrefix(path, "/fluent-bit/etc/promexporter/"); ok {
		absolute, err := filepath.Abs(filepath.Join("..", "rules", ready))
		if err != nil {
			t.Fatal(err)
		}
		return absolute
	}
	return filepath.Join(dir, filepath.Base(path))
}

// programs is the folder that build fills.
var programs string

// build builds the plugins and the development host.
var build = sync.OnceValue(func() error {
	for _, args := range [][]string{
		{"make", "-s", "-C", "..", "build", "DIR=" + programs, "VERSION=deploy"},
		{"go", "build", "-C", "..", "-o", filepath.Join(programs, "flbhost"), "./test/flbhost"},
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%q: %w\n%s", args, err, out)
		}
	}
	return nil
})

func TestMain(m *testing.M) {
	var err error
	if programs, err = os.MkdirTemp("", "promexporter-deploy-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(programs)
	os.Exit(code)
}

var serving = regexp.MustCompile(`serving metrics on (http://\S+)`)

// serves runs the configuration in a folder, and waits until its pages have all texts.
func serves(t *testing.T, dir string, texts []string) {
	t.Helper()
	if err := build(); err != nil {
		t.Fatal(err)
	}
	var log logtest.Buffer
	cmd := exec.Command(filepath.Join(programs, "flbhost"), "-e", filepath.Join(programs, "out_prom_exporter.so"),
		"-e", filepath.Join(programs, "in_go_procfs.so"), "-c", filepath.Join(dir, "fluent-bit.conf"))
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.Now().Add(patience); !has(&log, texts); time.Sleep(20 * time.Millisecond) {
		if len(ended) > 0 || time.Now().After(deadline) {
			t.Errorf("no page with %q", texts)
			break
		}
	}
	_ = cmd.Process.Signal(syscall.SIGTERM) // fails if it has ended
	if err := <-ended; err != nil || t.Failed() {
		t.Errorf("%v\n%s", err, log.String())
	}
}

// has reports whether the pages that the log names have all texts.
func has(log *logtest.Buffer, texts []string) bool {
	var pages strings.Builder
	for _, m := range serving.FindAllStringSubmatch(log.String(), -1) {
		response, err := http.Get(m[1])
		if err != nil {
			return false
		}
		_, err = io.Copy(&pages, response.Body)
		response.Body.Close()
		if err != nil {
			return false
		}
	}
	for _, text := range texts {
		if !strings.Contains(pages.String(), text) {
			return false
		}
	}
	return true
}
