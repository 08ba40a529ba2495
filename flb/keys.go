package flb

/*
#include <stdlib.h>
#include "abi.h"
*/
import "C"

import "unsafe"

// Key describes one key of the [OUTPUT] or [INPUT] section, for the host's config map. The host expands ${VAR} in
// Default and shows it in its help, but Property does not return it.
type Key struct{ Name, Default, Description string }

// newKeys returns keys as an array for the host, or nil without keys. The array and its strings are one allocation in C
// memory: the host copies names and defaults per instance, borrows the descriptions, and writes nothing.
func newKeys(keys []Key) *C.struct_host_key {
	if len(keys) == 0 {
		return nil
	}
	n := len(keys) + 1 // a zero entry ends the array
	head := n * int(unsafe.Sizeof(C.struct_host_key{}))
	block := C.calloc(1, C.size_t(head+textSize(keys)))
	if block == nil {
		return nil
	}
	text := cText{unsafe.Slice((*byte)(unsafe.Add(block, head)), textSize(keys))}
	array := unsafe.Slice((*C.struct_host_key)(block), n)
	for i, k := range keys {
		// Type 0 is a string. The plugin checks the values itself, so that all checks are in one place.
		array[i].name = text.add(k.Name)
		array[i].def_value = text.add(k.Default)
		array[i].desc = text.add(k.Description)
	}
	return &array[0]
}

func textSize(keys []Key) int {
	size := 0
	for _, k := range keys {
		size += len(k.Name) + len(k.Default) + len(k.Description) + 3
	}
	return size
}

// cText is zeroed C memory for C strings.
type cText struct{ rest []byte }

// add appends s and returns it as a C string, or nil for "".
func (t *cText) add(s string) *C.char {
	if s == "" {
		return nil
	}
	p := (*C.char)(unsafe.Pointer(&t.rest[0]))
	copy(t.rest, s)
	t.rest = t.rest[len(s)+1:]
	return p
}
