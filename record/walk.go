package record

// How an event is read, from the outside in:
//
//	Reader.Next   the next event, or what is wrong and where to continue reader.go
//	readHead      time, metadata and where the record is                 head.go
//	walkEvent     the maps of metadata and record                        this file
//	pickMap       the values at the paths of the Selector                this file
//	listMap       all numbers and booleans, for rules with fields        leaf.go
//	skip, decode  the bytes of one msgpack value                         wire.go
//
// Each function takes an offset and returns the offset after what it read, or bad.

// walk reads values from the maps of one event.
type walk struct {
	b      []byte
	event  *Event
	leaves Leaves // that are listed
	parent int    // where the map being listed starts
}

// walkEvent reads the maps after h, at b[i], and returns the offset after them.
func (w *walk) walkEvent(i int, h head, s *wanted) (next int, reason Reason) {
	if h.metadata {
		if i, reason = w.walkRoot(i, s.metadata, 0); reason != "" {
			return bad, reason
		}
	}
	return w.walkRoot(i, s.body, s.leaves)
}

// walkRoot reads the map at b[i], where the paths of n start, and returns the offset after it. It checks each key even
// if no path starts here, so that it finds the same malformed events for all Selectors.
func (w *walk) walkRoot(i int, n *node, leaves Leaves) (int, Reason) {
	if !isMap(lead(w.b, i)) {
		return bad, BadRecord
	}
	if n.slot != noSlot && decode(w.b, i, &w.event.Values[n.slot]) < 0 {
		return bad, Undecodable
	}
	if leaves != 0 {
		w.leaves = leaves
		i = w.listMap(i, n.children, 1)
	} else {
		i = w.pickMap(i, n.children)
	}
	if i < 0 {
		return bad, Undecodable
	}
	return i, ""
}

// pickMap reads the map at b[i] with the values of the children in k, and returns the offset after it, or bad.
func (w *walk) pickMap(i int, k *children) int {
	b, values := w.b, w.event.Values
	count, i := container(b, i, Map)
	for ; count > 0 && i >= 0; count-- {
		key, at := shortText(b, i)
		if at < 0 {
			if key, at = text(b, i); at < 0 {
				i = w.skipOtherKey(i)
				continue
			}
		}
		child := k.find(key)
		switch {
		case child == nil:
			if i = skipShort(b, at); i < 0 {
				i = skip(b, at)
			}
		case child.isLeaf:
			i = decode(b, at, &values[child.slot])
		default:
			i = w.readValue(at, child)
		}
	}
	return i
}

// skipOtherKey skips a key that is not a string, and its value. Some writers use numbers as keys, which are not names
// of fields. An array or map as a key may be the event after one that was cut off.
func (w *walk) skipOtherKey(i int) int {
	if c := lead(w.b, i); isMap(c) || isArray(c) {
		return bad
	}
	if i = skip(w.b, i); i < 0 {
		return bad
	}
	return skip(w.b, i)
}

// readValue reads the value at b[i] for n and the nodes below it, and returns the offset after it, or bad.
func (w *walk) readValue(i int, n *node) int {
	if n.slot != noSlot {
		next := decode(w.b, i, &w.event.Values[n.slot])
		if next < 0 || n.isLeaf {
			return next
		}
	}
	// Values below an earlier value of the same key do not count.
	for _, slot := range n.below {
		w.event.Values[slot].kind = Missing
	}
	switch c := lead(w.b, i); {
	case n.children != nil && isMap(c):
		return w.pickMap(i, n.children)
	case n.elements != nil && isArray(c):
		return w.pickArray(i, n)
	}
	return skip(w.b, i)
}

// pickArray reads the array at b[i] with the values of the children of n, and returns the offset after it, or bad.
func (w *walk) pickArray(i int, n *node) int {
	count, i := container(w.b, i, Array)
	for index := 0; index < count && i >= 0; index++ {
		if child := n.element(index); child != nil {
			i = w.readValue(i, child)
		} else {
			i = skip(w.b, i)
		}
	}
	return i
}
