package config

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/promexporter/promexporter/internal/goldentest"
)

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
			goldentest.Compare(t, strings.TrimSuffix(file, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}
