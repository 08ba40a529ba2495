package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
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
		var mistakes Mistakes
		if !errors.As(err, &mistakes) || len(mistakes) == 0 || rules != nil {
			t.Fatalf("got %+v, %v", rules, err)
		}
		lines := bytes.Count(text, []byte("\n")) + bytes.Count(text, []byte("\r")) + 1
		for i := range mistakes {
			m := &mistakes[i]
			if m.Line < 1 || m.Line > lines+1 || m.Column < 1 || m.Wrong == "" || bytes.ContainsAny([]byte(m.Error()), "\n\r") {
				t.Errorf("%q of %d lines", m, lines)
			}
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
