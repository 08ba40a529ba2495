package rule_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/chunktest"
	"github.com/promexporter/promexporter/rule"
)

// readyRule returns a rule with these keys for the counts.
func readyRule(keys string) string {
	return "metrics:\n- {name: took_seconds, rule: r, type: histogram, help: H., buckets: [0.1, 1, 5], " + keys + "}\n"
}

// took returns the page of the histogram with these cumulative counts.
func took(sum string, counts ...int) string {
	return fmt.Sprintf("# HELP took_seconds H.\n# TYPE took_seconds histogram\n"+
		"took_seconds_bucket{le=\"0.1\"} %d\ntook_seconds_bucket{le=\"1\"} %d\ntook_seconds_bucket{le=\"5\"} %d\n"+
		"took_seconds_bucket{le=\"+Inf\"} %d\ntook_seconds_sum %s\ntook_seconds_count %[4]d\n",
		counts[0], counts[1], counts[2], counts[3], sum)
}

func TestReadyHistograms(t *testing.T) {
	const keys = "sum: $sum, count: $count, "
	for name, test := range map[string]struct{ keys, records, want string }{
		"a list of maps": {
			keys + "bucket_counts: {from: $b, bound_key: upper_limit}",
			`{"b":[{"upper_limit":0.1,"count":3},{"upper_limit":1.0,"count":0},{"upper_limit":5.0,"count":2}],"count":6,"sum":14.5}
			 {"b":[{"upper_limit":0.1,"count":1},{"upper_limit":1.0,"count":4},{"upper_limit":5.0,"count":0}],"count":5,"sum":2.5}`,
			took("17", 4, 8, 10, 11),
		},
		"a map, cumulative, in any order": {
			keys + "bucket_counts: {from: $b, cumulative: true}",
			`{"b":{"+Inf":6,"0.1":3,"5":5,"1":3},"count":6,"sum":14.5}`, took("14.5", 3, 3, 5, 6),
		},
		"two lists, with a count for +Inf": {
			keys + "bucket_counts: {from: $b, bounds: $at}", `{"b":[3,0,2,1],"at":[0.1,1,5],"count":6,"sum":14.5}`, took("14.5", 3, 3, 5, 6),
		},
		"two lists, without": {
			keys + "bucket_counts: {from: $b, bounds: $at}", `{"b":[3,0,2],"at":[0.1,1,5],"count":6,"sum":14.5}`, took("14.5", 3, 3, 5, 6),
		},
		"counts alone": {
			keys + "bucket_counts: $b", `{"b":[3,0,2,1],"count":6,"sum":1}{"b":["0",1.0,0],"count":"1","sum":"2"}`, took("3", 3, 4, 6, 7),
		},
		"finer buckets": {
			keys + "bucket_counts: $b", `{"b":{"0.05":1,"0.1":1,"0.5":1,"1":1,"2":1,"5":1,"10":1,"+Inf":1},"count":8,"sum":1}`, took("1", 2, 4, 6, 8),
		},
		"nothing was observed":   {keys + "bucket_counts: $b", `{"b":[0,0,0],"count":0,"sum":0}`, took("0", 0, 0, 0, 0)},
		"without count":          {"bucket_counts: $b, sum: 0", `{"b":[1,2,3]}`, took("0", 1, 3, 6, 6)},
		"with an optional count": {"bucket_counts: $b, sum: 0, count: {from: $n, optional: true}", `{"b":[1,2,3]}{"b":[1,2,3],"n":7}`, took("0", 2, 6, 12, 13)},
		"running totals": {
			keys + "temporality: cumulative, bucket_counts: $b",
			`{"b":[1,0,0],"count":1,"sum":0.5}{"b":[2,1,0],"count":4,"sum":10.5}{"b":[0,1,0],"count":1,"sum":0.5}`, took("11", 2, 4, 4, 5),
		},
		"elements of an array": {
			"each: $list, bucket_counts: \"$item['b']\", sum: \"$item['s']\"", `{"list":[{"b":[1,0,0],"s":1},{"b":[0,0,1],"s":4}]}`, took("5", 1, 1, 2, 2),
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, rule.Options{}, parse(t, readyRule(test.keys)))
			r.feed("t", chunktest.Events(strings.ReplaceAll(test.records, "}{", "}\n{")))
			r.expect(test.want)
		})
	}
}

