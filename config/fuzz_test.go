package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

// FuzzParseRules holds that no text makes ParseRules panic, that what it refuses it refuses with places in the text,
// and that what it takes is sound.
func FuzzParseRules(f *testing.F) {
	files, err := filepath.Glob("testdata/*valid/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, err := ParseRules("rules.yaml", text)
		if err == nil {
			sound(t, rules)
			again, err := ParseRules("rules.yaml", text)
			if err != nil || !reflect.DeepEqual(rules, again) {
				t.Errorf("another time: %+v, %v", again, err)
			}
			return
		}
		if rules != nil {
			t.Errorf("rules %+v with %v", rules, err)
		}
		soundMistakes(t, text, err)
	})
}

// soundMistakes checks that err is mistakes with places in the text.
func soundMistakes(t *testing.T, text []byte, err error) {
	t.Helper()
	var mistakes Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) == 0 {
		t.Fatalf("got %v", err)
	}
	lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 1
	for i := range mistakes {
		m := &mistakes[i]
		if m.Line < 1 || m.Line > lines+1 || m.Column < 1 || m.Wrong == "" || bytes.ContainsAny([]byte(m.Error()), "\n\r") {
			t.Errorf("%q of %d lines", m, lines)
		}
	}
}

// FuzzParseTests holds the same of ParseTests.
func FuzzParseTests(f *testing.F) {
	files, err := filepath.Glob("../rules/*_test.yaml")
	if err != nil || len(files) == 0 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("tests: [{name: x, steps: [{at: 1m, time: -1s, group: {metadata: {}}, records: {file: a}}, {records: '{\"a\":1}'}]}]"))
	f.Add([]byte("tests: [{name: x, steps: [{records: [{a: 0x10, b: [.inf, ~]}], errors: {a: {no_value: 1}}, absent: ['a{b=\"c\"}']}]}]"))
	f.Add([]byte("tests: [{name: x, steps: [{records: [{a: &a xxxxxxxxxxxxxxxxxx, b: &b [*a,*a,*a,*a], c: &c [*b,*b,*b,*b], d: [*c,*c,*c,*c]}]}]}]"))
	f.Add([]byte("tests: [{name: x, steps: [{records: [{a: +5, b: .5, c: 1., d: -.5e+3, f: 1e999, g: -0, h: .inf, j: .nan, m: 1_000, n: 012, <<: {o: p}}]}]}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		tests, err := ParseTests("rules_test.yaml", text)
		if err != nil {
			if tests != nil {
				t.Errorf("tests %+v with %v", tests, err)
			}
			soundMistakes(t, text, err)
			return
		}
		soundTests(t, tests)
		again, err := ParseTests("rules_test.yaml", text)
		if err != nil || !reflect.DeepEqual(tests, again) {
			t.Errorf("another time: %+v, %v", again, err)
		}
	})
}

// soundTests checks that each test has a name and a place, that records are JSON objects, and that no clock goes back.
func soundTests(t *testing.T, tests *Tests) {
	t.Helper()
	for i := range tests.Tests {
		test := &tests.Tests[i]
		if test.Name == "" || test.Line < 1 {
			t.Errorf("test %d: %+v", i, test)
		}
		var clock time.Duration
		for j := range test.Steps {
			step := &test.Steps[j]
			if step.At < clock || step.Line < 1 || step.File != "" && step.Records != nil {
				t.Errorf("test %d, step %d: %+v", i, j, step)
			}
			clock = step.At
			for _, object := range append(step.Records, step.Metadata, step.GroupMetadata, step.GroupAttributes) {
				if object != nil && (!json.Valid(object) || object[0] != '{') {
					t.Errorf("test %d, step %d: %q is not a JSON object", i, j, object)
				}
			}
		}
	}
}

// FuzzParseKeys holds that no value of a key makes ParseKeys panic, and that the mistake of a value names its key.
func FuzzParseKeys(f *testing.F) {
	for i, k := range Keys() {
		f.Add(uint8(i), k.Example)
		f.Add(uint8(i), k.Default)
	}
	f.Fuzz(func(t *testing.T, i uint8, value string) {
		key := Keys()[int(i)%len(Keys())].Name
		c, err := ParseKeys(properties(key, value))
		if (c == nil) == (err == nil) {
			t.Fatalf("%s=%q: got %+v, %v", key, value, c, err)
		}
		var mistakes Mistakes
		if err != nil && (!errors.As(err, &mistakes) || len(mistakes) != 1 || mistakes[0].Path != key) {
			t.Errorf("%s=%q: %v", key, value, err)
		}
	})
}

func FuzzParseAccessor(f *testing.F) {
	for _, text := range []string{"$a", "$a['b'][0]", `$a["b"]`, "$TAG[1]", "$['x''y']", "$item", "$metadata['x']"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := parseAccessor(text)
		if (a == nil) == (err == nil) {
			t.Fatalf("got %v, %v", a, err)
		}
		if err == nil && a.Root == RootBody && len(a.Steps) == 0 {
			t.Error("the whole record")
		}
	})
}
