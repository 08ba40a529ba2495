package cmetrics

import "hash/maphash"

// notes are what an OTLP context says of its points in addition to their values: that a series has ended. They are
// listed apart from the points, by type and name of the family and by hash and time of the point.
type notes struct {
	stale map[pointID]struct{}
	seed  maphash.Seed // makes the hashes of names differ from reader to reader
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

func (n *notes) any() bool { return len(n.stale) > 0 }

func (n *notes) reset() {
	if len(n.stale) > maxIdleNotes {
		n.stale = nil
	}
	clear(n.stale)
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

// read lists the notes of a context, whose external map starts at at.
func (n *notes) read(at cursor) {
	if n.stale == nil {
		n.stale, n.seed = make(map[pointID]struct{}), maphash.MakeSeed()
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
		if readFlags(at) && ok {
			n.stale[id] = struct{}{}
		}
	}
}

// readFlags reports whether what a context says of a point is that its series has ended.
func readFlags(at *cursor) (stale bool) {
	for n := at.maps(); n > 0 && at.ok(); n-- {
		if string(at.text()) == "flags" {
			stale = at.uint()&noRecordedValue != 0
		} else {
			at.skip()
		}
	}
	return stale
}

// isStale reports whether the notes say that the series of p has ended.
func (n *notes) isStale(p *Point, family uint64) bool {
	_, stale := n.stale[pointID{family, p.hash, p.Time}]
	return stale
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
