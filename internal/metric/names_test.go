package metric

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, test := range []struct {
		name string
		kind Type
		want string
	}{
		{"a", Gauge, "a"},
		{"a_total", Gauge, "a_total"},
		{"a", Unknown, "a"},
		{"a_total", Counter, "a_total a a_total a_created"},
		{"a", Counter, "a a a_total a_created"},
		{"a", Histogram, "a a_bucket a_sum a_count a_created"},
		{"a", Summary, "a a_sum a_count a_created"},
		{"a.b_c", Gauge, "a_b_c a_dot_b__c U__a_2e_b__c"},
		{"日", Summary, "_ __sum __count __created __ ___sum ___count ___created " +
			"U___65e5_ U___65e5__sum U___65e5__count U___65e5__created"},
	} {
		if got := strings.Join(Names(test.name, test.kind), " "); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.kind, test.name, got, test.want)
		}
	}
}

// TestConflictingNames holds which families may be on the same page.
func TestConflictingNames(t *testing.T) {
	for _, test := range []struct {
		first      string
		firstKind  Type
		second     string
		secondKind Type
		want       bool
	}{
		{"a", Gauge, "b", Gauge, true},
		{"a", Gauge, "a_total", Gauge, true},
		{"a", Gauge, "a_total", Counter, false},
		{"a", Gauge, "a_created", Gauge, true},
		{"a_total", Counter, "a_created", Gauge, false},
		{"a", Histogram, "a_count", Gauge, false},
		{"a", Histogram, "a_info", Gauge, true},
		{"a", Summary, "a_sum_total", Counter, false},
		{"a", Summary, "a_bucket", Gauge, true},
		{"a.b", Gauge, "a_b", Gauge, false},
		{"a.b", Gauge, "a_dot_b", Gauge, false},
		{"a.b", Gauge, "a-b", Gauge, false},
		{"a.b", Gauge, "U__a_2e_b", Gauge, false},
	} {
		names := Names(test.first, test.firstKind)
		got := !slices.ContainsFunc(Names(test.second, test.secondKind), func(name string) bool { return slices.Contains(names, name) })
		if got != test.want {
			t.Errorf("%s %s beside %s %s: %t", test.firstKind, test.first, test.secondKind, test.second, got)
		}
	}
}
