package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb"
)

// kept are rules of every type that a state keeps.
const kept = `metrics:
- {name: requests_total, type: counter, help: Requests., labels: {l: $l}, ttl: 1h}
- {name: read_total, type: counter, help: Read., value: $total, temporality: cumulative}
- {name: size_bytes, type: histogram, help: Size., value: $n, buckets: [1, 10], labels: {l: $l}}
- {name: time_seconds, type: histogram, help: Time., value: $n, native: {factor: 1.1}, classic: false}
- {name: load, type: summary, help: Load., value: $n, quantiles: {0.5: 0.05}}
- {name: temperature, type: gauge, help: Temperature., value: $n}
`

// stateKeys are those of a section with a state file of the test's.
func stateKeys(t testing.TB, rules string) map[string]string {
	t.Helper()
	keys := map[string]string{"state_file": filepath.Join(t.TempDir(), "state")}
	if rules != "" {
		keys["rules_file"] = writeRules(t, rules)
	}
	return keys
}

// reopen closes a pipeline and opens another one with the same keys.
func reopen(t testing.TB, p *Pipeline, keys map[string]string) (*Pipeline, *logged) {
	t.Helper()
	closeWritten(t, p)
	return openOne(t, keys)
}

// shownSeries is what a scrape shows of records, with created timestamps.
func shownSeries(t testing.TB, p *Pipeline) string {
	t.Helper()
	families, done, err := p.collector.Gather(t.Context())
	defer done()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		for _, m := range f.Metric {
			m := m.String()
			b.WriteString(f.GetName() + " " + strings.ReplaceAll(m, "  ", " ") + "\n")
		}
	}
	return b.String()
}

func TestStateOverARestart(t *testing.T) {
	for _, gauges := range []string{"on", "off"} {
		t.Run("state_gauges "+gauges, func(t *testing.T) {
			keys := stateKeys(t, kept)
			keys["state_gauges"] = gauges
			p, _ := openOne(t, keys)
			flush(t, p, "t", `{"l":"x","n":0.5,"total":100}`, flb.OK)
			flush(t, p, "t", `{"l":"y","n":20,"total":130}`, flb.OK)
			before := shownSeries(t, p)
			p, log := reopen(t, p, keys)
			if lines := log.lines("state restored"); len(lines) != 1 || !strings.Contains(lines[0], "age=") {
				t.Errorf("log: %q", lines)
			}
			got := shownSeries(t, p)
			for line := range strings.Lines(before) {
				has := strings.Contains(got, line)
				switch {
				case strings.HasPrefix(line, "load"): // its quantiles are not saved
				case has != (gauges == "on" || !strings.HasPrefix(line, "temperature")):
					t.Errorf("%s is restored: %v; there are\n%s", line, has, got)
				}
			}
			flush(t, p, "t", `{"l":"x","n":5,"total":131}`, flb.OK)
			expect(t, p, `
				requests_total{l="x"} 2
				requests_total{l="y"} 1
				read_total 131
				size_bytes_bucket{l="x",le="1"} 1
				size_bytes_count{l="x"} 2
				size_bytes_sum{l="y"} 20
				time_seconds_count 3
				load_sum 25.5
				load_count 3
				load{quantile="0.5"} 5
				temperature 5
				promexporter_state_write_errors_total{output="promexporter.0"} 0
				promexporter_state_left_out_series{output="promexporter.0",reason="redefined"} 0
				promexporter_state_left_out_series{output="promexporter.0",reason="limit"} 0`)
		})
	}
}

func TestStateMetrics(t *testing.T) {
	keys := stateKeys(t, kept)
	begin := time.Now()
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"l":"x","n":0.5,"total":100}`, flb.OK)
	p, _ = reopen(t, p, keys)
	until(t, "the state was not written at the start", func() bool { return p.state.writtenAt.Load() > begin.UnixNano() })
	is, err := os.Stat(keys["state_file"])
	if err != nil || is.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", is.Mode(), err)
	}
	expect(t, p, fmt.Sprintf(`
		promexporter_state_restored_series{output="promexporter.0"} 5
		promexporter_state_last_write_bytes{output="promexporter.0"} %d`, is.Size()))
	if lines := linesOf(page(t, p), "promexporter_state_last_write_timestamp_seconds"); !strings.Contains(lines, "} 1.") {
		t.Error(lines)
	}
	plain, _ := openOne(t, nil)
	if lines := linesOf(page(t, plain), "promexporter_state"); lines != "" {
		t.Errorf("without a state file:\n%s", lines)
	}
}

// TestStateOfFields checks that families that are named after fields are restored when the rules still make them.
func TestStateOfFields(t *testing.T) {
	const fields = "metrics:\n- {name: 'x_${field}_total', type: counter, help: X., fields: '^[a-m]', ttl: 1h}\n"
	keys := stateKeys(t, fields)
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"a":1,"b":2}`, flb.OK)
	p, _ = reopen(t, p, keys)
	expect(t, p, "x_a_total 1\nx_b_total 2")
	flush(t, p, "t", `{"a":1,"b":2}`, flb.OK)
	expect(t, p, "x_a_total 2\nx_b_total 4")
}

