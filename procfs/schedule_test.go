package procfs

import (
	"slices"
	"testing"
	"time"
)

// TestSchedule lets ticks come at these milliseconds and checks which ones start a round.
func TestSchedule(t *testing.T) {
	for name, test := range map[string]struct {
		interval    time.Duration
		ticks, want []int
	}{
		"at once, then each": {time.Second, []int{1000, 2000, 3000, 4000}, []int{1000, 2000, 3000, 4000}},
		"inexact ticks":      {time.Second, []int{1000, 1998, 3003, 3999, 5001}, []int{1000, 1998, 3003, 3999, 5001}},
		"five": {5 * time.Second,
			[]int{1000, 2000, 3000, 4000, 5000, 5999, 7001, 8001, 9001, 10001, 11001, 12000}, []int{1000, 5999, 11001}},
		"two and a half": {2500 * time.Millisecond,
			[]int{1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10000, 11000}, []int{1000, 3000, 6000, 8000, 11000}},
		"a late tick does not move the next": {3 * time.Second,
			[]int{1000, 2000, 3000, 5400, 6400, 7400}, []int{1000, 5400, 7400}},
		"after a pause": {2 * time.Second,
			[]int{1000, 2000, 3000, 60500, 61500, 62500, 63500, 64500}, []int{1000, 3000, 60500, 62500, 64500}},
		"drifting ticks": {time.Second, []int{1000, 2300, 3600, 4900, 6200, 7500}, []int{1000, 2300, 3600, 4900, 6200, 7500}},
	} {
		s := schedule{interval: test.interval}
		start := time.Now()
		var got []int
		for _, ms := range test.ticks {
			if s.due(start.Add(time.Duration(ms) * time.Millisecond)) {
				got = append(got, ms)
			}
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: rounds at %v, want %v", name, got, test.want)
		}
	}
}
