package cmetrics

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
)

// TestReader reads layouts that no capture has. A row is JSON, one context per line, and what dump makes of it.
func TestReader(t *testing.T) {
	const (
		opts   = `"opts":{"name":"a"}`
		number = `{"ts":1,"value":2}`
	)
	for name, row := range map[string]struct{ chunk, want string }{
		"least": {
			`{"metrics":[{"meta":{"type":1,"opts":{"name":"a"}},"values":[{"value":1.5}]}]}`,
			"context\n  gauge a keys []\n    [] 1.5 at 0\n",
		},
		"metrics before meta, values before meta": {
			`{"metrics":[{"values":[` + number + `],"meta":{` + opts + `,"type":0}}],"meta":{"cmetrics":{"producer":"opentelemetry"}}}`,
			"context otlp\n  counter a keys []\n    [] 2 at 1\n",
		},
		"unknown keys": {
			`{"new":[{}],"meta":{"new":1,"cmetrics":{"new":1},"processing":{"new":1}},"metrics":[{"new":1,"meta":{"new":{},"type":4,` +
				`"opts":{"new":1,"name":"a"}},"values":[{"new":[1],"value":3}]}]}`,
			"context\n  untyped a keys []\n    [] 3 at 0\n",
		},
		"the parts of a name": {
			`{"metrics":[{"meta":{"type":1,"opts":{"ns":"a","ss":"","name":"b"}}},{"meta":{"type":1,"opts":{"ns":"","ss":"a","name":"b"}}},` +
				`{"meta":{"type":1,"opts":{"ns":"a","ss":"b","name":"c","desc":"-","unit":"s"}}}]}`,
			"context\n  gauge a_b keys []\n  gauge a_b keys []\n  gauge a_b_c keys [] unit \"s\"\n",
		},
		"labels": {
			`{"meta":{"processing":{"static_labels":[["s","t"],["n",null]]}},"metrics":[{"meta":{"type":1,` + opts + `,"labels":["x",null,"x"]},` +
				`"values":[{"value":1,"labels":["1",null,""]},{"value":2,"labels":["1"]},{"value":3}]}]}`,
			"context s=\"t\" n=\"\"\n  gauge a keys [\"x\" \"\" \"x\"]\n    [\"1\" \"\" \"\"] 1 at 0\n    [\"1\"] 2 at 0\n    [] 3 at 0\n",
		},
		"integers without a value": {
			`{"metrics":[{"meta":{"type":1,` + opts + `},"values":[{"value_int64":-3},{"value_uint64":18446744073709551615},{"value":1.5,"value_int64":1}]}]}`,
			"context\n  gauge a keys []\n    [] -3 at 0\n    [] 1.8446744073709552e+19 at 0\n    [] 1.5 at 0\n",
		},
		"a summary without quantiles": {
			`{"metrics":[{"meta":{"type":3,` + opts + `,"quantiles":[0.5]},"values":[{"summary":{"quantiles_set":0,"quantiles":[1],"count":2,"sum":4609434218613702656}}]}]}`,
			"context\n  summary a keys [] quantiles [0.5]\n    [] [] of 2 sum 1.5 at 0\n",
		},
		"not a context": {
			"{\"meta\":{}}\n1\n[]\n{\"metrics\":{}}\n{\"metrics\":[]}",
			"not_metrics: 7 bytes at offset 0 of the chunk\nnot_metrics: 1 bytes at offset 7 of the chunk\n" +
				"not_metrics: 1 bytes at offset 8 of the chunk\nnot_metrics: 10 bytes at offset 9 of the chunk\ncontext\n",
		},
		"not a family": {
			`{"metrics":[1,{"meta":{"type":9,` + opts + `}},{"meta":{` + opts + `}},{"meta":{"type":1,"opts":{"name":""}}},{"meta":{"type":1,` + opts + `},"values":{}},` +
				`{"meta":{"type":1,"opts":{"name":1}}},{"meta":{"type":1,` + opts + `}}]}`,
			"context\n  not_metrics: 1 bytes at offset 10 of the chunk\n  not_metrics: 26 bytes at offset 11 of the chunk\n  not_metrics: 20 bytes at offset 37 of the chunk\n" +
				"  not_metrics: 25 bytes at offset 57 of the chunk\n  not_metrics: 34 bytes at offset 82 of the chunk\n  not_metrics: 25 bytes at offset 116 of the chunk\n  gauge a keys []\n",
		},
		"not a point": {
			`{"metrics":[{"meta":{"type":1,` + opts + `},"values":[1,{},{"value":"x"},{"histogram":{}},{"value":1,"labels":[1]},{"value":1}]},` +
				`{"meta":{"type":2,` + opts + `},"values":[{"value":1},{"histogram":{"buckets":[-1]}},{"histogram":{"buckets":[1],"count":1}}]}]}`,
			"context\n  gauge a keys []\n    not_metrics: 1 bytes at offset 44 of the chunk\n    not_metrics: 1 bytes at offset 45 of the chunk\n" +
				"    not_metrics: 9 bytes at offset 46 of the chunk\n    not_metrics: 12 bytes at offset 55 of the chunk\n    not_metrics: 17 bytes at offset 67 of the chunk\n    [] 1 at 0\n" +
				"  histogram a keys [] bounds []\n    not_metrics: 8 bytes at offset 126 of the chunk\n    not_metrics: 22 bytes at offset 134 of the chunk\n    [] [1] [1] of 1 (true) sum 0 at 0\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var chunk []byte
			for line := range strings.Lines(row.chunk) {
				chunk = chunktest.JSON(chunk, line)
			}
			if got := dump(chunk); got != row.want {
				t.Errorf("got\n%swant\n%s", got, row.want)
			}
			readAll(t, chunk)
		})
	}
}

