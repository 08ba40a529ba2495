package rule_test

import (
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/goldentest"
)

// TestFilterLogToMetrics runs the filter log_to_metrics of Fluent Bit, if FLUENT_BIT names a binary of the version of
// testdata/migration, and compares its pages with those there. With -update it writes them.
func TestFilterLogToMetrics(t *testing.T) {
	program := os.Getenv("FLUENT_BIT")
	if program == "" {
		t.Skip("FLUENT_BIT names no Fluent Bit")
	}
	if out, err := exec.Command(program, "--version").Output(); err != nil || !strings.Contains(string(out), "v5.1.1\n") {
		t.Skipf("%s is not version 5.1.1: %s, %v", program, out, err)
	}
	confs, err := filepath.Glob(filepath.Join(migrationFolder, "*.conf"))
	if err != nil || len(confs) == 0 {
		t.Fatal("no configurations", err)
	}
	for _, conf := range confs {
		at := strings.TrimSuffix(conf, ".conf")
		t.Run(filepath.Base(at), func(t *testing.T) {
			t.Parallel()
			if *goldentest.Update {
				goldentest.Compare(t, at+".txt", filterPage(t, program, conf, at+".json", unchanged()))
				return
			}
			known := seriesOf(t, parsePage(t, readText(t, at+".txt")))
			var filter map[string]float64
			filterPage(t, program, conf, at+".json", func(page string) bool {
				filter = seriesOf(t, parsePage(t, page))
				return maps.Equal(filter, known)
			})
			if !maps.Equal(filter, known) {
				t.Errorf("the filter makes\n%v\nin testdata it made\n%v", filter, known)
			}
		})
	}
}

// filterPage runs the filter over records and returns the page when it is whole, or after some time as it is.
func filterPage(t *testing.T, program, conf, records string, whole func(page string) bool) (page string) {
	t.Helper()
	address := freeAddress(t)
	startFilter(t, program, conf, records, address)
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if page = fetch("http://" + address + "/metrics"); page != "" && whole(page) {
			return page
		}
	}
	if page == "" {
		t.Fatal("the filter makes no page")
	}
	return page
}

// unchanged holds a page for whole that was the same for three seconds.
func unchanged() (whole func(page string) bool) {
	last, since := "", time.Now()
	return func(page string) bool {
		if page != last {
			last, since = page, time.Now()
		}
		return time.Since(since) > 3*time.Second
	}
}

func startFilter(t *testing.T, program, conf, records, address string) {
	t.Helper()
	records, err := filepath.Abs(records)
	if err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(address)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"parsers.conf": "[PARSER]\n    Name json\n    Format json\n",
		"main.conf": fmt.Sprintf(`[SERVICE]
    Flush 0.2
    Parsers_File parsers.conf
[INPUT]
    Name tail
    Tag app.log
    Path %s
    Read_from_Head on
    Parser json
%s[OUTPUT]
    Name prometheus_exporter
    Match metrics
    Host %s
    Port %s
`, records, readText(t, conf), host, port),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	agent := exec.Command(program, "-q", "-c", "main.conf")
	agent.Dir = dir
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = agent.Process.Kill()
		_ = agent.Wait() // it was killed
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// fetch returns the page at url, or "" if there is none yet.
func fetch(url string) string {
	response, err := http.Get(url)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return ""
	}
	return string(body)
}
