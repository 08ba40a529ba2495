package record

// Event is one log event. Its values borrow the chunk that it was read from and its own buffers, and stand until the
// next call of Reader.Next with it. The zero Event is ready; one that is used again does not allocate. After an error
// of Next it holds no event.
type Event struct {
	// Time is the event's timestamp in nanoseconds since 1970, UTC.
	Time int64
	// Grouped tells that the event stands in a group.
	Grouped bool
	// Values holds one value per path of the Selector, Missing where the event has none. Of a key that stands twice in
	// a map the last one counts, as in Fluent Bit's record accessor.
	Values []Value
	// Leaves lists the numbers and booleans of the body, in the order of the bytes, nested maps included, when the
	// Selector asks for them.
	Leaves []Leaf
	// Unlisted counts the fields that are beyond MaxDepth, MaxLeafPath or MaxLeaves. A map that is beyond them counts
	// as one field.
	Unlisted int

	paths  []byte // holds the paths of the leaves below the top
	prefix []byte // the keys down to the map being walked, each with a dot behind it
}

// Leaf is a number or boolean of the body.
type Leaf struct {
	// Path is the keys from the body down, joined by dots. A key may itself have dots in it.
	Path  []byte
	Value Value
}

// Release drops whatever e borrows. An Event that is kept after the chunk is gone, in a pool for instance, must not
// point into memory that is not the chunk's any more.
func (e *Event) Release() {
	clear(e.Values[:cap(e.Values)])
	clear(e.Leaves[:cap(e.Leaves)])
	e.reset(0)
}

func (e *Event) reset(slots int) {
	if cap(e.Values) < slots {
		e.Values = make([]Value, slots)
	}
	e.Values = e.Values[:slots]
	for i := range e.Values {
		e.Values[i].kind = Missing
	}
	e.Leaves = e.Leaves[:0]
	e.paths = e.paths[:0]
	e.prefix = e.prefix[:0]
	e.Unlisted = 0
	e.Grouped = false
}
