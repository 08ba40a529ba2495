package e2e

import (
	"testing"

	"github.com/promexporter/promexporter/internal/glibc"
)

// TestGlibc holds the plugins to what README.md says of the machines that can load them.
func TestGlibc(t *testing.T) {
	for _, path := range []string{plugin, procfsPlugin(t)} {
		if err := glibc.Check(path); err != nil {
			t.Error(err)
		}
	}
}
