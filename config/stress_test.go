package config

import (
	"strings"
	"testing"
	"time"
)

func TestStressTmp(t *testing.T) {
	rule := "- name: x_total\n  type: counter\n  help: y\n  labels: {a: $b, c: {from: $d, default: x}}\n  condition: {field: $x, op: eq, value: 5}\n"
	for _, c := range []struct{ head, rep string }{
		{"metrics:\n", rule},
		{"", "["}, {"", "{"}, {"", "- "}, {"", "? "}, {"", "!!a "}, {"", "&a "}, {"[", "!a "}, {"[", "&a "}, {"[", "a: "}, {"", "a: "}, {"", "a:\n"}, {"", "? \n"}, {"", "-\n"},
		{"", "a: 'x\n"}, {"", "\"\\\n"}, {"", "*a "}, {"", "%a\n"}, {"", "---\n"}, {"", "|\n"}, {"", "a: |\n b\n"}, {"x: ", "y "}, {"x: ", "y\n "}, {"x: '", "y\n "}, {"", "#\n"}, {"", "a #\n"}, {"[", "a,"}, {"[", "a,\n"}, {"{", "a: b,"}, {"", "&a\n"}, {"", "!!a\n"}, {"", "\n"}, {"x: |\n", " a\n"}, {"x: |\n", " é\n"},{"x: >\n", " a\n"}, {"x: ", "''"}, {"x: '", "''"}, {"x: \"", "\\n"}, {"x: \"", "é"}, {"", "x: 1\n"},{"[", "[],"},{"[", "{},"},{"", "- a\n"},{"", "- a: b\n"},{"","<<: *a\n"},{"","a: &a b\n"},{"",": "},{"",",\n"},{"","]"},{"","}"},{"","\t"},{"a:\n"," \t\n"},{"- ","- \n"},
	} {
		for _, size := range []int{64<<10, 256 << 10} {
			text := []byte(c.head + strings.Repeat(c.rep, size/len(c.rep)))
			start := time.Now()
			_, err := ParseRules("x", text)
			d := time.Since(start)
			s := ""
			if err != nil { s = err.Error(); if len(s) > 80 { s = s[:80] } }
			if d > 300*time.Millisecond || size == 64<<10 { t.Logf("%q+%q %d: %v %s", c.head, c.rep, size, d, s) }
			if d > 5*time.Second {break}
		}
	}
}
