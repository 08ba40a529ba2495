package status

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/promexporter/promexporter/internal/goldentest"
)

// golden compares got with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	goldentest.Compare(t, filepath.Join("testdata", name), string(got))
}

// landingPage returns the HTML page of s.
func landingPage(t *testing.T, s *Server) string {
	t.Helper()
	var page bytes.Buffer
	if err := WriteLanding(&page, s); err != nil {
		t.Fatal(err)
	}
	return page.String()
}

// typical returns a server with two instances on one page and one on another, of which some report errors.
func typical() *Server {
	now := time.Date(2026, 3, 14, 15, 9, 26, 0, time.UTC)
	failed := Event{"rules.yaml:3:1: metrics[0].value: unknown field\nrules.yaml:9:1: name: duplicate", now.Add(-2 * time.Second)}
	return &Server{
		Version: "1.2.3", Started: now.Add(-25*time.Hour - 30*time.Minute), Now: now, Debug: true, Reload: true,
		Instances: []Instance{
			{
				Name: "promexporter.0", Path: "/metrics", Version: "1.2.3", Ready: true, Opened: now.Add(-25 * time.Hour),
				Addresses: []string{"http://127.0.0.1:8989", "https://[::1]:8990"},
				Status:    typicalStatus(now),
			},
			{
				Name: "promexporter.1", Path: "/metrics", Version: "1.2.3", Opened: now.Add(-8 * time.Second),
				Addresses: []string{"http://127.0.0.1:8989"},
			},
			{
				Name: "edge", Path: "/other", Version: "1.2.3", Opened: now.Add(-5 * time.Minute), Ready: true, Reloading: true,
				Addresses: []string{"unix:///run/promexporter.sock"},
				Status:    Status{LastError: failed, LastReload: failed},
			},
		},
	}
}

func typicalStatus(now time.Time) Status {
	return Status{
		Rules: []Rule{
			{Rule: "nginx_http_requests_total", Type: "counter", Matched: 123_456_789, Samples: 123_456_700, Series: 412},
			{
				Rule: "nginx_http_request_duration_seconds", Type: "histogram", Matched: 123_456_789, Samples: 123_400_000,
				Series: 96, Errors: map[string]uint64{"not_a_number": 3, "no_value": 56_700, "negative": 3, "overflow": 0},
			},
			{Rule: "${namespace}${field}", Type: "gauge", Matched: 1_024, Samples: 1_024, Series: 12},
			{Rule: "drop_health_checks", Type: "drop", Matched: 88_000, Errors: map[string]uint64{"no_value": 0}},
		},
		Families: []Family{
			{"edge_a_rather_long_name_of_a_metric_that_was_made_from_the_path_of_a_field_of_records_bytes", "gauge", 12},
			{"nginx_http_requests_total", "counter", 412},
			{"nginx_http_request_duration_seconds", "histogram", 96},
		},
		Received: []Received{
			{Family: "node_load1", Tag: "node", Type: "gauge", Points: 12_345, Series: 1, Last: now.Add(-2 * time.Second)},
			{
				Family: "fluentbit_uptime", Tag: "agent", Type: "counter", Points: 70, Series: 0, Last: now.Add(-400 * time.Second),
				Dropped: map[string]uint64{"other_source": 1_234, "too_old": 2},
			},
			{Tag: "v1_metrics", Type: "histogram", Points: 3, Last: now.Add(-time.Hour)},
		},
		LastError: Event{
			"/etc/fluent-bit/rules/nginx.yaml:12:7: metrics[3].buckets: 0.5 after 1; write upper bounds from low to high",
			now.Add(-95 * time.Minute),
		},
		LastReload: Event{"", now.Add(-3 * time.Minute)},
	}
}

// large returns a server whose instance has n rules and families.
func large(n int) *Server {
	s := typical()
	s.Instances = s.Instances[:1]
	s.Instances[0].Status = Status{}
	for i := range n {
		name := fmt.Sprintf("requests_%d_total", i)
		s.Instances[0].Rules = append(s.Instances[0].Rules, Rule{
			Rule: name, Type: "counter", Matched: uint64(i), Samples: 2 * uint64(i), Series: i,
		})
		s.Instances[0].Families = append(s.Instances[0].Families, Family{Name: name, Type: "counter", Series: i})
		s.Instances[0].Received = append(s.Instances[0].Received, Received{Family: name, Tag: "node", Type: "counter", Series: i})
	}
	return s
}
