package record

// What follows lets a package that reads other chunks than those of logs read msgpack as this one does. Each function
// takes an offset into b and returns the offset after what it read, or a negative number when b[i] starts nothing of
// the kind, or something that does not end within b. None of them allocates, and none panics on any bytes as long as i
// is not negative.

// Skip passes over the value at b[i], whatever it is. Nesting costs no stack.
func Skip(b []byte, i int) (next int) { return skip(b, i) }

// ReadHeader reads the header of the [Array] or [Map] at b[i]. It returns the number of elements or pairs, which is
// what the header claims, and the offset of the first one.
func ReadHeader(b []byte, i int, kind Kind) (n, next int) { return container(b, i, kind) }

// ReadText reads the string or binary at b[i]. The text borrows b.
func ReadText(b []byte, i int) (payload []byte, next int) {
	if payload, next = shortText(b, i); next >= 0 {
		return payload[:len(payload):len(payload)], next
	}
	return text(b, i)
}

// ReadValue takes the value at b[i] into v, which borrows b.
func ReadValue(b []byte, i int, v *Value) (next int) { return decode(b, i, v) }
