package record

import (
	"os"
	"path/filepath"
	"testing"
)

// capture returns the bytes of a chunk that a real Fluent Bit handed to an
// output.
func capture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "chunks", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// key is a path of map keys.
func key(root Root, keys ...string) Path {
	p := Path{Root: root}
	for _, k := range keys {
		p.Steps = append(p.Steps, Step{Key: k})
	}
	return p
}
