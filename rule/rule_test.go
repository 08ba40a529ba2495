package rule_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/protobuf/proto"

	"github.com/promexporter/promexporter/cmetrics"
	"github.com/promexporter/promexporter/collector"
	"github.com/promexporter/promexporter/config"
	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/receive"
	"github.com/promexporter/promexporter/record"
	"github.com/promexporter/promexporter/rule"
)

// rig is a compiled rules file and a collector.
type rig struct {
	t         testing.TB
	set       *rule.Set
	collector *collector.Collector
	scratch   rule.Scratch
	batch     collector.Batch
	now       time.Time
}

func newRig(t testing.TB, o rule.Options, rules ...*config.Rules) *rig {
	t.Helper()
	if o.FieldLimit == 0 {
		o.FieldLimit = 1000
	}
	r := &rig{t: t, set: rule.Compile(rules, o), now: time.Unix(1700000000, 0)}
	r.collector = collector.New(collector.Options{SeriesLimit: 1000, Now: func() time.Time { return r.now }})
	t.Cleanup(r.collector.Close)
	if err := r.set.Declare(r.collector, r.now.UnixNano()); err != nil {
		t.Fatal(err)
	}
	return r
}

func parse(t testing.TB, text string) *config.Rules {
	t.Helper()
	r, err := config.ParseRules("rules.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func defaults(t testing.TB) *config.Rules {
	t.Helper()
	r, err := rule.Defaults()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// feed applies a chunk, which must be well-formed.
func (r *rig) feed(tag string, chunk []byte) {
	r.t.Helper()
	if record.SignalOf(chunk) == record.Metrics {
		r.receive(tag, chunk)
		return
	}
	plan := r.set.Plan(tag)
	r.batch.Reset()
	r.batch.Now = r.now.UnixNano()
	var reader record.Reader
	reader.Reset(chunk, plan.Selector())
	for {
		err := reader.Next(&r.scratch.Event)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			r.t.Fatal(err)
		}
		plan.Apply(&r.scratch, &r.batch)
	}
	if err := r.collector.Ingest(&r.batch, nil); err != nil {
		r.t.Fatal(err)
	}
	plan.Finish(&r.scratch, true)
}

// receive applies a chunk of metrics events, as if its newest point were of now.
func (r *rig) receive(tag string, chunk []byte) {
	r.t.Helper()
	r.batch.Reset()
	r.batch.Now = r.now.UnixNano()
	w := receive.Scratch{Options: receive.Options{Rules: r.set}}
	if newest := cmetrics.Newest(chunk); newest > 0 {
		w.Shift = time.Duration(r.batch.Now - newest)
	}
	w.Read(chunk, tag, &r.batch, func(m *record.Malformed) { r.t.Fatal(m) })
	if err := r.collector.Ingest(&r.batch, nil); err != nil {
		r.t.Fatal(err)
	}
	w.Finish(true)
}

// text returns the exposition.
func (r *rig) text() string {
	r.t.Helper()
	return r.encode(expfmt.NewFormat(expfmt.TypeTextPlain))
}

// openMetrics returns the exposition with exemplars and created timestamps.
func (r *rig) openMetrics() string {
	r.t.Helper()
	return r.encode(expfmt.NewFormat(expfmt.TypeOpenMetrics), expfmt.WithCreatedLines())
}

func (r *rig) encode(f expfmt.Format, options ...expfmt.EncoderOption) string {
	r.t.Helper()
	var b bytes.Buffer
	encoder := expfmt.NewEncoder(&b, f, options...)
	for _, f := range r.gather() {
		if err := encoder.Encode(f); err != nil {
			r.t.Fatal(err)
		}
	}
	return b.String()
}

// gather returns copies of the families.
func (r *rig) gather() []*dto.MetricFamily {
	r.t.Helper()
	families, done, err := r.collector.Gather(r.t.Context())
	defer done()
	if err != nil {
		r.t.Fatal(err)
	}
	var copies []*dto.MetricFamily
	for _, f := range families {
		copies = append(copies, proto.Clone(f.MetricFamily).(*dto.MetricFamily))
	}
	return copies
}

func (r *rig) expect(want string) {
	r.t.Helper()
	if got := r.text(); got != want {
		r.t.Errorf("exposition:\n%s\nwant:\n%s", got, want)
	}
}

func (r *rig) dropped(reason rule.Reason) (n uint64) {
	for _, s := range r.set.Stats() {
		n += s.Skipped(reason)
	}
	return n
}

func TestDefaultRules(t *testing.T) {
	const help = " The value of the record field of this name.\n"
	gauge := func(name, series string) string {
		return "# HELP " + name + help + "# TYPE " + name + " gauge\n" + series
	}
	for name, test := range map[string]struct{ tag, records, want string }{
		"cpu input": {
			"cpu.0", `{"cpu_p":0.5,"user_p":0.25,"system_p":0.25,"cpu0.p_cpu":1.0,"cpu0.p_user":0.0,"cpu0.p_system":1.0,"cpu11.p_cpu":3.5,"cpu11.p_user":1.0,"cpu11.p_system":2.5}`,
			`# HELP cpu Collect CPU usage
# TYPE cpu gauge
cpu{cpu="ALL",mode="cpu_p"} 0.5
cpu{cpu="ALL",mode="user_p"} 0.25
cpu{cpu="ALL",mode="system_p"} 0.25
cpu{cpu="cpu0",mode="p_cpu"} 1
cpu{cpu="cpu0",mode="p_user"} 0
cpu{cpu="cpu0",mode="p_system"} 1
cpu{cpu="cpu11",mode="p_cpu"} 3.5
cpu{cpu="cpu11",mode="p_user"} 1
cpu{cpu="cpu11",mode="p_system"} 2.5
`},
		"another field in a cpu record": {
			"cpu.0", `{"cpu_p":0.5,"user_p":0.25,"system_p":0.25,"temperature":41}`,
			`# HELP cpu Collect CPU usage
# TYPE cpu gauge
cpu{cpu="ALL",mode="cpu_p"} 0.5
cpu{cpu="ALL",mode="user_p"} 0.25
cpu{cpu="ALL",mode="system_p"} 0.25
` + gauge("temperature", "temperature{tag=\"cpu.0\"} 41\n")},
		"a field with the name of a rule": {
			"app", `{"cpu":3}`, gauge("cpu_value", "cpu_value{tag=\"app\"} 3\n")},
		"cpu fields without the cpu input": {
			"app", `{"user_p":0.25}`, gauge("user_p", "user_p{tag=\"app\"} 0.25\n")},
		"nested maps": {
			"a", `{"nested":{"a":{"b":1.5}},"Mem.used":7}`,
			gauge("mem_used", "mem_used{tag=\"a\"} 7\n") + gauge("nested_a_b", "nested_a_b{tag=\"a\"} 1.5\n")},
		"booleans": {
			"a", `{"up":true,"down":false}`,
			gauge("down", "down{tag=\"a\"} 0\n") + gauge("up", "up{tag=\"a\"} 1\n")},
		"no metrics": {"a", `{"s":"12 apples","n":null,"l":[1,2,{"x":3}]}`, ""},
		"digit in front": {
			"a", `{"5xx":3}`, gauge("_5xx", "_5xx{tag=\"a\"} 3\n")},
		"suffix of another type": {
			"a", `{"Mem.total":3,"a.count":4,"total":5}`,
			gauge("a_count_value", "a_count_value{tag=\"a\"} 4\n") +
				gauge("mem_total_value", "mem_total_value{tag=\"a\"} 3\n") +
				gauge("total", "total{tag=\"a\"} 5\n")},
		"characters that no name holds": {
			"a", `{"héllo wörld":1,"CamelCase":2,"a:b":3,"":4}`,
			gauge("_", "_{tag=\"a\"} 4\n") + gauge("a_b", "a_b{tag=\"a\"} 3\n") +
				gauge("camelcase", "camelcase{tag=\"a\"} 2\n") + gauge("h_llo_w_rld", "h_llo_w_rld{tag=\"a\"} 1\n")},
		"fields that collide: the first one stays": {
			"a", "{\"a.b\":1,\"a_b\":2}\n{\"a_b\":3}\n{\"a.b\":4}", gauge("a_b", "a_b{tag=\"a\"} 4\n")},
		"the last record stands": {
			"a", "{\"v\":1}\n{\"v\":2}", gauge("v", "v{tag=\"a\"} 2\n")},
		"names of our own metrics": {"a", `{"promexporter_series":1,"go":{"threads":2}}`, ""},
		"a tag that is no UTF-8":   {"a\xff", `{"v":1}`, gauge("v", "v{tag=\"a\uFFFD\"} 1\n")},
		"integers of all signs": {
			"a", `{"a":-5,"b":18446744073709551615,"c":-9223372036854775808}`,
			gauge("a", "a{tag=\"a\"} -5\n") + gauge("b", "b{tag=\"a\"} 1.8446744073709552e+19\n") +
				gauge("c", "c{tag=\"a\"} -9.223372036854776e+18\n")},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rule.Options{}, defaults(t))
			r.feed(test.tag, chunktest.Events(test.records))
			r.expect(test.want)
		})
	}
}

