package config

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

func mistakesOf(t *testing.T, text string) Mistakes {
	t.Helper()
	_, err := ParseRules("rules.yaml", []byte(text))
	var mistakes Mistakes
	if !errors.As(err, &mistakes) {
		t.Fatalf("got %v", err)
	}
	return mistakes
}

func TestFileTooLarge(t *testing.T) {
	m := mistakesOf(t, strings.Repeat("#", maxFileSize+1))
	if got, want := m.Error(), "rules.yaml:1:1: the file has 1048577 bytes; a rules file has at most 1048576 bytes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTooManyRules(t *testing.T) {
	rule := "- {name: x_total, type: counter}\n"
	if _, err := ParseRules("rules.yaml", []byte("metrics:\n"+strings.Repeat(rule, maxMetrics))); err != nil {
		t.Error(err)
	}
	m := mistakesOf(t, "metrics:\n"+strings.Repeat(rule, maxMetrics+1))
	if got, want := m.Error(), "rules.yaml:2:1: metrics: 10001 rules; a file has at most 10000"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTooManyMistakes(t *testing.T) {
	m := mistakesOf(t, "metrics:\n"+strings.Repeat("- x\n", 1234))
	if len(m) != maxMistakes+1 {
		t.Fatalf("got %d mistakes", len(m))
	}
	if got, want := m[maxMistakes].Error(), "rules.yaml:1002:3: 234 more mistakes follow"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestDeepestConditions holds that the bounds leave room for what they promise.
func TestDeepestConditions(t *testing.T) {
	nested := func(levels int) string {
		c := "{field: $a, op: exists}"
		for range levels {
			c = "\n{rules: [" + c + "]}"
		}
		return "metrics:\n- {name: x_total, type: counter, help: Help., condition: " + c + "}\n"
	}
	if _, err := ParseRules("rules.yaml", []byte(strings.ReplaceAll(nested(15), "\n{", "\n  {"))); err != nil {
		t.Error(err)
	}
	mistakesOf(t, nested(16))
}

func TestTooDeep(t *testing.T) {
	for name, test := range map[string]struct{ open, where string }{
		"brackets": {"[", "1:10001"}, "braces": {"{a: ", "1:40001"}, "elements": {"- ", "1:20001"}, "keys": {"? ", "1:20001"},
	} {
		t.Run(name, func(t *testing.T) {
			m := mistakesOf(t, strings.Repeat(test.open, 10_001))
			want := "rules.yaml:" + test.where + ": nested more than 10000 levels deep; use fewer levels"
			if got := m.Error(); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if got := mistakesOf(t, strings.Repeat(test.open, 5_000)).Error(); strings.Contains(got, "levels deep") {
				t.Errorf("got %s", got)
			}
		})
	}
}

func TestTooManyMarks(t *testing.T) {
	help := "metrics: [{name: x_total, type: counter, help: 'Help." // with eight marks
	if _, err := ParseRules("rules.yaml", []byte(help+strings.Repeat(",", maxMarks-10)+"'}]")); err != nil {
		t.Error(err)
	}
	m := mistakesOf(t, help+strings.Repeat(",", maxMarks-9)+"'}]")
	want := "rules.yaml:1:250047: more than 250000 of the characters ,:[]{}; write fewer rules"
	if got := m.Error(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// hostile are texts that keep a YAML parser busy when a file repeats them, each with a start of the file.
var hostile = []struct{ head, repeated string }{
	{"", "["}, {"", "{"}, {"", "- "}, {"", "? "}, {"", "!!a "}, {"", "&a "}, {"[", "!a "}, {"[", "&a "}, {"[", "a: "},
	{"", "a: "}, {"", "a:\n"}, {"", "? \n"}, {"", "-\n"}, {"", "- a:\n"}, {"", "- a:\n  b:\n"}, {"{", "a:,"},
	{"", "- - \n"}, {"", "- ? a\n"}, {"", "x: 1\n"}, {"", "<<: *a\n"}, {"", "a: |\n b\n"}, {"", "*a "}, {"[", "a,"},
	{"{", "a: b,"}, {"[", "[],"}, {"", "]"}, {"", "---\n"}, {"x: '", "y\n "}, {"x: |\n", " y\n"},
	{"a: &a b\nc:\n", "- *a\n"}, {"metrics:\n", "- name: &a x\n"}, {"labels:\n", " a: 'b'\n"}, {"", "--- \n...\n"},
	{"", "[]"}, {"", "{}"}, {"", `""`}, {"", "! "}, {"[", ":,"}, {"[", "a: b,"}, {"[", `"a": b,`}, {"[", "? ,"},
	{"{", "? a,"}, {"{", "? "}, {"{", "- "}, {"[", "a "}, {"{a: ", "{b: 1}, c: "}, {"[[", "],["}, {"", "#\n"},
	{"a: ", "b\n\n "}, {"", "a: b # c\n"}, {"a:\n", "# x\n - b\n"}, {"", "'a': b\n"}, {"", "&a a: b\n"},
	{"", "%TAG !a! b\n"}, {"%TAG ", "a"}, {"a: *", "b"}, {"", "- &a\n"}, {"", "- !a\n"}, {"", "\"a\n\" "},
	{`a: "`, "\\\n"}, {"a: >\n", " b\n\n  c\n"}, {"", ": "}, {"", ":\n"}, {"", "...\n"},
	{"[", strings.Repeat("[", 9_990) + strings.Repeat("]", 9_990) + ","}, {"", strings.Repeat("- ", 9_990) + "\n"},
}

// TestHostileFiles holds that the work for a file grows with its length alone, whatever the file holds.
func TestHostileFiles(t *testing.T) {
	const size = maxFileSize / 16
	// Bytes allocated for a byte of the file. Work that grows with the square of the length would need far more.
	const most = 4 << 10
	for _, h := range hostile {
		name := fmt.Sprintf("%q and %.10q", h.head, h.repeated)
		t.Run(name, func(t *testing.T) {
			text := h.head + strings.Repeat(h.repeated, size/len(h.repeated))
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			mistakesOf(t, text)
			runtime.ReadMemStats(&after)
			if got := (after.TotalAlloc - before.TotalAlloc) / uint64(len(text)); got > most {
				t.Errorf("%d bytes allocated for a byte of the file", got)
			}
		})
	}
}

// TestHostileRecords holds the same of the records of a test, which become JSON.
func TestHostileRecords(t *testing.T) {
	for _, h := range []struct{ head, repeated, tail string }{
		{"[", "x,", "]"}, {"[", "1,", "]"}, {"[", "[],", "]"}, {"[", "{a: b},", "]"}, {"'", "x", "'"}, {`"`, `\0`, `"`}, {"[[", "],[", "]]"},
		{strings.Repeat("[", 5000), "~,", strings.Repeat("]", 5000)},
	} {
		t.Run(fmt.Sprintf("%.10q and %q", h.head, h.repeated), func(t *testing.T) {
			text := "tests: [{name: x, steps: [{records: [{a: " + h.head + strings.Repeat(h.repeated, 20_000) + h.tail + "}]}]}]"
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			if _, err := ParseTests("rules_test.yaml", []byte(text)); err != nil {
				t.Error(err)
			}
			runtime.ReadMemStats(&after)
			if got := (after.TotalAlloc - before.TotalAlloc) / uint64(len(text)); got > 4<<10 {
				t.Errorf("%d bytes allocated for a byte of the file", got)
			}
		})
	}
}

// TestTextsOfAliasesAreCounted holds that a long text cannot be repeated by aliases without bound.
func TestTextsOfAliasesAreCounted(t *testing.T) {
	before := "&a " + strings.Repeat("x", 2000)
	for name := 'a'; name < 'f'; name++ {
		before = fmt.Sprintf("%s, &%c [%s*%c]", before, name+1, strings.Repeat(fmt.Sprintf("*%c,", name), 9), name)
	}
	_, err := ParseTests("rules_test.yaml", []byte("tests: [{name: x, steps: [{records: [{a: ["+before+"]}]}]}]"))
	if err == nil || !strings.Contains(err.Error(), "with aliases expanded") {
		t.Error(err)
	}
}

// TestAliasesAreCountedInFull holds that a small file cannot expand to a large one, even if each value is allowed.
func TestAliasesAreCountedInFull(t *testing.T) {
	c := "{field: $x, op: exists}"
	var b strings.Builder
	b.WriteString("metrics:\n")
	for i := range 12 {
		fmt.Fprintf(&b, "- {name: a%d_total, type: counter, condition: &c%d {op: or, rules: [%s]}}\n", i, i,
			strings.TrimSuffix(strings.Repeat(c+", ", 8), ", "))
		c = fmt.Sprintf("*c%d", i)
	}
	m := mistakesOf(t, b.String())
	if !strings.Contains(m.Error(), "with aliases expanded") {
		t.Error(m)
	}
}

func TestMistakesInOrder(t *testing.T) {
	m := mistakesOf(t, "metrics:\n- name: go_a\n  type: x\n- name: 5\n  typ: y\nttl: z\nlabels: 5\n")
	for i := 1; i < len(m); i++ {
		if m[i-1].compare(m[i].Position) > 0 {
			t.Errorf("%v is before %v", &m[i-1], &m[i])
		}
	}
}

func TestWarningsDoNotRefuse(t *testing.T) {
	rules, err := ParseRules("dir/rules.yaml", []byte("metrics: [{name: x, type: counter}]"))
	if err != nil || len(rules.Warnings) != 2 {
		t.Fatalf("got %+v, %v", rules, err)
	}
	want := "rules.yaml:1:11: metrics[0].help: missing; describe what is measured"
	if got := rules.Warnings[0].Error(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
