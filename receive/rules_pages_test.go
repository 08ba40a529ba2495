package receive_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/promexporter/promexporter/cmetrics"
)

const protobuf = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

const pageRules = `labels: {site: eu}
received:
- {metric: 'node_*', condition: {field: "$labels['device']", op: regex, value: '^(loop|ram)'}, drop: true}
- {metric: 'node_cpu*', labels: {cpu: {from: "$labels['cpu']", regex: '^', replacement: cpu}, mode: ''}, first: true, condition: {field: "$labels['mode']", op: eq, value: user}}
- {metric: node_cpu_seconds_total, drop: true}
- {metric_regex: '^(?:fluentbit|node)_(.*)$', name: 'agent_${1}'}
- {metric: '*exp*', labels: {team: "$group_attributes['resource']['attributes']['service.name']", lib: "$group_attributes['scope']['name']"}}
- {metric: exp_seconds, buckets: [0.5, 1, 2.5, 5]}
- {condition: {field: $type, op: eq, value: counter}, type: gauge}
`

// TestRulesPages compares the pages that rules make of captures, in each format.
func TestRulesPages(t *testing.T) {
	for _, name := range []string{"node_exporter_metrics", "fluentbit_metrics", "otlp_all_kinds", "scrape_hist"} {
		t.Run(name, func(t *testing.T) {
			chunk := capture(t, "v5.1.1/"+name)
			r := newRig(t)
			r.scratch.Rules = compile(t, pageRules, nil)
			r.read(chunk, "tag", cmetrics.Newest(chunk)+int64(time.Second))
			golden(t, "rules_"+name+".prom", r.drops()+r.page(text))
			golden(t, "rules_"+name+".om", r.page(openMetrics))
			golden(t, "rules_"+name+".json", r.protobuf())
			promtool(t, r.page("text/plain;version=0.0.4"))
		})
	}
}

// protobuf returns the page in protobuf as JSON, a family a line, without what the server says of itself.
func (r *rig) protobuf() string {
	r.t.Helper()
	request, err := http.NewRequest("GET", "http://"+r.endpoint.Addrs()[0].String()+"/metrics", nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Accept", protobuf)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var all strings.Builder
	decoder := expfmt.NewDecoder(response.Body, expfmt.ResponseFormat(response.Header))
	for {
		var f dto.MetricFamily
		switch err := decoder.Decode(&f); {
		case errors.Is(err, io.EOF):
			return all.String()
		case err != nil:
			r.t.Fatal(err)
		}
		if strings.HasPrefix(f.GetName(), "promexporter_") || strings.HasPrefix(f.GetName(), "go_") {
			continue
		}
		line, err := protojson.Marshal(&f)
		if err != nil {
			r.t.Fatal(err)
		}
		var compact bytes.Buffer // the library puts spaces in at random
		if err := json.Compact(&compact, line); err != nil {
			r.t.Fatal(err)
		}
		all.WriteString(compact.String() + "\n")
	}
}
