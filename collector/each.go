package collector

// Each calls f for every sample of the batch with its label values, in the order of Family.Labels. The sample is
// read-only, and both are valid until the batch is used again.
func (b *Batch) Each(f func(s *Sample, labels []string)) {
	var labels []string
	for i := range b.samples {
		s := &b.samples[i]
		labels = labels[:0]
		for key := string(b.keys[s.keyStart:s.keyEnd]); ; {
			value, rest, ok := cutLabel(key)
			if !ok {
				break
			}
			labels, key = append(labels, value), rest
		}
		f(s, labels)
	}
}

// String returns the word for op.
func (op Op) String() string {
	if op < ops {
		return opNames[op]
	}
	return "unknown"
}

var opNames = [ops]string{
	"add", "set", "observe", "total", "sum", "min", "max", "count", "distinct", "merge", "merge total", "declare",
}
