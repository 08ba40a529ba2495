package cmetrics

import "hash/maphash"

// notes are what an OTLP context says of its points beside their values: that a
// series has ended, and exemplars. They are listed apart from the points, by type
// and name of the family and by hash and time of the point. Points of which they
// say nothing have none.
type notes struct {
	at    cursor // of the last context
	about map[pointID]note
	seed  maphash.Seed // makes the hashes of names differ from reader to reader
}

// maxIdleNotes bounds the notes whose memory is kept for the next context.
const maxIdleNotes = 1 << 14

// pointID identifies a point of a context.
type pointID struct {
	family, hash uint64
	time         int64
}

type note struct {
	stale     bool
	exemplars int // where the list is, 0 for none
}

// noRecordedValue is the flag of OTLP for a series that has ended.
const noRecordedValue = 1

func (n *notes) any() bool { return len(n.about) > 0 }

func (n *notes) reset() {
	n.at = cursor{}
	if len(n.about) > maxIdleNotes {
		n.about = nil
	}
	clear(n.about)
}

// familyID tells families of a context apart.
func (n *notes) familyID(kind, name []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(n.seed)
	h.Write(kind)
	h.WriteByte(0)
	h.Write(name)
	return h.Sum64()
}

// read lists the notes of a context, whose external map starts at at.
func (n *notes) read(at cursor) {
	n.at = at
	if n.about == nil {
		n.about, n.seed = make(map[pointID]note), maphash.MakeSeed()
	}
	at.find("otlp")
	at.find("metrics")
	for kinds := at.maps(); kinds > 0 && at.ok(); kinds-- {
		kind := at.text()
		for families := at.maps(); families > 0 && at.ok(); families-- {
			id := n.familyID(kind, at.text())
			points := at
			points.find("datapoints")
			n.points(&points, id)
			at.skip()
		}
	}
}

func (n *notes) points(at *cursor, family uint64) {
	for points := at.maps(); points > 0 && at.ok(); points-- {
		id, ok := parseID(at.text())
		id.family = family
		of := readNote(at)
		if ok && of != (note{}) {
			n.about[id] = of
		}
	}
}

func readNote(at *cursor) (of note) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "flags":
			of.stale = at.uint()&noRecordedValue != 0
		case "exemplars":
			of.exemplars = at.i
			at.skip()
		default:
			at.skip()
		}
	}
	return of
}

// give adds to p what the notes say of it.
func (n *notes) give(p *Point, family uint64) {
	of := n.about[pointID{family, p.hash, p.Time}]
	p.Stale = p.Stale || of.stale
	if of.exemplars == 0 {
		return
	}
	at := cursor{n.at.b, of.exemplars}
	for count := at.list(); count > 0 && at.ok() && len(p.Exemplars) < MaxExemplars; count-- {
		if e := readExemplar(&at); at.ok() {
			p.Exemplars = append(p.Exemplars, e)
		}
	}
}

// MaxExemplars bounds the exemplars of a point that are read.
const MaxExemplars = 16

func readExemplar(at *cursor) (e Exemplar) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "time_unix_nano":
			e.Time = at.nanos()
		case "span_id":
			e.Span = at.optional()
		case "trace_id":
			e.TraceID = at.optional()
		case "as_double":
			e.Value = at.float()
		case "as_int":
			e.Value = float64(at.int())
		default:
			at.skip()
		}
	}
	return e
}

// parseID reads the hash, in hexadecimal, and the time of a point: 20cfbb25072fc909:1795828495172182696.
func parseID(text []byte) (id pointID, ok bool) {
	i := 0
	for ; i < len(text) && text[i] != ':'; i++ {
		digit, ok := hexDigit(text[i])
		if !ok || i == 16 {
			return id, false
		}
		id.hash = id.hash<<4 | uint64(digit)
	}
	if i == len(text) || len(text)-i > 20 {
		return id, false
	}
	for _, c := range text[i+1:] {
		if c < '0' || c > '9' {
			return id, false
		}
		id.time = id.time*10 + int64(c-'0')
	}
	return id, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c - '0', true
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10, true
	}
	return 0, false
}