func TestDefaultRulesKeepTagsApart(t *testing.T) {
	r := newRig(t, rule.Options{}, defaults(t))
	r.feed("one", chunktest.Events(`{"a.b":1}`))
	r.feed("two", chunktest.Events(`{"a_b":2}`))
	r.expect(`# HELP a_b The value of the record field of this name.
# TYPE a_b gauge
a_b{tag="one"} 1
a_b{tag="two"} 2
`)
}

func TestNamespace(t *testing.T) {
	r := newRig(t, rule.Options{Namespace: "host"}, defaults(t))
	r.feed("a", chunktest.Events(`{"5xx":1,"cpu_p":1.0,"user_p":1.0,"system_p":1.0}`))
	r.expect(`# HELP cpu Collect CPU usage
# TYPE cpu gauge
cpu{cpu="ALL",mode="cpu_p"} 1
cpu{cpu="ALL",mode="user_p"} 1
cpu{cpu="ALL",mode="system_p"} 1
# HELP host_5xx The value of the record field of this name.
# TYPE host_5xx gauge
host_5xx{tag="a"} 1
`)
}

// TestEscapedReservedNames holds that no field gets a name that is the plugin's own for scrapers that do not ask for
// UTF-8 names.
func TestEscapedReservedNames(t *testing.T) {
	r := newRig(t, rule.Options{}, parse(t, "metrics: [{name: '${field}.x', type: gauge, help: X., fields: '.'}]"))
	r.feed("a", chunktest.Events(`{"go":1,"gone":2}`))
	r.expect("# HELP gone_x X.\n# TYPE gone_x gauge\ngone_x 2\n")
	if n := r.dropped(rule.ReservedName); n != 1 {
		t.Errorf("reserved names: %d, want 1", n)
	}
}

