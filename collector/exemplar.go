package collector

import (
	"math"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// maxExemplarRunes is OpenMetrics' bound on the names and values of an
// exemplar's labels together.
const maxExemplarRunes = 128

// nativeSlots is how many exemplars a native histogram keeps: the last one per
// power of two, modulo this. So the rare slow one is not pushed out by the many.
const nativeSlots = 16

// exemplar is a place for one exemplar. Its memory is used again.
type exemplar struct {
	pairs []byte // names and values in turn, as AppendLabel encodes them; empty: none
	value float64
	time  int64
}

// exemplarSlots returns how many exemplars a series of f keeps: those of the
// classic buckets first, then those of the native histogram.
func (f *Family) exemplarSlots() int {
	switch {
	case f.Received:
		return 0
	case f.Type == Counter:
		return 1
	case f.isNative():
		return f.classicSlots() + nativeSlots
	case f.Type == Histogram:
		return f.classicSlots()
	}
	return 0
}

func (f *Family) classicSlots() int {
	if len(f.Buckets) == 0 && f.Native.on() {
		return 0
	}
	return len(f.Buckets) + 1
}

// mark keeps the exemplar of a sample that was applied. It reports false when
// the family takes none, or when there is no memory for it.
func (s *store) mark(i int, pairs []byte, v float64, at int64) bool {
	if s.slots == 0 {
		return false
	}
	if s.marks == nil && !s.keepMarks() {
		return false
	}
	slots := s.marks[i*s.slots : (i+1)*s.slots]
	classic := s.slots
	if s.natives != nil {
		classic -= nativeSlots
		_, octave := math.Frexp(v)
		if !s.keepMark(&slots[classic+(octave%nativeSlots+nativeSlots)%nativeSlots], pairs, v, at) {
			return false
		}
	}
	switch {
	case s.family.Type == Counter:
		return s.keepMark(&slots[0], pairs, v, at)
	case classic > 0:
		return s.keepMark(&slots[bucket(s.family.Buckets, v)], pairs, v, at)
	}
	return true
}

// keepMarks gives every series room for exemplars from now on, if there is memory for it.
func (s *store) keepMarks() bool {
	if !s.ledger.fits(len(s.keys) * s.slots * markCost) {
		return false
	}
	s.marks = make([]exemplar, len(s.keys)*s.slots, cap(s.keys)*s.slots)
	s.weigh()
	return true
}

// keepMark puts an exemplar in a place, if that has or gets memory for it.
func (s *store) keepMark(e *exemplar, pairs []byte, v float64, at int64) bool {
	if before := cap(e.pairs); len(pairs) > before {
		if !s.ledger.fits(textSize(len(pairs)) - before) {
			return false
		}
		e.pairs = make([]byte, 0, textSize(len(pairs)))
		s.charge(cap(e.pairs) - before)
	}
	e.pairs = append(e.pairs[:0], pairs...)
	e.value, e.time = v, at
	return true
}

// render returns the model of e, in m's memory when m is not nil, or nil when
// there is no exemplar.
func (e *exemplar) render(m *dto.Exemplar) *dto.Exemplar {
	if len(e.pairs) == 0 {
		return nil
	}
	if m == nil {
		m = &dto.Exemplar{Value: new(float64), Timestamp: new(timestamppb.Timestamp)}
	}
	*m.Value = e.value
	stamp(m.Timestamp, e.time)
	if !e.isLabelled(m.Label) {
		m.Label = e.labels()
	}
	return m
}

// isLabelled reports whether labels are those of e.
func (e *exemplar) isLabelled(labels []*dto.LabelPair) bool {
	rest := e.pairs
	for _, l := range labels {
		var name, value []byte
		name, rest, _ = cutLabel(rest)
		value, rest, _ = cutLabel(rest)
		if l.GetName() != string(name) || l.GetValue() != string(value) {
			return false
		}
	}
	return len(rest) == 0
}

func (e *exemplar) labels() []*dto.LabelPair {
	var labels []*dto.LabelPair
	rest := string(e.pairs)
	for rest != "" {
		var name, value string
		name, rest, _ = cutLabel(rest)
		value, rest, _ = cutLabel(rest)
		labels = append(labels, &dto.LabelPair{Name: &name, Value: &value})
	}
	return labels
}
