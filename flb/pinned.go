package flb

import (
	"runtime"
	"unsafe"
)

// PinnedBuffer lends records to the host, which reads them after a collect callback has returned and before it calls
// the cleanup callback. The memory is Go memory, pinned for that time. A copy in C memory would not help: the host
// appends the records to a chunk of its own and never frees what a plugin with a cleanup callback gave it.
//
// The zero value is ready. It may be used by one goroutine at a time.
type PinnedBuffer struct{ pinner runtime.Pinner }

// Set pins records and stores their address and length in data and size, the last two arguments of a collect callback.
// The records must not change before Release or the next Set. Without records, data and size stay as they are.
func (b *PinnedBuffer) Set(records []byte, data, size *uintptr) {
	b.pinner.Unpin()
	if len(records) == 0 || data == nil || size == nil {
		return
	}
	first := unsafe.SliceData(records)
	b.pinner.Pin(first)
	*data, *size = uintptr(unsafe.Pointer(first)), uintptr(len(records))
}

// Release unpins the records, if there are any.
func (b *PinnedBuffer) Release() { b.pinner.Unpin() }
