package flb

/*
#include <stdlib.h>
#include "abi.h"
*/
import "C"

import (
	"fmt"
	"sync"
	"unsafe"
)

// The host's functions that name its instances.
const (
	nameOfInput  = "flb_input_name"
	nameOfOutput = "flb_output_name"
)

// hostName returns the name that the host has for an instance, or "" if it cannot be asked.
func hostName(function string, instance unsafe.Pointer) string {
	f := C.CString(function)
	defer C.free(unsafe.Pointer(f))
	return C.GoString(C.promexporter_instance_name(f, instance))
}

// names keeps the instances of one registration apart. Its zero value is ready; it is safe for concurrent use.
type names struct {
	mu    sync.Mutex
	taken map[string]bool
}

// reset forgets all names: the host opens the instances of a registration after it closed those of the one before.
func (n *names) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.taken)
}

// unique returns host, the name that the host has for an instance, or a name by our own count if it has none for us. The
// host lets two instances share an alias; the second is told apart as "alias#2".
func (n *names) unique(host, plugin string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if host == "" {
		host = fmt.Sprintf("%s.%d", plugin, len(n.taken))
	}
	name := host
	for i := 2; n.taken[name]; i++ {
		name = fmt.Sprintf("%s#%d", host, i)
	}
	if n.taken == nil {
		n.taken = make(map[string]bool)
	}
	n.taken[name] = true
	return name
}
