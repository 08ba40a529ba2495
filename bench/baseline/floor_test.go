package baseline

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFloor checks that the floor finds the events that msgp finds, in what real Fluent Bits wrote.
func TestFloor(t *testing.T) {
	files, err := filepath.Glob("../../record/testdata/chunks/*/*.mp")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		chunk, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Skip(chunk)
		if err != nil {
			continue
		}
		if got, err := Floor(chunk); got != want || err != nil {
			t.Errorf("%s: %d events, %v, want %d", file, got, err, want)
		}
	}
}
