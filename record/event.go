package record

// Event is one log event. Its values borrow the chunk and the buffers of the Event, and are valid until the next call
// of Reader.Next with it. The zero Event is ready; a reused one does not allocate. After an error of Next it holds no
// event.
type Event struct {
	// Time is the timestamp in nanoseconds since 1970, UTC.
	Time int64
	// Grouped reports whether the event is in a group.
	Grouped bool
	// Values holds one value per path of the Selector, Missing if the event does not have it. If a key appears twice in
	// a map the last one counts, as in record accessors of Fluent Bit.
	Values []Value
	// Leaves lists the fields of the body that the Selector asks for, in the order of the bytes, nested maps included.
	Leaves []Leaf
	// Unlisted counts the fields beyond MaxDepth, MaxLeafPath or MaxLeaves. A map beyond them counts as one field.
	Unlisted int

	parents [][]byte // the maps of the leaves, and what follows them
	paths   []byte   // holds the paths of the leaves below the top
	prefix  []byte   // the keys down to the current map, each followed by a dot
}

// Parent returns the encoding of the map that the i-th leaf is in, and what follows it. The Selector must list Parents.
func (e *Event) Parent(i int) []byte { return e.parents[i] }

// Leaf is a number, boolean or string of the body.
type Leaf struct {
	// Path is the keys from the body down, joined by dots. A key may itself contain dots.
	Path  []byte
	Value Value
}

// Release drops everything that e borrows. An Event that outlives the chunk, for example in a pool, must not point into
// its memory.
func (e *Event) Release() {
	clear(e.Values[:cap(e.Values)])
	clear(e.Leaves[:cap(e.Leaves)])
	clear(e.parents[:cap(e.parents)])
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
	e.parents = e.parents[:0]
	e.paths = e.paths[:0]
	e.prefix = e.prefix[:0]
	e.Unlisted = 0
	e.Grouped = false
}
