package main

import (
	"fmt"
	"net/http"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// passed returns nil if out_null got all lines, as in every run.
func (h *host) passed(p ports) error {
	families, err := scrape(fmt.Sprintf("http://127.0.0.1:%d/api/v1/metrics/prometheus", p.server))
	if err != nil {
		return err
	}
	for _, m := range families["fluentbit_output_proc_records_total"].GetMetric() {
		if m.GetLabel()[0].GetValue() == "null.0" && m.GetCounter().GetValue() == float64(h.lines) {
			return nil
		}
	}
	return fmt.Errorf("out_null did not get %d lines", h.lines)
}

// counted returns nil when each metric of the page counts all lines.
func (h *host) counted(p ports) error {
	families, err := scrape(fmt.Sprintf("http://127.0.0.1:%d/metrics", p.page))
	if err != nil {
		return err
	}
	for i := range h.load.Metrics {
		name := h.load.Metrics[i].Name
		if n := count(families, name); n != float64(h.lines) {
			return fmt.Errorf("%s counts %g lines, not %d", name, n, h.lines)
		}
	}
	return nil
}

// count returns the sum of the series of the family. log_to_metrics adds a prefix to the name.
func count(families map[string]*dto.MetricFamily, name string) (n float64) {
	for have, f := range families {
		if have != name && !strings.HasSuffix(have, "_"+name) {
			continue
		}
		for _, m := range f.GetMetric() {
			n += m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return n
}

// client requests no compression, because not all of the servers would compress.
var client = http.Client{Transport: &http.Transport{DisableCompression: true}}

func scrape(url string) (map[string]*dto.MetricFamily, error) {
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, response.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(response.Body)
}
