package status

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// reasons formats errors as "reason 3, other 1", the most frequent first. A reason and its number stay on one line.
func reasons(errors map[string]uint64) string {
	var names []string
	for name, count := range errors {
		if count > 0 {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(errors[b], errors[a]), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = name + "\u00a0" + number(errors[name])
	}
	return strings.Join(names, ", ")
}

// number formats n with commas between thousands.
func number[N int | uint64](n N) string {
	digits := strconv.FormatUint(uint64(max(n, 0)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func utc(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// ago formats the time from t to now as Prometheus does, such as "1d2h3m4s".
func ago(now, t time.Time) string {
	return model.Duration(max(now.Sub(t), 0).Truncate(time.Second)).String()
}
