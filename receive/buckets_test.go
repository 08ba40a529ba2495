package receive_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/collector"
)

// exponential is a family e with one point.
func exponential(meta, body string) string {
	return fmt.Sprintf(`{"meta":{"type":5,"opts":{"name":"e"},"labels":[]%s},"values":[{"ts":$T,"exp_histogram":{%s}}]}`, meta, body)
}

// buckets returns what the page has of e: the counts of its classic buckets.
func (r *rig) buckets() string {
	var all []string
	for line := range strings.Lines(r.page(text)) {
		if rest, ok := strings.CutPrefix(line, `e_bucket{le="`); ok {
			bound, count, _ := strings.Cut(strings.TrimSpace(rest), `"} `)
			all = append(all, bound+":"+count)
		}
	}
	return strings.Join(all, " ")
}

// TestBuckets: a rule gives classic buckets to exponential histograms.
func TestBuckets(t *testing.T) {
	const (
		signed = `"scale":0,"count":15,"zero_count":5,"positive_buckets":[3,1,2],"negative_offset":1,"negative_buckets":[4],"sum_set":1,"sum":0`
		delta  = `,"aggregation_type":1`
		wide   = `"scale":0,"count":2,"zero_count":1,"zero_threshold":3,"positive_offset":0,"positive_buckets":[1]`
	)
	for name, row := range map[string]struct {
		rules  string
		points []string
		want   string
	}{
		"none": {"[{metric: e, ttl: 1h}]", []string{exponential("", signed)}, "+Inf:15"},
		"on the bounds": {
			"[{buckets: [-8, -4, -2, 0, 1, 2, 4, 8]}]", []string{exponential("", signed)},
			"-8:0 -4:0 -2:4 0:9 1:9 2:12 4:13 8:15 +Inf:15",
		},
		"between the bounds": {ratherHigh, []string{exponential("", signed)}, "-2.1:0 -1:4 0.5:9 1.9:9 3.9:12 100:15 +Inf:15"},
		"a formula":          {"[{buckets: {exponential: {start: 1, factor: 2, count: 3}}}]", []string{exponential("", signed)}, "1:9 2:12 4:13 +Inf:15"},
		"a wide zero":        {"[{buckets: [1, 2, 3]}]", []string{exponential("", wide)}, "1:0 2:0 3:2 +Inf:2"},
		"nothing counted":    {"[{buckets: [1]}]", []string{exponential("", `"scale":0,"count":0`)}, "1:0 +Inf:0"},
		"increments": {
			"[{buckets: [1, 2]}]", []string{exponential(delta, signed), exponential(delta, signed)}, "1:18 2:24 +Inf:30",
		},
		"the later rule": {"[{buckets: [1, 2]}, {buckets: [4]}]", []string{exponential("", signed)}, "4:13 +Inf:15"},
		"a classic histogram keeps its own": {
			"[{buckets: [1, 2]}]",
			[]string{`{"meta":{"type":2,"opts":{"name":"e"},"labels":[],"buckets":[5]},"values":[{"ts":$T,"histogram":{"buckets":[1,1],"sum":1,"count":1}}]}`},
			"5:1 +Inf:1",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.scratch.Rules = compile(t, "received: "+row.rules, nil)
			for i, p := range row.points {
				s := step{int64(i), "t", false, p}
				r.read(s.chunk(), "t", base+s.after)
			}
			if got := r.buckets(); got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
			promtool(t, r.page("text/plain;version=0.0.4"))
		})
	}
}

const ratherHigh = "[{buckets: [-2.1, -1, 0.5, 1.9, 3.9, 100]}]"