// TestTooLarge: what is beyond a bound is marked, and what is around it is read.
func TestTooLarge(t *testing.T) {
	numbers := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat("1,", n), ",") + "]" }
	texts := func(n int) string { return "[" + strings.TrimSuffix(strings.Repeat(`"x",`, n), ",") + "]" }
	for name, row := range map[string]struct {
		meta, point   string // the point's labels are "l"
		family, large bool
	}{
		"all at the bound": {`"type":2,"opts":{"name":"a"},"labels":` + texts(MaxLabels) + `,"buckets":` + numbers(MaxBuckets),
			`"labels":` + texts(MaxLabels) + `,"histogram":{"buckets":` + numbers(MaxBuckets+1) + `}`, false, false},
		"keys":      {`"type":1,"opts":{"name":"a"},"labels":` + texts(MaxLabels+1), `"value":1`, true, false},
		"values":    {`"type":1,"opts":{"name":"a"}`, `"value":1,"labels":` + texts(MaxLabels+1), false, true},
		"bounds":    {`"type":2,"opts":{"name":"a"},"buckets":` + numbers(MaxBuckets+1), `"histogram":{"buckets":[1]}`, true, false},
		"buckets":   {`"type":2,"opts":{"name":"a"}`, `"histogram":{"buckets":` + numbers(MaxBuckets+2) + `}`, false, true},
		"quantiles": {`"type":3,"opts":{"name":"a"}`, `"summary":{"quantiles":` + numbers(MaxQuantiles+1) + `}`, false, true},
		"exp":       {`"type":5,"opts":{"name":"a"}`, `"exp_histogram":{"positive_buckets":` + numbers(MaxBuckets+1) + `}`, false, true},
		"name":      {fmt.Sprintf(`"type":1,"opts":{"ns":"%s","name":"b"}`, strings.Repeat("a", MaxName)), `"value":1`, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			chunk := chunktest.JSON(nil, `{"metrics":[{"meta":{`+row.meta+`},"values":[{`+row.point+`}]}]}`)
			readAll(t, chunk)
			var (
				r Reader
				c Context
				f Family
				p Point
			)
			r.Reset(chunk)
			if r.Next(&c) != nil || c.Next(&f) != nil || f.Next(&p) != nil || f.TooLarge != row.family || p.TooLarge != row.large {
				t.Errorf("family %v, point %v", f.TooLarge, p.TooLarge)
			}
		})
	}
}

