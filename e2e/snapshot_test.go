package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/test/flbhost/host"
	"github.com/promexporter/promexporter/test/flbhost/property"
)

// snapshotRules remove the series that the source of one of two tags does not send any more.
const snapshotRules = "received:\n- {match: gone, snapshot: true}\n"

// The pages with these two devices, and after the second one was removed.
var (
	bothDevices = map[string]string{
		`gone_up{device="eth0"}`: "1", `gone_up{device="ppp0"}`: "1",
		`kept_up{device="eth0"}`: "1", `kept_up{device="ppp0"}`: "1",
	}
	oneDevice = map[string]string{
		`gone_up{device="eth0"}`: "1", `gone_up{device="ppp0"}`: "",
		`kept_up{device="eth0"}`: "1", `kept_up{device="ppp0"}`: "1",
	}
)

func writeSnapshotRules(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules.yaml")
	writeFile(t, file, snapshotRules)
	return file
}

// devices is the events of an input that measures which devices there are.
func devices(family string, names ...string) []byte {
	var points []string
	for _, name := range names {
		points = append(points, fmt.Sprintf(`{"ts":%d,"value":1,"labels":[%q]}`, time.Now().UnixNano(), name))
	}
	return chunktest.JSON(nil, fmt.Sprintf(`{"meta":{"cmetrics":{},"external":{},"processing":{}},"metrics":[`+
		`{"meta":{"ver":2,"type":1,"opts":{"ns":"","ss":"","name":%q,"desc":"D."},"labels":["device"],"aggregation_type":0},"values":[%s]}]}`,
		family, strings.Join(points, ",")))
}

// TestSnapshotInHost removes a device between two events, and adds it again after a hot reload.
func TestSnapshotInHost(t *testing.T) {
	list := property.Of("listen_address", "127.0.0.1:0", "rules_file", writeSnapshotRules(t))
	r := startHost(t, host.V51, list)
	send := func(names ...string) {
		t.Helper()
		for _, tag := range []string{"gone", "kept"} {
			r.flush(0, tag, devices(tag+"_up", names...), host.StatusOK)
		}
	}
	send("eth0", "ppp0")
	expect(t, scrape(t, r.url(0)), bothDevices)
	send("eth0")
	expect(t, scrape(t, r.url(0)), oneDevice)
	if err := r.Reload(t.Context(), sections(list), nil); err != nil {
		t.Fatal(err)
	}
	expect(t, scrape(t, r.url(1)), oneDevice)
	send("eth0", "ppp0")
	expect(t, scrape(t, r.url(1)), bothDevices)
	send("eth0")
	expect(t, scrape(t, r.url(1)), oneDevice)
	r.stop()
}

// TestSnapshot removes a device from a page that Fluent Bit scrapes.
func TestSnapshot(t *testing.T) {
	inputs(t, "prometheus_scrape")
	if !takesMetrics(t) {
		t.Skip("this version hands no metrics to Go plugins")
	}
	var removed atomic.Bool
	source := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		family := strings.TrimPrefix(r.URL.Path, "/") + "_up"
		fmt.Fprintf(w, "# HELP %[1]s D.\n# TYPE %[1]s gauge\n%[1]s{device=\"eth0\"} 1\n", family)
		if !removed.Load() {
			fmt.Fprintf(w, "%s{device=\"ppp0\"} 1\n", family)
		}
	}))
	defer source.Close()
	address := strings.TrimPrefix(source.URL, "http://")
	var args []string
	for _, tag := range []string{"gone", "kept"} {
		args = append(args, "-i", "prometheus_scrape", "-t", tag, "-p", "host="+hostOf(address), "-p", "port="+portOf(address),
			"-p", "metrics_path=/"+tag, "-p", "scrape_interval=1s")
	}
	a := start(t, "", withPlugin(append(args,
		"-o", "promexporter", "-m", "*", "-p", anyPort, "-p", "rules_file="+writeSnapshotRules(t))...)...)
	url := a.url(0)
	shows(t, url, bothDevices)
	removed.Store(true)
	shows(t, url, oneDevice)
	removed.Store(false)
	shows(t, url, bothDevices)
	a.stop()
}