// TestBucketsOnReload: a change of the buckets alone removes nothing, and the next point brings it.
func TestBucketsOnReload(t *testing.T) {
	r := newRig(t)
	s := step{0, "t", false, exponential(`,"aggregation_type":1`, `"scale":0,"count":1,"positive_buckets":[1]`)}
	also := func(f *collector.Family) *collector.Family { return f }
	for i, row := range []struct{ rules, before, after string }{
		{"[{ttl: 1h}]", "", "+Inf:1"},
		{"[{ttl: 1h, buckets: [1, 2]}]", "+Inf:1", "1:0 2:2 +Inf:2"},
		{"[{ttl: 1h, buckets: [2]}]", "1:0 2:2 +Inf:2", "2:3 +Inf:3"},
		{"[{ttl: 1h}]", "2:3 +Inf:3", "+Inf:4"},
	} {
		r.scratch.Rules = compile(t, "received: "+row.rules, nil)
		if err := r.collector.RetainReceived(r.scratch.Rules.Fingerprint); err != nil {
			t.Fatal(err)
		}
		if err := r.collector.Retain(nil, also); err != nil {
			t.Fatal(err)
		}
		if got := r.buckets(); got != row.before {
			t.Errorf("%d before: %s", i, got)
		}
		r.read(s.chunk(), "t", base)
		if got := r.buckets(); got != row.after {
			t.Errorf("%d after: %s", i, got)
		}
	}
}

// TestBucketsCount: classic buckets count in the memory of the series, from the moment on that a rule has them.
func TestBucketsCount(t *testing.T) {
	r := newRig(t)
	s := step{0, "t", false, exponential("", `"scale":0,"count":1,"positive_buckets":[1]`)}
	with := "[{buckets: {linear: {start: 1, width: 1, count: 500}}}]"
	var bytes []int64
	for _, rules := range []string{"[{ttl: 1h}]", with, "[{ttl: 1h}]"} {
		r.scratch.Rules = compile(t, "received: "+rules, nil)
		if err := r.collector.Retain(nil, func(f *collector.Family) *collector.Family { return f }); err != nil {
			t.Fatal(err)
		}
		r.read(s.chunk(), "t", base)
		bytes = append(bytes, r.collector.Stats().Bytes())
	}
	if bytes[1]-bytes[0] < 8*500 || bytes[2] != bytes[0] {
		t.Error(bytes)
	}
}

// TestBucketsAreExact compares the classic buckets at powers of two, which are bounds of each scale from 0 on, with the
// observations.
func TestBucketsAreExact(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		scale := rnd.IntN(9)
		var body strings.Builder
		const n, offset = 200, -1024
		var want [2]struct{ one, two int }
		counts := [2][]int{make([]int, 2048), make([]int, 2048)}
		for range n {
			v := math.Exp(rnd.NormFloat64() * 0.6)
			side := rnd.IntN(2)
			counts[side][int(math.Ceil(math.Log2(v)*math.Ldexp(1, scale)))-1-offset]++
			if v <= 1 {
				want[side].one++
			}
			if v <= 2 {
				want[side].two++
			}
		}
		fmt.Fprintf(&body, `"scale":%d,"count":%d`, scale, n)
		for side, name := range []string{"positive", "negative"} {
			list := make([]string, len(counts[side]))
			for i, n := range counts[side] {
				list[i] = strconv.Itoa(n)
			}
			fmt.Fprintf(&body, `,"%s_offset":%d,"%s_buckets":[%s]`, name, offset, name, strings.Join(list, ","))
		}
		r := newRig(t)
		r.scratch.Rules = compile(t, "received: [{buckets: [-2, -1, 0, 1, 2]}]", nil)
		s := step{0, "t", false, exponential("", body.String())}
		r.read(s.chunk(), "t", base)
		negative := n - sum(counts[0])
		if got, want := r.buckets(), fmt.Sprintf("-2:%d -1:%d 0:%d 1:%d 2:%d +Inf:%d", negative-want[1].two, negative-want[1].one,
			negative, negative+want[0].one, negative+want[0].two, n); got != want {
			t.Fatalf("scale %d: got %s, want %s", scale, got, want)
		}
	}
}

func sum(all []int) (total int) {
	for _, n := range all {
		total += n
	}
	return total
}
