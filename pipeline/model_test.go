package pipeline

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/flb"
	"github.com/promexporter/promexporter/internal/chunktest"
)

// This is the simplest program that could count right, for a part of the language: it keeps exact numbers, forgets
// nothing, and never heard of chunks that come again.

// modelRule is a random rule.
type modelRule struct {
	kind      string // counter, running, set, add, sum, histogram or summary
	field     string // of the value; "" for a counter of records
	labels    []string
	condition string  // a method, or ""
	max       float64 // max_increment; 0 for the default
	series    map[string]*modelSeries
	round     uint32 // the time of the last record
}

type modelSeries struct {
	sum     *big.Float
	total   *big.Float // the last running total
	time    uint32
	buckets [4]int // cumulative; of a summary the last one only
}

var (
	modelKinds  = []string{"counter", "running", "set", "add", "sum", "histogram", "summary"}
	modelBounds = []float64{1, 100, 1000}
)

func number(v float64) *big.Float { return new(big.Float).SetPrec(200).SetFloat64(v) }

func randomRule(r *rand.Rand) *modelRule {
	m := &modelRule{kind: modelKinds[r.IntN(len(modelKinds))], field: []string{"whole", "part"}[r.IntN(2)], series: map[string]*modelSeries{}}
	if m.kind == "counter" && r.IntN(2) == 0 {
		m.field = ""
	}
	for _, label := range []string{"method", "status"} {
		if r.IntN(2) == 0 {
			m.labels = append(m.labels, label)
		}
	}
	if r.IntN(3) == 0 {
		m.condition = "GET"
	}
	if r.IntN(3) == 0 {
		m.max = 500
	}
	return m
}

// yaml writes the rule as a user would.
func (m *modelRule) yaml(name string) string {
	var b strings.Builder
	kind := map[string]string{
		"counter": "counter", "running": "counter, temporality: cumulative", "set": "gauge", "add": "gauge, action: add",
		"sum": "gauge, aggregate: sum", "histogram": "histogram, buckets: [1, 100, 1000]", "summary": "summary",
	}[m.kind]
	fmt.Fprintf(&b, "- {name: %s, type: %s, help: H.", name, kind)
	if m.field != "" {
		b.WriteString(", value: $" + m.field)
	}
	if len(m.labels) > 0 {
		b.WriteString(", labels: {")
		for _, label := range m.labels {
			b.WriteString(label + ": $" + label + ", ")
		}
		b.WriteString("}")
	}
	if m.condition != "" {
		b.WriteString(", condition: {field: $method, op: eq, value: " + m.condition + "}")
	}
	if m.max != 0 && slices.Contains([]string{"counter", "running", "histogram", "summary"}, m.kind) {
		fmt.Fprintf(&b, ", max_increment: %v", m.max)
	}
	b.WriteString("}\n")
	return b.String()
}

// modelRecord is a random record. Values are texts of JSON; "" for an absent field.
type modelRecord map[string]string

func randomRecord(r *rand.Rand) modelRecord {
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	return modelRecord{
		"method": pick("", "GET", "POST"),
		"status": pick("", "200", "404"),
		"whole":  pick("", `"x"`, "-7", fmt.Sprint(r.IntN(2000)), fmt.Sprint(r.Int64N(1<<53)), "9007199254740992"),
		"part":   pick("", "null", fmt.Sprint(float64(r.IntN(8000))/4), fmt.Sprint(-float64(r.IntN(8000))/4)),
	}
}

