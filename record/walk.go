package record

// How an event is read, from the outside in:
//
//	Reader.Next   the next event, or what is wrong and where to go on    reader.go
//	readHead      time, metadata and where the record is                 head.go
//	walk.maps     the maps of metadata and record, by root               this file
//	walk.pick     the values at the paths of the Selector                this file
//	walk.list     every number and boolean, for rules with fields        leaf.go
//	skip, decode  the bytes of one msgpack value                         wire.go
//
// Each function takes an offset and returns the one after what it read, or bad.

// walk picks values out of the maps of one event.
type walk struct {
	b     []byte
	event *Event
}

// walkEvent walks the maps behind h, at b[i], and returns the offset behind them.
func (w *walk) walkEvent(i int, h head, s *wanted) (next int, reason Reason) {
	if h.metadata {
		if i, reason = w.walkRoot(i, s.metadata, false); reason != "" {
			return bad, reason
		}
	}
	return w.walkRoot(i, s.body, s.leaves)
}

// walkRoot walks the map at b[i], the paths of which start at n, and returns the offset behind it. It looks at every
// key even if no path starts here, so that bytes which cannot be trusted are found whatever the Selector asks for.
func (w *walk) walkRoot(i int, n *node, leaves bool) (int, Reason) {
	if !isMap(lead(w.b, i)) {
		return bad, BadRecord
	}
	if n.slot != noSlot && decode(w.b, i, &w.event.Values[n.slot]) < 0 {
		return bad, Undecodable
	}
	if leaves {
		i = w.listMap(i, n.children, 1)
	} else {
		i = w.pickMap(i, n.children)
	}
	if i < 0 {
		return bad, Undecodable
	}
	return i, ""
}

// pickMap walks the map at b[i], takes the values that the children in k want, and returns the offset behind the map,
// or bad.
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

// skipOtherKey passes over a key that is no text, and its value. Some writers use numbers as keys, which name no field.
// An array or map as a key is what bytes look like after a record was cut off: there the chunk cannot be trusted.
func (w *walk) skipOtherKey(i int) int {
	if c := lead(w.b, i); isMap(c) || isArray(c) {
		return bad
	}
	if i = skip(w.b, i); i < 0 {
		return bad
	}
	return skip(w.b, i)
}

// readValue takes the value at b[i] for n, goes on below it, and returns the offset behind it, or bad.
func (w *walk) readValue(i int, n *node) int {
	if n.slot != noSlot {
		next := decode(w.b, i, &w.event.Values[n.slot])
		if next < 0 || n.isLeaf {
			return next
		}
	}
	// What an earlier value of the same key left below n does not count.
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

// pickArray walks the array at b[i], takes the values that the children of n want, and returns the offset behind the
// array, or bad.
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
