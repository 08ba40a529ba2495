package families

import (
	"encoding/binary"

	dto "github.com/prometheus/client_model/go"
)

// join merges two families of the same name, or returns the first one if they conflict.
func join(a, b Family, dropped Dropped) Family {
	if reason := difference(a, b); reason != "" {
		dropped.add(reason, b.GetName())
		return a
	}
	j := newJoined(a, b)
	known, key := make(map[string]int, len(a.Metric)), []byte(nil)
	for i, m := range a.Metric {
		key = appendKey(key[:0], m.GetLabel())
		known[string(key)] = i
	}
	for i, m := range b.Metric {
		key = appendKey(key[:0], m.GetLabel())
		at, found := known[string(key)]
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
	if a.GetHelp() == "" {
		j.Help = b.Help
	}
	j.Metric = append(make([]*dto.Metric, 0, total), a.Metric...)
	if a.Updated != nil && b.Updated != nil {
		j.Updated = append(make([]int64, 0, total), a.Updated...)
	}
	return j
}

// appendKey appends a key of a label set: its names and values with their lengths, because hashes could collide. A label
// with an empty value is the same as no label.
func appendKey(key []byte, labels []*dto.LabelPair) []byte {
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
