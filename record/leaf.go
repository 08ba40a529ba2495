package record

import "slices"

// Bounds of the leaves. Fields beyond them are counted in Event.Unlisted, but a Path of a Selector can reach them.
const (
	MaxDepth    = 32   // levels of maps, including the body
	MaxLeafPath = 1024 // bytes of a path
	MaxLeaves   = 8192 // leaves of an event

	maxNumericText = 64 // bytes of a string that may be a number
)

// Leaves says which fields of a body are listed, and how.
type Leaves uint8

// What may be listed.
const (
	Numbers      Leaves = 1 << iota // numbers and booleans
	NumericTexts                    // strings and binaries that may be a number in decimal digits
	Texts                           // all strings and binaries
	Parents                         // the map of each field as well
)

// listMap reads the map at b[i] and lists its leaves. It also reads the values of the children in k, which may be nil.
// It returns the offset after the map, or bad. The body has depth 1.
func (w *walk) listMap(i int, k *children, depth int) int {
	w.parent = i
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

// listValue lists the value at b[i] when it is of a kind that is wanted, and the leaves below it when it is a map.
// Nothing in an array is a leaf.
func (w *walk) listValue(i int, key []byte, depth int) int {
	e := w.event
	switch c := lead(w.b, i); {
	case isMap(c):
		return w.listNested(i, key, depth+1)
	case !isNumber(c) && !w.wantsText(i, c):
		return skip(w.b, i)
	case len(e.Leaves) >= MaxLeaves || len(e.prefix)+len(key) > MaxLeafPath:
		e.Unlisted++
		return skip(w.b, i)
	}
	// Written in place, because constructing a Leaf elsewhere and copying it takes several times as long.
	n := len(e.Leaves)
	e.Leaves = slices.Grow(e.Leaves, 1)[:n+1]
	e.Leaves[n].Path = e.path(key)
	if w.leaves&Parents != 0 {
		e.parents = append(e.parents, w.b[w.parent:])
	}
	return decode(w.b, i, &e.Leaves[n].Value)
}

// wantsText reports whether the value at b[i] is a string to be listed.
func (w *walk) wantsText(i int, c byte) bool {
	if w.leaves&(Texts|NumericTexts) == 0 || !isText(c) {
		return false
	}
	payload, next := shortText(w.b, i)
	if next < 0 {
		payload, _ = text(w.b, i)
	}
	return w.leaves&Texts != 0 || mayBeNumber(payload)
}

// mayBeNumber reports whether a string has only characters of numbers and white space.
func mayBeNumber(payload []byte) bool {
	if len(payload) == 0 || len(payload) > maxNumericText {
		return false
	}
	for _, c := range payload {
		if c > '9' && c != 'e' && c != 'E' || c == '/' || c == ',' {
			return false
		}
	}
	return true
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
	outer := w.parent
	i = w.listMap(i, nil, depth)
	e.prefix, w.parent = e.prefix[:up], outer
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
