package cmetrics

import "hash/maphash"

// notes are what an OTLP context says of its points in addition to their values: that a series has ended, and exemplars.
// They are listed apart from the points, by type and name of the family and by hash and time of the point.
type notes struct {
	of   map[pointID]note
	seed maphash.Seed // makes the hashes of names differ from reader to reader
}

// note is what is noted of one point.
type note struct {
	stale     bool
	exemplars int // where the list of them is, 0: there is none
}

// maxIdleNotes bounds the notes whose memory is kept for the next context.
const maxIdleNotes = 1 << 14

// pointID identifies a point of a context.
type pointID struct {
	family, hash uint64
	time         int64
}

// noRecordedValue is the flag of OTLP for a series that has ended.
const noRecordedValue = 1

func (n *notes) any() bool { return len(n.of) > 0 }

func (n *notes) reset() {
	if len(n.of) > maxIdleNotes {
		n.of = nil
	}
	clear(n.of)
}

// familyID distinguishes families of a context.
func (n *notes) familyID(kind, name []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(n.seed)
	h.Write(kind)
	h.WriteByte(0)
	h.Write(name)
	return h.Sum64()
}

// read lists the notes of a context, in the map that starts at at, and moves past it.
func (n *notes) read(at *cursor) {
	if n.of == nil {
		n.of, n.seed = make(map[pointID]note), maphash.MakeSeed()
	}
	for keys := at.maps(); keys > 0 && at.ok(); keys-- {
		if string(at.text()) != "metrics" {
			at.skip()
			continue
		}
		for kinds := at.maps(); kinds > 0 && at.ok(); kinds-- {
			kind := at.text()
			for families := at.maps(); families > 0 && at.ok(); families-- {
				n.family(at, kind, at.text())
			}
		}
	}
}

func (n *notes) family(at *cursor, kind, name []byte) {
	for keys := at.maps(); keys > 0 && at.ok(); keys-- {
		if string(at.text()) == "datapoints" {
			n.points(at, kind, name)
		} else {
			at.skip()
		}
	}
}

func (n *notes) points(at *cursor, kind, name []byte) {
	var family uint64
	for points := at.maps(); points > 0 && at.ok(); points-- {
		key := at.text()
		noted := readNote(at)
		if noted == (note{}) {
			continue
		}
		if family == 0 {
			family = n.familyID(kind, name)
		}
		if id, ok := parseID(key); ok {
			id.family = family
			n.of[id] = noted
		}
	}
}

// readNote reads what a context says of a point.
func readNote(at *cursor) (noted note) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		switch string(at.text()) {
		case "flags":
			noted.stale = at.uint()&noRecordedValue != 0
		case "exemplars":
			noted.exemplars = at.i
			at.skip()
		default:
			at.skip()
		}
	}
	return noted
}

// find returns what is noted of a point of a family.
func (n *notes) find(p *Point, family uint64) note { return n.of[pointID{family, p.hash, p.Time}] }

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
