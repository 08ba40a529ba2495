package families

import (
	"cmp"
	"encoding/binary"
	"slices"

	dto "github.com/prometheus/client_model/go"
)

// join merges two families of the same name, or returns the first one if they conflict.
func join(a, b Family, dropped *Dropped) Family {
	if reason := difference(a, b); reason != "" {
		dropped.add(reason, b.GetName())
		return a
	}
	j := newJoined(a, b)
	known := indexOf(a.Metric)
	for i, m := range b.Metric {
		at, found := known.find(m)
		if !found {
			j.Metric = append(j.Metric, m)
			if j.Updated != nil {
				j.Updated = append(j.Updated, b.Updated[i])
			}
		} else if both := sum(j.Metric[at], m); both != nil && !j.Absolute {
			j.Metric[at] = both
		} else {
			dropped.add(Duplicate, b.GetName())
			if j.Updated != nil && j.Updated[at] != 0 && j.Updated[at] < b.Updated[i] {
				j.Metric[at], j.Updated[at] = m, b.Updated[i]
			}
		}
	}
	return j
}

// newJoined returns a family with the series of a and room for those of b.
func newJoined(a, b Family) Family {
	total := len(a.Metric) + len(b.Metric)
	j := Family{
		MetricFamily: &dto.MetricFamily{Name: a.Name, Help: a.Help, Type: a.Type, Unit: a.Unit},
		Signed:       a.Signed || b.Signed,
		Absolute:     a.Absolute || b.Absolute,
	}
	if a.GetHelp() == "" && b.GetHelp() != "" {
		j.Help = b.Help
	}
	j.Metric = append(make([]*dto.Metric, 0, total), a.Metric...)
	if a.Updated != nil && b.Updated != nil {
		j.Updated = append(make([]int64, 0, total), a.Updated...)
	}
	return j
}

// An index finds the series of one family by their labels. Its keys are length-prefixed names and values, because
// hashes alone could collide.
type index struct {
	at  map[string]int
	key []byte // scratch
}

func indexOf(metrics []*dto.Metric) *index {
	x := &index{at: make(map[string]int, len(metrics))}
	for i, m := range metrics {
		x.key = appendKey(x.key[:0], m.GetLabel())
		x.at[string(x.key)] = i
	}
	return x
}

// find returns the position of the series with the labels of m.
func (x *index) find(m *dto.Metric) (at int, found bool) {
	x.key = appendKey(x.key[:0], m.GetLabel())
	at, found = x.at[string(x.key)]
	return at, found
}

// appendKey appends the key of a label set, which does not depend on the order of the labels. A label with an empty
// value is the same as no label.
func appendKey(key []byte, labels []*dto.LabelPair) []byte {
	byName := func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) }
	if !slices.IsSortedFunc(labels, byName) {
		labels = slices.Clone(labels)
		slices.SortFunc(labels, byName)
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
