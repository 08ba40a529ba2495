// Package sample reads samples of records: files that Fluent Bit, its outputs, or other programs have written.
//
// What enters are bytes in one of several formats; what leaves are chunks of events with their tags and the lines that
// they come from, in the order of the bytes. Lines that are not records are counted, and the first ones are kept with
// what is wrong with them.
package sample

// Chunk is events of one tag, one after the other as Fluent Bit hands them to an output, or a context of metrics events.
type Chunk struct {
	Source  string // the name of the file
	Tag     string
	Events  []byte
	Metrics bool // Events is a context of metrics events

	lines []int32 // of the events; nil when they are numbered
	first int     // the number of the first event
}

// chunkSize is when a chunk is passed on, in bytes.
const chunkSize = 1 << 20

// Line returns the line of the event with this index in the chunk; in binary formats its number, from 1.
func (c *Chunk) Line(i int) int {
	if i < len(c.lines) {
		return int(c.lines[i])
	}
	return c.first + i
}

// builder collects events until there are enough for a chunk.
type builder struct {
	source string
	chunk  *Chunk
	events int // of all chunks
	emit   func(*Chunk) error
	opener []byte // the event that each chunk starts with
	held   bool   // a group is open, which must not be parted
}

// context passes a context of metrics events on.
func (b *builder) context(tag string, value []byte) error {
	if err := b.flush(); err != nil {
		return err
	}
	b.events++
	return b.emit(&Chunk{Source: b.source, Tag: tag, first: b.events, Events: append([]byte(nil), value...), Metrics: true})
}

// event returns the chunk to which an event of tag is to be appended.
func (b *builder) event(tag string) (*Chunk, error) {
	if c := b.chunk; c != nil && !b.held && (c.Tag != tag || len(c.Events) >= chunkSize) {
		if err := b.flush(); err != nil {
			return nil, err
		}
	}
	if b.chunk == nil {
		b.chunk = &Chunk{Source: b.source, Tag: tag, first: b.events + 1, Events: make([]byte, 0, chunkSize+chunkSize/8)}
		b.chunk.Events = append(b.chunk.Events, b.opener...)
	}
	return b.chunk, nil
}

func (b *builder) flush() error {
	c := b.chunk
	if c == nil {
		return nil
	}
	b.chunk = nil
	return b.emit(c)
}
