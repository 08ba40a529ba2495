package cmetrics

// Exemplar is an exemplar of a counter or histogram. It is valid as long as the point that it is of.
type Exemplar struct {
	Value           float64
	Time            int64  // nanoseconds since 1970, 0 where none is known
	TraceID, SpanID []byte // as they are, not in hexadecimal; empty where there is none
	// Attributes are those that have text and that the point does not have.
	Attributes []Pair
}

// exemplars are those of a point that have not been read.
type exemplars struct {
	reader *Reader
	left   int
	at     int
}

// start starts at the list at an offset of the chunk.
func (e *exemplars) start(r *Reader, list int) {
	if list > 0 {
		at := cursor{r.chunk, list}
		*e = exemplars{reader: r, left: at.list(), at: at.i}
	}
}

// NextExemplar reads the next exemplar of the point into e, and reports false after the last one. What is not an
// exemplar ends them.
func (p *Point) NextExemplar(e *Exemplar) bool {
	if p.exemplars.left == 0 {
		return false
	}
	p.exemplars.left--
	at := cursor{p.exemplars.reader.chunk, p.exemplars.at}
	valued := e.read(&at)
	if !at.ok() || !valued {
		p.exemplars.left = 0
		return false
	}
	p.exemplars.at = at.i
	return true
}

// read reads the map of an exemplar and reports whether it has a value.
func (e *Exemplar) read(at *cursor) (valued bool) {
	*e = Exemplar{Attributes: e.Attributes[:0]}
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "time_unix_nano":
			e.Time = at.nanos()
		case "trace_id":
			e.TraceID = at.optional()
		case "span_id":
			e.SpanID = at.optional()
		case "as_double":
			e.Value, valued = at.float(), true
		case "as_int":
			e.Value, valued = float64(at.int()), true
		case "filtered_attributes":
			e.attributes(at)
		default:
			at.skip()
		}
	}
	return valued
}

func (e *Exemplar) attributes(at *cursor) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		name := at.text()
		if v := at.value(); v.IsText() && len(e.Attributes) < MaxLabels {
			e.Attributes = append(e.Attributes, Pair{name, v.Bytes()})
		}
	}
}

// Release lets go of the chunk and keeps the memory for the next one.
func (e *Exemplar) Release() {
	clear(e.Attributes[:cap(e.Attributes)])
	*e = Exemplar{Attributes: e.Attributes[:0]}
}
