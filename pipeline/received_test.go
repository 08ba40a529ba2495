package pipeline

import (
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/exporter"
	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
)

// metricsNow is a context of one gauge and one counter of now.
func metricsNow() []byte {
	return chunktest.JSON(nil, strings.ReplaceAll(`{"meta":{"cmetrics":{},"external":{},"processing":{"static_labels":[]}},"metrics":[`+
		`{"meta":{"ver":2,"type":1,"opts":{"ns":"node","ss":"","name":"load1","desc":"1m load average."},"labels":[]},"values":[{"ts":$T,"value":0.5,"hash":0}]},`+
		`{"meta":{"ver":2,"type":0,"opts":{"name":"hits"},"labels":["a"],"aggregation_type":1},"values":[{"ts":$T,"value":2,"labels":["x"],"hash":0}]}]}`,
		"$T", strconv.FormatInt(time.Now().UnixNano(), 10)))
}

// TestMetricsEvents: logs and metrics events are on one page.
func TestMetricsEvents(t *testing.T) {
	p, _ := openOne(t, nil)
	flush(t, p, "app", `{"a": 1}`, flb.OK)
	for range 2 {
		if status := p.Flush(metricsNow(), "node"); status != flb.OK {
			t.Fatalf("status %d", status)
		}
	}
	expect(t, p, `
		a{tag="app"} 1
		node_load1 0.5
		hits{a="x"} 4
		promexporter_metrics_contexts_received_total{output="promexporter.0"} 2
		promexporter_points_received_total{output="promexporter.0"} 4
		promexporter_points_applied_total{output="promexporter.0"} 4
		promexporter_records_received_total{output="promexporter.0"} 1
		promexporter_series{output="promexporter.0"} 3`)
}

// TestMetricsEventsStatus: the status pages show what came, family by family.
func TestMetricsEventsStatus(t *testing.T) {
	p, _ := openOne(t, nil)
	for _, tag := range []string{"node", "node", "other"} {
		if status := p.Flush(metricsNow(), tag); status != flb.OK {
			t.Fatalf("status %d", status)
		}
	}
	chunk := chunktest.JSON(nil, `{"meta":{},"metrics":[{"meta":{"type":2,"opts":{"name":"h"},"labels":["le"],"buckets":[]},`+
		`"values":[{"histogram":{"buckets":[1],"sum":1,"count":1}}]}]}`)
	if status := p.Flush(chunk, "bad"); status != flb.OK {
		t.Fatalf("status %d", status)
	}
	var got []exporter.ReceivedStatus
	for _, r := range p.status().Received {
		if time.Since(r.Last) > time.Minute {
			t.Errorf("%s was last seen at %s", r.Family, r.Last)
		}
		r.Last = time.Time{}
		got = append(got, r)
	}
	slices.SortFunc(got, func(a, b exporter.ReceivedStatus) int { return strings.Compare(a.Family, b.Family) })
	want := []exporter.ReceivedStatus{
		{Family: "h", Tag: "bad", Type: "histogram", Dropped: map[string]uint64{"bad_label": 1}},
		{Family: "hits", Tag: "node", Type: "counter", Points: 2, Series: 1, Dropped: map[string]uint64{"other_source": 1}},
		{Family: "node_load1", Tag: "node", Type: "gauge", Points: 2, Series: 1, Dropped: map[string]uint64{"other_source": 1}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if _, body := get(t, p, "/"); !strings.Contains(body, "node_load1") || !strings.Contains(body, "other_source\u00a01") {
		t.Errorf("the page lacks what came:\n%s", body)
	}
}

// TestMetricsEventsOff: with metrics_events off they are counted, and nothing else.
func TestMetricsEventsOff(t *testing.T) {
	p, _ := openOne(t, map[string]string{"metrics_events": "off"})
	if status := p.Flush(metricsNow(), "node"); status != flb.OK {
		t.Fatalf("status %d", status)
	}
	expect(t, p, `
		promexporter_points_received_total{output="promexporter.0"} 2
		promexporter_points_applied_total{output="promexporter.0"} 0
		promexporter_points_dropped_total{output="promexporter.0",reason="metrics_off"} 2
		promexporter_series{output="promexporter.0"} 0`)
}

// TestOwnPageComesBack: a section takes no metrics events of its own page.
func TestOwnPageComesBack(t *testing.T) {
	p, _ := openOne(t, nil)
	chunk := chunktest.JSON(nil, `{"meta":{},"metrics":[{"meta":{"type":1,"opts":{"name":"x"}},"values":[{"value":1}]},`+
		`{"meta":{"type":1,"opts":{"name":"promexporter_process_info"},"labels":["id"]},"values":[{"value":1,"labels":["`+p.instances.process()+`"]}]}]}`)
	if status := p.Flush(chunk, "t"); status != flb.OK {
		t.Fatalf("status %d", status)
	}
	expect(t, p, `
		promexporter_process_info{id="`+p.instances.process()+`",output="promexporter.0"} 1
		promexporter_points_dropped_total{output="promexporter.0",reason="own_page"} 2`)
}

// TestMetricsEventsOverReload: what was added up and what was received last survive a hot reload, unless metrics events
// are turned off.
func TestMetricsEventsOverReload(t *testing.T) {
	process := newProcess(t)
	p := process.open("promexporter.0", nil)
	p.Flush(metricsNow(), "node")
	p.CloseForReload()
	p = process.open("promexporter.0", nil)
	p.Flush(metricsNow(), "node")
	expect(t, p, `hits{a="x"} 4`)
	p.CloseForReload()
	p = process.open("promexporter.0", map[string]string{"metrics_events": "off"})
	expect(t, p, `promexporter_series{output="promexporter.0"} 0`)
}

// TestMetricsEventsOverRestart: the state file keeps what was added up.
func TestMetricsEventsOverRestart(t *testing.T) {
	keys := map[string]string{"state_file": filepath.Join(t.TempDir(), "state")}
	p, _ := openOne(t, keys)
	p.Flush(metricsNow(), "node")
	closeWritten(t, p)
	p, _ = openOne(t, keys)
	expect(t, p, `
		hits{a="x"} 2
		promexporter_series{output="promexporter.0"} 1`)
}
