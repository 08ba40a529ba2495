package record

import (
	"runtime/debug"
	"testing"
)

// TestReadsNothingBehindTheEnd cuts captures at every byte and puts each piece right before memory that must not be
// read.
func TestReadsNothingBehindTheEnd(t *testing.T) {
	g := newGuard(t, 1<<16)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	for _, name := range captures(t, "*/*") {
		chunk := capture(t, name)
		for cut := range min(len(chunk), 1000) + 1 {
			g.with(chunk[:cut], func(piece []byte) {
				readAll(t, piece, fuzzSelector)
				readAll(t, piece, otherSelector)
			})
		}
		g.with(chunk, func(whole []byte) { readAll(t, whole, fuzzSelector) })
	}
}

// TestGuardFaults: the page after the guarded bytes cannot be read; otherwise the test above would show nothing.
func TestGuardFaults(t *testing.T) {
	g := newGuard(t, 1)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	g.with([]byte{1}, func(b []byte) {
		defer func() {
			if recover() == nil {
				t.Error("a byte after the end could be read")
			}
		}()
		t.Logf("read %d", after(b))
	})
}
