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

// The functions of the host that return the name of an instance.
const (
	nameOfInput  = "flb_input_name"
	nameOfOutput = "flb_output_name"
)

// hostName returns the host's name for an instance, or "" if the host has no such function.
func hostName(function string, instance unsafe.Pointer) string {
	f := C.CString(function)
	defer C.free(unsafe.Pointer(f))
	return C.GoString(C.promexporter_instance_name(f, instance))
}

// names gives the instances of one registration unique names. The zero value is ready to use. It is safe for concurrent
// use.
type names struct {
	mu    sync.Mutex
	taken map[string]bool
}

// reset forgets all names. It is called at each registration, because the host opens the instances of a registration
// after it has closed those of the one before.
func (n *names) reset() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.taken)
}

// unique returns host, the host's name for an instance, or a numbered name if host is "". The host allows two instances
// with the same alias; the second one becomes "alias#2".
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
