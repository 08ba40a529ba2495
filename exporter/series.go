package exporter

import (
	"cmp"
	"encoding/binary"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// A seriesSet holds the label sets of the series of one family. A label set is found by its length-prefixed names
// and values: a hash alone would take two series for one.
type seriesSet struct {
	known map[string]struct{}
	key   []byte // scratch
}

func newSeriesSet(metrics []*dto.Metric, capacity int) *seriesSet {
	s := &seriesSet{known: make(map[string]struct{}, capacity)}
	for _, m := range metrics {
		s.add(m)
	}
	return s
}

// add adds the labels of m, and says whether they are new.
func (s *seriesSet) add(m *dto.Metric) bool {
	if s.has(m) {
		return false
	}
	s.known[string(s.key)] = struct{}{}
	return true
}

// has says whether the labels of m are known, and leaves their key in the scratch.
func (s *seriesSet) has(m *dto.Metric) bool {
	s.key = appendKey(s.key[:0], m.GetLabel())
	_, known := s.known[string(s.key)]
	return known
}

// appendKey appends a string that is equal for equal label sets only, in whatever order they stand. A label with an
// empty value is the same as none.
func appendKey(key []byte, labels []*dto.LabelPair) []byte {
	if !slices.IsSortedFunc(labels, byLabelName) {
		labels = slices.Clone(labels)
		slices.SortFunc(labels, byLabelName)
	}
	for _, l := range labels {
		if l.GetValue() != "" {
			key = appendPrefixed(appendPrefixed(key, l.GetName()), l.GetValue())
		}
	}
	return key
}

func appendPrefixed(key []byte, text string) []byte {
	return append(binary.AppendUvarint(key, uint64(len(text))), text...)
}

func byLabelName(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) }
