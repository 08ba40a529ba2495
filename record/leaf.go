package record

import "slices"

// Bounds of the leaves. Fields beyond them are counted in Event.Unlisted, but a Path of a Selector can reach them.
const (
	MaxDepth    = 32   // levels of maps, including the body
	MaxLeafPath = 1024 // bytes of a path
	MaxLeaves   = 8192 // leaves of an event
)

// listMap reads the map at b[i] and lists its leaves. It also reads the values of the children in k, which may be nil.
// It returns the offset after the map, or bad. The body has depth 1.
func (w *walk) listMap(i int, k *children, depth int) int {
	count, i := container(w.b, i, Map)
	for ; count > 0 && i >= 0; count-- {
		key, at := shortText(w.b, i)
		if at < 0 {
			if key, at = text(w.b, i); at < 0 {
				i = w.skipOtherKey(i)
				continue
			}
		}
		if k != nil {
			if child := k.find(key); child != nil && w.readValue(at, child) < 0 {
				return bad
			}
		}
		i = w.listValue(at, key, depth)
	}
	return i
}

// listValue lists the value at b[i] if it is a number or boolean, or the leaves of the map at b[i]. Arrays have no
// leaves.
func (w *walk) listValue(i int, key []byte, depth int) int {
	e := w.event
	switch c := lead(w.b, i); {
	case isMap(c):
		return w.listNested(i, key, depth+1)
	case !isNumber(c):
		return skip(w.b, i)
	case len(e.Leaves) >= MaxLeaves || len(e.prefix)+len(key) > MaxLeafPath:
		e.Unlisted++
		return skip(w.b, i)
	}
	// Written in place, because constructing a Leaf elsewhere and copying it takes several times as long.
	n := len(e.Leaves)
	e.Leaves = slices.Grow(e.Leaves, 1)[:n+1]
	e.Leaves[n].Path = e.path(key)
	return decode(w.b, i, &e.Leaves[n].Value)
}

// listNested lists the leaves of the map at b[i], with paths that continue after key.
func (w *walk) listNested(i int, key []byte, depth int) int {
	e := w.event
	up := len(e.prefix)
	if depth > MaxDepth || up+len(key) >= MaxLeafPath {
		e.Unlisted++
		return skip(w.b, i)
	}
	e.prefix = append(append(e.prefix, key...), '.')
	i = w.listMap(i, nil, depth)
	e.prefix = e.prefix[:up]
	return i
}

// path returns the keys down to key, joined by dots. A key of the body is its own path and borrows the chunk; other
// paths are built in the buffer of the event.
func (e *Event) path(key []byte) []byte {
	if len(e.prefix) == 0 {
		return key[:len(key):len(key)]
	}
	start := len(e.paths)
	e.paths = append(append(e.paths, e.prefix...), key...)
	return e.paths[start:len(e.paths):len(e.paths)]
}