func (f modelRecord) json() string {
	var fields []string
	for _, key := range slices.Sorted(maps.Keys(f)) {
		switch v := f[key]; {
		case v == "":
		case key == "method":
			fields = append(fields, fmt.Sprintf("%q:%q", key, v))
		default:
			fields = append(fields, fmt.Sprintf("%q:%s", key, v))
		}
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// count counts a record.
func (m *modelRule) count(f modelRecord, seconds uint32) {
	m.round = seconds
	v, err := strconv.ParseFloat(f[m.field], 64)
	if m.field == "" {
		v, err = 1, nil
	}
	if err != nil || m.condition != "" && f["method"] != m.condition {
		return
	}
	most := m.max
	switch {
	case m.kind == "set" || m.kind == "add" || m.kind == "sum":
		most = 1e300
	case most == 0 && m.kind == "running":
		most = 9e18
	case most == 0:
		most = 1 << 53
	}
	var labels []string
	for _, label := range m.labels {
		if f[label] != "" {
			labels = append(labels, fmt.Sprintf("%s=%q", label, f[label]))
		}
	}
	key := strings.Join(labels, ",")
	s := m.series[key]
	if s == nil {
		s = &modelSeries{sum: number(0), total: number(0)}
	}
	if m.add(s, v, most, seconds) {
		m.series[key] = s
	}
}

// add reports whether a series comes of v.
func (m *modelRule) add(s *modelSeries, v, most float64, seconds uint32) bool {
	grown := number(v)
	switch m.kind {
	case "counter", "running":
		if v < 0 || m.kind == "counter" && v > most {
			return false
		}
		if m.kind == "running" {
			if last, _ := s.total.Float64(); v < last && v >= 0.99*last {
				return true // it slipped
			}
			if grown.Cmp(s.total) >= 0 {
				grown.Sub(grown, s.total)
			}
			if grown.Cmp(number(most)) > 0 {
				return true
			}
			s.total = number(v)
		}
	case "histogram", "summary":
		if max(v, -v) > most {
			return false
		}
		for i, bound := range modelBounds {
			if v <= bound {
				s.buckets[i]++
			}
		}
		s.buckets[len(modelBounds)]++
	case "set":
		s.sum = number(0)
	case "sum":
		if seconds > s.time {
			s.sum, s.time = number(0), seconds
		}
	}
	s.sum.Add(s.sum, grown)
	return true
}

// page returns what the page shows of the rule.
func (m *modelRule) page(name string, page map[string]float64) {
	for labels, s := range m.series {
		if m.kind == "sum" && s.time < m.round {
			continue // it has no record in the round
		}
		sum, _ := s.sum.Float64()
		series := func(suffix string, more ...string) string {
			all := strings.Trim(strings.Join(append([]string{labels}, more...), ","), ",")
			if all != "" {
				all = "{" + all + "}"
			}
			return name + suffix + all
		}
		n := float64(s.buckets[len(modelBounds)])
		switch m.kind {
		case "histogram":
			for i, bound := range []string{"1", "100", "1000", "+Inf"} {
				page[bucketOf(labels, name, bound)] = float64(s.buckets[i])
			}
			page[series("_sum")], page[series("_count")] = sum, n
		case "summary":
			page[series("_sum")], page[series("_count")] = sum, n
		default:
			page[series("")] = sum
		}
	}
}

// bucketOf names a bucket: le comes after the labels.
func bucketOf(labels, name, bound string) string {
	if labels != "" {
		labels += ","
	}
	return fmt.Sprintf("%s_bucket{%sle=%q}", name, labels, bound)
}

// shownValues returns the series of records and their values.
func shownValues(t *testing.T, p *Pipeline) map[string]float64 {
	t.Helper()
	all := make(map[string]float64)
	for line := range strings.Lines(records(page(t, p))) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if err != nil {
			t.Fatal(err)
		}
		all[line[:at]] = v
	}
	return all
}

// badKey is an event with a map as a key.
func badKey(seconds uint32) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0x92, 0x92, 0xd7, 0}, seconds)
	return append(b, 0, 0, 0, 0, 0x80, 0x81, 0x80, 1)
}

// TestCountsEqualTheModel counts random records by random rules, with records that cannot be read between them,
// restarts, reloads, and chunks that come again after these.
func TestCountsEqualTheModel(t *testing.T) {
	seeds := uint64(15)
	if raceDetector {
		seeds = 3
	}
	for seed := range seeds {
		againstModel(t, rand.New(rand.NewPCG(seed, 1)))
	}
}

func againstModel(t *testing.T, r *rand.Rand) {
	t.Helper()
	host := newProcess(t)
	var rules []*modelRule
	text := "metrics:\n"
	for i := range 6 {
		rules = append(rules, randomRule(r))
		text += rules[i].yaml(fmt.Sprintf("m%d", i))
	}
	keys := stateKeys(t, text)
	keys["state_gauges"], keys["dedupe_window"] = "on", "10m"
	p := host.open("promexporter.0", keys)
	var chunks [][]byte
	for n := range 40 {
		if r.IntN(5) == 0 {
			p = [...]func(*testing.T, *process, *Pipeline, map[string]string) *Pipeline{restartSection, reloadSection}[r.IntN(2)](t, host, p, keys)
			for _, i := range r.Perm(len(chunks))[:r.IntN(len(chunks)+1)] {
				if got := p.Flush(chunks[i], "t"); got != flb.OK {
					t.Fatalf("a chunk that comes again: status %d", got)
				}
			}
		}
		chunk, want := []byte(nil), flb.OK
		for range 1 + r.IntN(8) {
			f, seconds := randomRecord(r), uint32(1_600_000_000+n)
			if r.IntN(20) == 0 {
				chunk, want = append(chunk, badKey(seconds)...), flb.Error
				continue
			}
			chunk = chunktest.Event(chunk, seconds, f.json())
			for _, m := range rules {
				m.count(f, seconds)
			}
		}
		if got := p.Flush(chunk, "t"); got != want {
			t.Fatalf("status %d, want %d", got, want)
		}
		chunks = append(chunks, chunk)
	}
	wanted := make(map[string]float64)
	for i, m := range rules {
		m.page(fmt.Sprintf("m%d", i), wanted)
	}
	if got := shownValues(t, p); !maps.Equal(got, wanted) {
		for series, v := range wanted {
			if shown, ok := got[series]; !ok || shown != v {
				t.Errorf("%s is %v (%v), want %v", series, shown, ok, v)
			}
		}
		for series := range got {
			if _, ok := wanted[series]; !ok {
				t.Errorf("%s is on the page", series)
			}
		}
		t.Fatalf("rules:\n%s", text)
	}
}