// TestBadBucketCounts holds that a histogram that cannot be counted as it is leaves nothing but its reason.
func TestBadBucketCounts(t *testing.T) {
	const all = "bucket_counts: {from: $b, bounds: $at}, sum: $sum, count: $n"
	for _, test := range []struct {
		keys, record string
		reason       rule.Reason
		field        string
	}{
		{all, `{"sum":1}`, rule.NoValue, "$b"},
		{all, `{"b":[1,1,1],"at":[0.1,1,5],"n":3}`, rule.NoValue, "$sum"},
		{all, `{"b":[1,1,1],"at":[0.1,1,5],"sum":3}`, rule.NoValue, "$n"},
		{all, `{"b":[1,1,1],"at":[0.1,1,5],"sum":3,"n":3.5}`, rule.NotACount, "$n"},
		{all, `{"b":[1,1,1],"at":[0.1,1,5],"sum":3,"n":-1}`, rule.NotACount, "$n"},
		{all, `{"b":[1,1,1],"at":[0.1,1,5],"sum":3,"n":2}`, rule.Inconsistent, "$b"},
		{all, `{"b":[1,1,1,0],"at":[0.1,1,5],"sum":3,"n":4}`, rule.Inconsistent, "$b"},
		{all, `{"b":[1,1],"at":[0.1,1,5],"sum":3,"n":2}`, rule.BadBuckets, "$b"},
		{all, `{"b":[1,1,1,1,1],"at":[0.1,1,5],"sum":3,"n":5}`, rule.BadBuckets, "$b"},
		{all, `{"b":[1,1,1],"at":7,"sum":3,"n":3}`, rule.BadBuckets, "$b"},
		{all, `{"b":[1,1,1],"at":[0.1,1,1],"sum":3,"n":3}`, rule.BadBuckets, "$b"},
		{all, `{"b":[1,1,1],"at":[0.1,true,5],"sum":3,"n":3}`, rule.BadBuckets, "$b"},
		{all, `{"b":[1,1],"at":[0.1,5],"sum":3,"n":3}`, rule.OtherBounds, "$b"},
		{all, `{"b":[],"at":[],"sum":3,"n":3}`, rule.OtherBounds, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":7}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[1,1,-1]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[1,1,0.5]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[1,1,"NaN"]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[1,1,null]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[1,1,1e300]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[1,1,1,1,1]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[1,1]}`, rule.OtherBounds, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":{"0.1":1,"1":1,"low":1}}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":{"-Inf":1,"0.1":1,"1":1,"5":1}}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":{"0.1":1,"1":1,"5":1,"5.0":1}}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":{"0.1":1,"1":1,"4":1}}`, rule.OtherBounds, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[{"le":0.1,"n":1}]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: $b, sum: 1", `{"b":[` + strings.Repeat(`{"le":0.1,"count":1},`, 1001) + `1]}`, rule.BadBuckets, "$b"},
		{"bucket_counts: {from: $b, cumulative: true}, sum: 1", `{"b":[3,2,3]}`, rule.Inconsistent, "$b"},
	} {
		r := newRig(t, rule.Options{}, parse(t, readyRule(test.keys)))
		r.feed("t", chunktest.Events(test.record))
		refusals := r.scratch.Refusals()
		if n := r.dropped(test.reason); n != 1 || len(refusals) != 1 {
			t.Errorf("%.80s: %d refused, %d described", test.record, n, len(refusals))
			continue
		}
		if f := refusals[0]; f.Field != test.field || f.Expected == "" {
			t.Errorf("%.80s: got %s, %s", test.record, f.Field, f.Expected)
		}
		r.expect("")
	}
}