func TestCumulate(t *testing.T) {
	for _, row := range []struct {
		buckets []uint64
		count   uint64
		otlp    bool
		want    string
	}{
		{[]uint64{0, 18, 18}, 18, false, "[0 18 18] 18 true"}, // cumulative
		{[]uint64{1, 2, 3}, 6, false, "[1 3 6] 6 true"},       // per bucket
		{[]uint64{1, 2, 3}, 6, true, "[1 3 6] 6 true"},
		{[]uint64{0, 0, 5}, 5, false, "[0 0 5] 5 true"}, // either
		{[]uint64{1, 2}, 6, true, "[1 2] 0 false"},      // OTLP whose bounds were lost
		{[]uint64{3, 2, 0}, 6, false, "[3 2 0] 0 false"},
		{[]uint64{1, 4, 5}, 4, false, "[1 4 5] 5 true"}, // read while it counted
		{[]uint64{1, 4, 4}, 5, false, "[1 4 5] 5 true"},
		{[]uint64{1<<64 - 1, 2, 1}, 2, false, "[18446744073709551615 2 1] 0 false"}, // the sum wraps around
		{[]uint64{7}, 7, false, "[7] 7 true"},
		{[]uint64{0, 0}, 0, true, "[0 0] 0 true"},
		{nil, 0, false, "[] 0 false"},
	} {
		p := Point{Buckets: row.buckets, Count: row.count}
		before := fmt.Sprint(row.buckets)
		count, ok := p.Cumulate(row.otlp)
		if got := fmt.Sprint(p.Buckets, count, ok); got != row.want {
			t.Errorf("%s of %d: %s, want %s", before, row.count, got, row.want)
		}
	}
}

// TestNotes: what OTLP says apart from the points finds its point, whatever it claims.
func TestNotes(t *testing.T) {
	const points = `"metrics":[{"meta":{"type":1,"opts":{"name":"a"}},"values":[{"ts":5,"value":1,"hash":255},{"ts":6,"value":1,"hash":255}]}]`
	for id, stale := range map[string]int{
		"ff:5": 1, "00ff:5": 1, "ff:6": 1, "ff:7": 0, "fe:5": 0, "ff": 0, "": 0, ":": 0, "FF:5": 0, "ff:x": 0, "1234567890abcdef0:5": 0,
		"ff:99999999999999999999999": 0,
	} {
		chunk := chunktest.JSON(nil, `{"meta":{"cmetrics":{"producer":"opentelemetry"},"external":{"otlp":{"metrics":{"gauge":{"a":{"datapoints":{"`+id+`":{"flags":1}}}},`+
			`"counter":{"a":{"datapoints":{"ff:5":{"flags":1},"ff:6":{"flags":1}}}}}}}},`+points+`}`)
		if got := strings.Count(dump(chunk), "stale"); got != stale {
			t.Errorf("%q: %d points are stale, want %d", id, got, stale)
		}
	}
}

// TestPointsLeftOut: a caller may read some of the points, or none, and finds the same families.
func TestPointsLeftOut(t *testing.T) {
	for _, name := range captures(t, "v[45]*/[^t]*.mp") {
		chunk := capture(t, name)
		all := namesWith(chunk, math.MaxInt)
		for _, points := range []int{0, 1} {
			if got := namesWith(chunk, points); !slices.Equal(got, all) {
				t.Errorf("%s: with %d points of each, the families are %q, want %q", name, points, got, all)
			}
		}
	}
}

// namesWith returns the names of the families of a chunk, of which at most so many points are read.
func namesWith(chunk []byte, most int) (names []string) {
	var (
		r Reader
		c Context
		f Family
		p Point
	)
	r.Reset(chunk)
	for r.Next(&c) == nil {
		for c.Next(&f) == nil {
			names = append(names, string(f.Name))
			for n := 0; n < most && f.Next(&p) == nil; n++ {
			}
		}
	}
	return names
}
