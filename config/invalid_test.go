package config

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what the files in testdata give now")

// golden compares got with the file at path, or writes it with -update.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestInvalid reads one file per mistake; the .txt file of the same name has the exact messages.
func TestInvalid(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			rules, err := ParseRules(file, text)
			if rules != nil || err == nil {
				t.Fatalf("taken for valid: %+v", rules)
			}
			var mistakes Mistakes
			if !errors.As(err, &mistakes) {
				t.Fatalf("%T is no Mistakes", err)
			}
			for i := range mistakes {
				if mistakes[i].Line < 1 || mistakes[i].Column < 1 {
					t.Errorf("no position: %+v", mistakes[i])
				}
				if mistakes[i].Right == "" {
					t.Errorf("no advice: %v", &mistakes[i])
				}
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}
