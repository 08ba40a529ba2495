package exposition

import (
	"slices"
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for _, test := range []struct{ name, kind, want string }{
		{"a", "gauge", "a"},
		{"a_total", "gauge", "a_total"},
		{"a", "untyped", "a"},
		{"a_total", "counter", "a_total a a_total a_created"},
		{"a", "counter", "a a a_total a_created"},
		{"a", "histogram", "a a_bucket a_sum a_count a_created"},
		{"a", "summary", "a a_sum a_count a_created"},
		{"a.b_c", "gauge", "a_b_c a_dot_b__c U__a_2e_b__c"},
		{"日", "summary", "_ __sum __count __created __ ___sum ___count ___created " +
			"U___65e5_ U___65e5__sum U___65e5__count U___65e5__created"},
	} {
		if got := strings.Join(Names(test.name, test.kind), " "); got != test.want {
			t.Errorf("%s %s: %s, want %s", test.kind, test.name, got, test.want)
		}
	}
}

// TestNamesOfNeighbours checks which families can be on the same page.
func TestNamesOfNeighbours(t *testing.T) {
	for _, test := range []struct {
		first, firstKind, second, secondKind string
		want                                 bool
	}{
		{"a", "gauge", "b", "gauge", true},
		{"a", "gauge", "a_total", "gauge", true},
		{"a", "gauge", "a_total", "counter", false},
		{"a", "gauge", "a_created", "gauge", true},
		{"a_total", "counter", "a_created", "gauge", false},
		{"a", "histogram", "a_count", "gauge", false},
		{"a", "histogram", "a_info", "gauge", true},
		{"a", "summary", "a_sum_total", "counter", false},
		{"a", "summary", "a_bucket", "gauge", true},
		{"a.b", "gauge", "a_b", "gauge", false},
		{"a.b", "gauge", "a_dot_b", "gauge", false},
		{"a.b", "gauge", "a-b", "gauge", false},
		{"a.b", "gauge", "U__a_2e_b", "gauge", false},
	} {
		names := Names(test.first, test.firstKind)
		got := !slices.ContainsFunc(Names(test.second, test.secondKind), func(name string) bool { return slices.Contains(names, name) })
		if got != test.want {
			t.Errorf("%s %s with %s %s: %t", test.firstKind, test.first, test.secondKind, test.second, got)
		}
	}
}