// TestReadyEqualsObserved holds that a histogram of counts is that of the observations, in each form.
func TestReadyEqualsObserved(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	bounds := []float64{0.1, 1, 5}
	observed := newRig(t, rule.Options{}, parse(t, readyRule("value: $v")))
	forms := map[string]*rig{}
	for _, keys := range []string{
		"bucket_counts: $map", "bucket_counts: {from: $cumulative, cumulative: true}", "bucket_counts: $maps", "bucket_counts: $list",
		"bucket_counts: {from: $totals, cumulative: true}, temporality: cumulative",
	} {
		sum := "$sum"
		if strings.Contains(keys, "temporality") {
			sum = "$total_sum"
		}
		forms[keys] = newRig(t, rule.Options{}, parse(t, readyRule(keys+", sum: "+sum)))
	}
	totals, totalSum := make([]int, 4), 0.0
	for range 50 {
		counts, sum := make([]int, 4), 0.0
		for range random.IntN(20) {
			v := float64(random.IntN(40)) / 4
			sum += v
			at := 0
			for at < len(bounds) && v > bounds[at] {
				at++
			}
			counts[at]++
			observed.feed("t", chunktest.Events(fmt.Sprintf(`{"v":%v}`, v)))
		}
		totalSum += sum
		cumulative := 0
		perBound, upTo, all, maps := map[string]int{}, map[string]int{}, map[string]int{}, []any{}
		for i, le := range []string{"0.1", "1", "5", "+Inf"} {
			cumulative += counts[i]
			for j := i; j < 4; j++ {
				totals[j] += counts[i]
			}
			perBound[le], upTo[le] = counts[i], cumulative
			maps = append(maps, map[string]any{"le": le, "count": counts[i]})
		}
		for i, le := range []string{"0.1", "1", "5", "+Inf"} {
			all[le] = totals[i]
		}
		text, err := json.Marshal(map[string]any{
			"map": perBound, "cumulative": upTo, "maps": maps, "list": counts, "sum": sum, "totals": all, "total_sum": totalSum,
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range forms {
			r.feed("t", chunktest.Events(string(text)))
		}
	}
	for keys, r := range forms {
		if got, want := r.text(), observed.text(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", keys, got, want)
		}
	}
}

// FuzzBucketCounts holds that no record makes a page with a histogram that contradicts itself, and that each record is
// counted or has a reason.
func FuzzBucketCounts(f *testing.F) {
	for _, text := range []string{
		`{"b":[1,2,3,4],"sum":1,"n":10}`, `{"b":{"0.1":1,"1":2,"5":3,"+Inf":4},"sum":1}`, `{"b":[{"le":0.1,"count":1}],"sum":1}`,
		`{"b":[1,2],"at":[0.1,1],"sum":-1,"n":1e300}`,
	} {
		f.Add(text)
	}
	rules := parse(f, readyRule("bucket_counts: $b, sum: $sum, count: {from: $n, optional: true}")+
		"- {name: two, type: histogram, help: H., buckets: [0.1, 1], sum: 0, bucket_counts: {from: $b, bounds: $at, cumulative: true}, temporality: cumulative}\n")
	f.Fuzz(func(t *testing.T, text string) {
		var record map[string]any
		if json.Unmarshal([]byte(text), &record) != nil || record == nil {
			return
		}
		normal, err := json.Marshal(record)
		if err != nil {
			return
		}
		r := newRig(t, rule.Options{}, rules)
		r.feed("t", chunktest.Events(string(normal)))
		for _, s := range r.set.Stats() {
			n := s.Samples()
			for _, reason := range rule.Reasons() {
				n += s.Skipped(reason)
			}
			if n != s.Matched() {
				t.Errorf("%d of %d records have an outcome", n, s.Matched())
			}
		}
		for _, family := range r.gather() {
			for _, m := range family.Metric {
				last := uint64(0)
				for _, b := range m.Histogram.Bucket {
					if b.GetCumulativeCount() < last {
						t.Errorf("buckets fall: %v", m)
					}
					last = b.GetCumulativeCount()
				}
				if m.Histogram.GetSampleCount() < last {
					t.Errorf("count below the buckets: %v", m)
				}
			}
		}
	})
}

func TestBucketCountsDoNotAllocate(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	rules := parse(t, readyRule("bucket_counts: $map, sum: $sum, count: $n")+
		"- {name: b, type: histogram, help: H., buckets: [0.1, 1, 5], bucket_counts: $maps, sum: 0}\n"+
		"- {name: c, type: histogram, help: H., buckets: [0.1, 1, 5], bucket_counts: {from: $list, bounds: $at}, sum: 0, temporality: cumulative}\n")
	const event = `{"map":{"0.1":1,"1":2,"5":3,"+Inf":4},"sum":"1.5","n":10,"maps":[{"le":"0.1","count":1},{"le":1,"count":0},{"le":5,"count":2}],
		"list":[1,2,3,4],"at":[0.1,1,5]}`
	if n := allocations(t, rules, event); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
