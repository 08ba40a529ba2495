// Package sockettest gives tests paths of Unix sockets.
package sockettest

import (
	"os"
	"path/filepath"
	"testing"
)

// Path returns the path of a socket that is not there yet, in a directory that is removed at the end of the test. It
// does not depend on TMPDIR: a socket's path has 107 bytes at most, and listen_address cannot have a space in it.
func Path(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("/tmp", "promexporter-")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	return filepath.Join(dir, "s.sock")
}
