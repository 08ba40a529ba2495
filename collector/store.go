package collector

// store holds the series of one family, a column per property: series i is the
// i-th of every column. Columns copy at the speed of memory, which keeps the
// collector's goroutine free while a scrape takes its snapshot.
type store struct {
	family  *Family
	index   map[string]int32
	keys    []string
	sources []uint32
	created []int64
	values  []float64 // the value of a counter or gauge, the sum of a histogram
	buckets []uint64  // len(family.Buckets)+1 counts per series, not cumulative
}

func newStore(f *Family) *store {
	return &store{family: f, index: make(map[string]int32)}
}

// find returns the series of key, or -1.
func (s *store) find(key []byte) int {
	if i, ok := s.index[string(key)]; ok {
		return int(i)
	}
	return -1
}

// add makes a series of key, which it clones.
func (s *store) add(key []byte, source uint32, now int64) int {
	k, i := string(key), len(s.keys)
	s.index[k] = int32(i)
	s.keys = append(s.keys, k)
	s.sources = append(s.sources, source)
	s.created = append(s.created, now)
	s.values = append(s.values, 0)
	if s.family.Type == Histogram {
		for range len(s.family.Buckets) + 1 {
			s.buckets = append(s.buckets, 0)
		}
	}
	return i
}

// apply gives a checked sample to series i.
func (s *store) apply(i int, sample *Sample) {
	switch sample.Op {
	case Set:
		s.values[i] = sample.Value
	case Observe:
		s.values[i] += sample.Value
		s.buckets[i*(len(s.family.Buckets)+1)+bucket(s.family.Buckets, sample.Value)]++
	default:
		s.values[i] += sample.Value
	}
}

// bucket returns the index of the first bound that v is not above. Few bounds
// are searched one by one, which is faster than halving.
func bucket(bounds []float64, v float64) int {
	low, high := 0, len(bounds)
	for high-low > 16 {
		middle := int(uint(low+high) / 2)
		if bounds[middle] < v {
			low = middle + 1
		} else {
			high = middle
		}
	}
	for low < high && bounds[low] < v {
		low++
	}
	return low
}
