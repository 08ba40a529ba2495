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

// maps walks the maps behind h, at b[i], and returns the offset behind them.
func (w *walk) maps(i int, h head, s *sought) (next int, reason Reason) {
	if h.metadata {
		if i, reason = w.root(i, s.metadata, false); reason != "" {
			return bad, reason
		}
	}
	return w.root(i, s.body, s.leaves)
}

// root walks the map at b[i], the paths of which start at n, and returns the
// offset behind it. It looks at every key even if no path starts here, so that
// bytes which cannot be trusted are found whatever the Selector asks for.
func (w *walk) root(i int, n *node, leaves bool) (int, Reason) {
	if !isMap(lead(w.b, i)) {
		return bad, BadRecord
	}
	if n.slot != none && decode(w.b, i, &w.event.Values[n.slot]) < 0 {
		return bad, Undecodable
	}
	if leaves {
		i = w.list(i, n.keys, 1)
	} else {
		i = w.pick(i, n.keys)
	}
	if i < 0 {
		return bad, Undecodable
	}
	return i, ""
}

// pick walks the map at b[i], takes the values that the children in k want, and
// returns the offset behind the map, or bad.
func (w *walk) pick(i int, k *keys) int {
	b, values := w.b, w.event.Values
	count, i := container(b, i, Map)
	for ; count > 0 && i >= 0; count-- {
		key, at := shortText(b, i)
		if at < 0 {
			if key, at = text(b, i); at < 0 {
				i = w.unnamed(i)
				continue
			}
		}
		child := k.find(key)
		switch {
		case child == nil:
			if i = skipShort(b, at); i < 0 {
				i = skip(b, at)
			}
		case child.last:
			i = decode(b, at, &values[child.slot])
		default:
			i = w.take(at, child)
		}
	}
	return i
}

// unnamed passes over a key that is no text, and its value. Some writers use
// numbers as keys, which name no field. An array or map as a key may be the event
// that follows one that was cut off.
func (w *walk) unnamed(i int) int {
	if c := lead(w.b, i); isMap(c) || isArray(c) {
		return bad
	}
	if i = skip(w.b, i); i < 0 {
		return bad
	}
	return skip(w.b, i)
}

// take takes the value at b[i] for n, goes on below it, and returns the offset
// behind it, or bad.
func (w *walk) take(i int, n *node) int {
	if n.slot != none {
		next := decode(w.b, i, &w.event.Values[n.slot])
		if next < 0 || n.last {
			return next
		}
	}
	// What an earlier value of the same key left below n does not count.
	for _, slot := range n.below {
		w.event.Values[slot].kind = Missing
	}
	switch c := lead(w.b, i); {
	case n.keys != nil && isMap(c):
		return w.pick(i, n.keys)
	case n.elements != nil && isArray(c):
		return w.array(i, n)
	}
	return skip(w.b, i)
}

// array walks the array at b[i], takes the values that the children of n want,
// and returns the offset behind the array, or bad.
func (w *walk) array(i int, n *node) int {
	count, i := container(w.b, i, Array)
	for index := 0; index < count && i >= 0; index++ {
		if child := n.element(index); child != nil {
			i = w.take(i, child)
		} else {
			i = skip(w.b, i)
		}
	}
	return i
}
