package flb

import (
	"runtime"
	"unsafe"
)

// Loan is memory of an instance that the host reads after a collect callback has returned, and before its cleanup
// callback. The memory is Go's, pinned for that time: the host appends records from it to a chunk of its own and never
// frees what a plugin with a cleanup callback gave it, so a copy in C memory would be one more place to leak from.
//
// The zero value is ready. It is for one goroutine at a time.
type Loan struct{ pin runtime.Pinner }

// Give answers a collect callback with b, whose last two arguments are data and size. b must not change before Return
// or the next Give. Of nothing the host is told nothing.
func (l *Loan) Give(b []byte, data, size *uintptr) {
	l.pin.Unpin()
	if len(b) == 0 || data == nil || size == nil {
		return
	}
	first := unsafe.SliceData(b)
	l.pin.Pin(first)
	*data, *size = uintptr(unsafe.Pointer(first)), uintptr(len(b))
}

// Return takes back what was given, if anything was.
func (l *Loan) Return() { l.pin.Unpin() }