func TestDroppedFieldsAreCounted(t *testing.T) {
	r := newRig(t, rule.Options{FieldLimit: 2}, defaults(t))
	r.feed("a", chunktest.Events(`{"go_x":1,"a":1,"b":1,"c":1}`))
	r.feed("a", chunktest.Events(`{"c":1}`))
	if n := r.dropped(rule.ReservedName); n != 1 {
		t.Errorf("reserved names: %d, want 1", n)
	}
	if n := r.dropped(rule.TooManyFields); n != 3 {
		t.Errorf("fields beyond the limit: %d, want 3", n)
	}
}

func TestChunkThatComesAgainIsCountedOnce(t *testing.T) {
	r := newRig(t, rule.Options{}, defaults(t))
	plan := r.set.Plan("a")
	var reader record.Reader
	reader.Reset(chunktest.Events(`{"a":1}`), plan.Selector())
	if err := reader.Next(&r.scratch.Event); err != nil {
		t.Fatal(err)
	}
	plan.Apply(&r.scratch, &r.batch)
	plan.Finish(&r.scratch, false)
	r.feed("a", chunktest.Events(`{"a":1}`))
	var samples uint64
	for _, s := range r.set.Stats() {
		samples += s.Samples()
	}
	if samples != 1 {
		t.Errorf("samples: %d, want 1", samples)
	}
}