func TestStateOfChangedRules(t *testing.T) {
	keys := stateKeys(t, twoRules)
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	rewrite(t, keys["rules_file"], changed+"- {name: b_total, type: counter, help: B.}\n")
	p, log := reopen(t, p, keys)
	expect(t, p, `
		b_total 1
		promexporter_state_restored_series{output="promexporter.0"} 1
		promexporter_state_left_out_series{output="promexporter.0",reason="redefined"} 1`)
	if lines := log.lines("define their family differently"); len(lines) != 1 {
		t.Errorf("log: %q", lines)
	}
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	expect(t, p, `a_total{l="x"} 1`)
}

func TestStateBeyondALimit(t *testing.T) {
	keys := stateKeys(t, oneRule)
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"l":"x"}`+"\n"+`{"l":"y"}`+"\n"+`{"l":"z"}`, flb.OK)
	keys["series_limit"] = "2"
	p, log := reopen(t, p, keys)
	expect(t, p, `
		a_total{l="x"} 1
		a_total{l="y"} 1
		promexporter_state_left_out_series{output="promexporter.0",reason="limit"} 1`)
	if lines := log.lines("a limit is lower"); len(lines) != 1 {
		t.Errorf("log: %q", lines)
	}
	flush(t, p, "t", `{"l":"x"}`+"\n"+`{"l":"z"}`, flb.OK)
	expect(t, p, `a_total{l="x"} 2`)
}

// TestDeclaredSeriesKeepTheirValues checks that init does not reset restored series.
func TestDeclaredSeriesKeepTheirValues(t *testing.T) {
	keys := stateKeys(t, "metrics:\n- {name: a_total, type: counter, help: A., labels: {l: $l}, init: [{l: x}, {l: y}]}\n")
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"l":"x"}`, flb.OK)
	p, _ = reopen(t, p, keys)
	expect(t, p, "a_total{l=\"x\"} 1\na_total{l=\"y\"} 0")
}

// TestStateOfNamesAndReadyHistograms holds that families with names of records, and histograms of running totals,
// continue after a restart and a reload, and that the names count toward the limit.
func TestStateOfNamesAndReadyHistograms(t *testing.T) {
	const rules = `metrics:
- {name: 'app_${name}', rule: apps, type: counter, help: A., family_limit: 2, ttl: 1h}
- {name: size_bytes, type: histogram, help: S., bucket_counts: $counts, sum: $sum, buckets: [1, 2], temporality: cumulative}
`
	keys := stateKeys(t, rules)
	p, _ := openOne(t, keys)
	flush(t, p, "t", `{"name":"a","counts":[1,2,3],"sum":20}`, flb.OK)
	flush(t, p, "t", `{"name":"b","counts":[1,3,3],"sum":22}`, flb.OK)
	p, _ = reopen(t, p, keys)
	flush(t, p, "t", `{"name":"c","counts":[2,3,3],"sum":23}`, flb.OK)
	rewrite(t, keys["rules_file"], rules+"- {name: more_total, type: counter, help: M.}\n")
	if err := p.reload(); err != nil {
		t.Fatal(err)
	}
	flush(t, p, "t", `{"name":"a","counts":[2,3,4],"sum":30}`, flb.OK)
	flush(t, p, "t", `{"name":"d","counts":[2,3,4],"sum":30}`, flb.OK)
	expect(t, p, `
		app_a_total 2
		app_b_total 1
		size_bytes_bucket{le="1"} 2
		size_bytes_bucket{le="2"} 5
		size_bytes_bucket{le="+Inf"} 9
		size_bytes_sum 30
		size_bytes_count 9
		more_total 2
		promexporter_rule_errors_total{output="promexporter.0",reason="family_limit",rule="apps"} 2`)
	if _, body := get(t, p, "/metrics"); strings.Contains(body, "app_c_total") || strings.Contains(body, "app_d_total") {
		t.Error("there are more than family_limit")
	}
}
