package main

import (
	"testing"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, tag string
		want         bool
	}{
		{"", "", true},
		{"", "a", false},
		{"cpu.0", "cpu.0", true},
		{"cpu.0", "cpu.00", false},
		{"cpu", "cpu.0", false},
		{"CPU.0", "cpu.0", false},
		{"*", "", true},
		{"*", "anything", true},
		{"**", "anything", true},
		{"cpu.*", "cpu.", true},
		{"cpu.*", "cpu.0.x", true},
		{"cpu.*", "cpu", false},
		{"*.log", "a.log", true},
		{"*.log", ".log", true},
		{"*.log", "a.log.log", true},
		{"*.log", "a.log.x", false},
		{"a*c", "abc", true},
		{"a*c", "ac", true},
		{"a*c", "abcd", false},
		{"a*b*c", "a.b.b.c", true},
		{"a**c", "abc", true},
		{"a*b*", "ab", true},
		{"?", "a", false},
		{"[a]", "a", false},
	} {
		if got := match(tt.pattern, tt.tag); got != tt.want {
			t.Errorf("match(%q, %q) = %v", tt.pattern, tt.tag, got)
		}
	}
}

func TestMatcher(t *testing.T) {
	for _, tt := range []struct {
		name  string
		l     property.List
		alone bool
		tag   string
		want  bool
	}{
		{"none", nil, false, "a", false},
		{"none, alone", nil, true, "a", true},
		{"another, alone", property.Of("match", "b"), true, "a", false},
		{"match", property.Of("Match", "a*"), false, "ab", true},
		{"the last match", property.Of("match", "b", "match", "a"), false, "a", true},
		{"expression", property.Of("match_regex", "a.c"), false, "abcd", true},
		{"expression from the start", property.Of("match_regex", "b"), false, "ab", false},
		{"expression that matches nothing", property.Of("match_regex", "x*"), false, "ab", false},
		{"either", property.Of("match_regex", "x", "match", "a"), false, "a", true},
	} {
		f, err := matcher(tt.l, tt.alone)
		if err != nil || f(tt.tag) != tt.want {
			t.Errorf("%s: %v, %v", tt.name, f(tt.tag), err)
		}
	}
	if _, err := matcher(property.Of("match_regex", "("), false); err == nil {
		t.Error("( is an expression")
	}
}
