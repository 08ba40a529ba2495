package cmetrics

import (
	"io"

	"github.com/promexporter/promexporter/record"
)

// NotMetrics is the reason of a [record.Malformed] for a value that is not a context, or that lacks what a context, a
// family or a point must have.
const NotMetrics record.Reason = "not_metrics"

// Reader reads the contexts of a chunk. The zero Reader reads nothing; call Reset first. A Reader is for one goroutine
// at a time.
type Reader struct {
	chunk     []byte
	at        int
	notes     notes
	malformed record.Malformed
}

// Reset starts reading chunk, which the Reader borrows until the next Reset. Reset(nil) lets go of it without starting
// another.
func (r *Reader) Reset(chunk []byte) {
	r.chunk, r.at = chunk, 0
	r.notes.reset()
}

// Next reads the head of the next context into c and returns nil. It returns io.EOF at the end of the chunk, and a
// *record.Malformed, which is valid until the next call, for bytes that are not a context. Reading continues after a
// Malformed, unless its bytes are not msgpack: then it spans the rest of the chunk.
func (r *Reader) Next(c *Context) error {
	start := r.at
	if start >= len(r.chunk) {
		return io.EOF
	}
	end := record.Skip(r.chunk, start)
	if end < 0 {
		r.at = len(r.chunk)
		return r.reject(record.Undecodable, start, r.at)
	}
	r.at = end
	r.notes.reset()
	if !c.read(r, cursor{r.chunk, start}, end) {
		return r.reject(NotMetrics, start, end)
	}
	return nil
}

func (r *Reader) reject(reason record.Reason, start, end int) *record.Malformed {
	r.malformed = record.Malformed{Reason: reason, Offset: start, Size: end - start}
	return &r.malformed
}

// Pair is a label.
type Pair struct{ Name, Value []byte }

// Context is what an input measured at one time, or a part of it. It is valid until the next call of Reader.Next; its
// memory may be used for the next context.
type Context struct {
	// OTLP says that the context came in the OpenTelemetry protocol. It is false when a processor of Fluent Bit has
	// made a new context of it.
	OTLP bool
	// Static are labels of all points. Where a point has the same label, its own value counts.
	Static []Pair
	// TooLarge says that the context has more static labels than MaxLabels.
	TooLarge bool

	reader   *Reader
	external int // where the map of what came with the metrics is, or failed
	resource int // where the map of the resource in it is, or failed
	at, left int // the next family, and how many there are
	// open is the last family, when its end is that of its points; then at is not known yet.
	open *Family
}

// read reads the map of a context, which ends at end. It reports whether it has a list of families.
func (c *Context) read(r *Reader, at cursor, end int) bool {
	*c = Context{Static: c.Static[:0], reader: r, external: failed, resource: failed}
	listed := false
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "meta":
			c.meta(&at)
		case "metrics":
			families := at
			c.left, c.at, listed = families.list(), families.i, families.ok()
			if n > 1 {
				at.skip()
			} else {
				at.i = end
			}
		default:
			at.skip()
		}
	}
	return listed && at.ok()
}

func (c *Context) meta(at *cursor) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "cmetrics":
			producer := *at
			producer.find("producer")
			c.OTLP = string(producer.text()) == "opentelemetry"
			at.skip()
		case "external":
			c.external = at.i
			c.readExternal(at)
		case "processing":
			c.processing(at)
		default:
			at.skip()
		}
	}
}

// readExternal moves past what came with the metrics, and notes what it says of points. The producer comes before it.
func (c *Context) readExternal(at *cursor) {
	if c.OTLP {
		walk := *at
		for n := walk.maps(); n > 0 && walk.ok(); n-- {
			switch string(walk.text()) {
			case "otlp":
				c.reader.notes.read(&walk)
				continue
			case "resource":
				c.resource = walk.i
			}
			walk.skip()
		}
		if walk.ok() {
			*at = walk
			return
		}
	}
	at.skip()
}

func (c *Context) processing(at *cursor) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		if string(at.text()) != "static_labels" {
			at.skip()
			continue
		}
		for labels := at.list(); labels > 0 && at.ok(); labels-- {
			c.static(at)
		}
	}
}

// static reads one label, [name, value].
func (c *Context) static(at *cursor) {
	if at.list() != 2 {
		at.fail()
		return
	}
	label := Pair{at.optional(), at.optional()}
	if len(c.Static) == MaxLabels {
		c.TooLarge = true
		return
	}
	c.Static = append(c.Static, label)
}

// External finds what came with the metrics: of OTLP, resource.attributes with the resource's attributes,
// scope.metadata with the scope's name and version, and scope.attributes. v is Missing where there is no such path;
// otherwise it borrows the chunk.
func (c *Context) External(v *record.Value, path ...string) {
	*v = record.Value{}
	at := cursor{c.reader.chunk, c.external}
	if len(path) > 0 && path[0] == "resource" && c.resource >= 0 {
		at.i, path = c.resource, path[1:]
	}
	for _, key := range path {
		at.find(key)
	}
	if at.ok() {
		*v = at.value()
	}
}

// Next reads the head of the next family into f and returns nil. It returns io.EOF after the last one, and a
// *record.Malformed, which is valid until the next call, for what is not a family.
func (c *Context) Next(f *Family) error {
	if c.left == 0 {
		return io.EOF
	}
	c.left--
	c.settle()
	start := c.at
	at := cursor{c.reader.chunk, start}
	if f.read(c.reader, &at) {
		if c.at = at.i; f.open {
			c.open = f
		}
		return nil
	}
	c.at = record.Skip(c.reader.chunk, start)
	return c.reader.reject(NotMetrics, start, c.at)
}

// settle moves to the end of the last family.
func (c *Context) settle() {
	if c.open != nil {
		c.at, c.open = c.open.end(), nil
	}
}
