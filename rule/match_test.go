package rule

import "testing"

func TestMatchTag(t *testing.T) {
	for _, test := range []struct {
		pattern, tag string
		want         bool
	}{
		{"*", "", true},
		{"*", "anything", true},
		{"a", "a", true},
		{"a", "ab", false},
		{"a*", "ab", true},
		{"a*", "b", false},
		{"*b", "ab", true},
		{"*b", "abc", false},
		{"a*b*c", "a--b--c", true},
		{"a*b*c", "a--c--b", false},
		{"a**c", "abc", true},
		{"ab*ba", "aba", false},
		{"*.*", "a.b", true},
		{"", "", true},
		{"", "a", false},
	} {
		if got := matchTag(test.pattern, test.tag); got != test.want {
			t.Errorf("matchTag(%q, %q) = %v, want %v", test.pattern, test.tag, got, test.want)
		}
	}
}
