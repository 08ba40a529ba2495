//go:build unix

package record

import (
	"os"
	"sync"
	"syscall"
	"testing"
	"unsafe"
)

// guard is memory followed by a page that must not be read: a read past the end is a fault.
type guard struct {
	mu    sync.Mutex
	bytes []byte
}

func newGuard(t testing.TB, size int) *guard {
	t.Helper()
	page := os.Getpagesize()
	size = (size + page - 1) / page * page
	b, err := syscall.Mmap(-1, 0, size+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatalf("mmap: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Munmap(b); err != nil {
			t.Errorf("munmap: %v", err)
		}
	})
	if err := syscall.Mprotect(b[size:], syscall.PROT_NONE); err != nil {
		t.Fatalf("mprotect: %v", err)
	}
	return &guard{bytes: b[:size:size]}
}

// with calls f with a copy of chunk that ends where the guard begins.
func (g *guard) with(chunk []byte, f func(chunk []byte)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	end := g.bytes[len(g.bytes)-len(chunk):]
	copy(end, chunk)
	f(end)
}

// after reads the byte after the end of b.
func after(b []byte) byte {
	return *(*byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), len(b)))
}
