package collector

import (
	"math"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// MaxExemplarRunes is the limit of OpenMetrics on all label names and values of an exemplar together.
const MaxExemplarRunes = 128

// nativeExemplars is the number of exemplars of a native histogram: the last one per power of two, modulo this number,
// so that frequent values do not replace the exemplar of a rare one.
const nativeExemplars = 16

// exemplar is an exemplar, or room for one. Its memory is reused.
type exemplar struct {
	pairs []byte // alternating names and values, as AppendLabel encodes them; empty: no exemplar
	value float64
	time  int64
}

// exemplarsPerSeries returns the number of exemplars of a series of f: first those of the classic buckets, then those
// of the native histogram.
func (f *Family) exemplarsPerSeries() int {
	switch {
	case f.Type == Counter:
		return 1
	case f.Received && f.Type == Histogram:
		return receivedExemplars
	case f.isNative():
		return f.classicExemplars() + nativeExemplars
	case f.Type == Histogram:
		return f.classicExemplars()
	}
	return 0
}

func (f *Family) classicExemplars() int {
	if len(f.Buckets) == 0 && f.Native.enabled() {
		return 0
	}
	return len(f.Buckets) + 1
}

// setExemplar stores the exemplar of an applied sample. It returns false if the family takes no exemplars or there is
// no memory for it.
func (s *store) setExemplar(i int, pairs []byte, v float64, at int64) bool {
	if s.exemplarsPerSeries == 0 {
		return false
	}
	if s.exemplars == nil && !s.addExemplarColumn() {
		return false
	}
	slots := s.exemplars[i*s.exemplarsPerSeries : (i+1)*s.exemplarsPerSeries]
	classic := s.exemplarsPerSeries
	if s.natives != nil {
		classic -= nativeExemplars
		_, octave := math.Frexp(v)
		if !s.storeExemplar(&slots[classic+(octave%nativeExemplars+nativeExemplars)%nativeExemplars], pairs, v, at) {
			return false
		}
	}
	switch {
	case s.family.Type == Counter:
		return s.storeExemplar(&slots[0], pairs, v, at)
	case classic > 0:
		return s.storeExemplar(&slots[bucket(s.family.Buckets, v)], pairs, v, at)
	}
	return true
}

// addExemplarColumn adds the column of exemplars, if there is memory for it.
func (s *store) addExemplarColumn() bool {
	if !s.ledger.fits(len(s.keys) * s.exemplarsPerSeries * exemplarCost) {
		return false
	}
	s.exemplars = make([]exemplar, len(s.keys)*s.exemplarsPerSeries, cap(s.keys)*s.exemplarsPerSeries)
	s.updateRowSize()
	return true
}

// storeExemplar stores an exemplar in e, if e has or gets the memory for it.
func (s *store) storeExemplar(e *exemplar, pairs []byte, v float64, at int64) bool {
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

// render returns the model of e, in the memory of m if m is not nil, or nil if there is no exemplar.
func (e *exemplar) render(m *dto.Exemplar) *dto.Exemplar {
	if len(e.pairs) == 0 {
		return nil
	}
	if m == nil {
		m = &dto.Exemplar{Value: new(float64), Timestamp: new(timestamppb.Timestamp)}
	}
	*m.Value = e.value
	setTimestamp(m.Timestamp, e.time)
	if !e.isLabelled(m.Label) {
		m.Label = e.labels()
	}
	return m
}

// isLabelled reports whether labels are the labels of e.
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
