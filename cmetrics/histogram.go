package cmetrics

// Cumulate makes the buckets of a histogram cumulative and returns the number of all observations. It reports whether
// the numbers are those of a histogram. otlp is that of the context.
//
// Fluent Bit and scraped pages count cumulatively, OTLP counts per bucket, and no field of the chunk says which,
// because otlp may be lost on the way. The numbers do: if the buckets add up to Count, they are counted per bucket.
// Otherwise they have to be cumulative, which means that they never fall. Then the last one may differ from Count,
// because Fluent Bit may read a histogram while it counts, and the larger one of the two counts.
func (p *Point) Cumulate(otlp bool) (count uint64, ok bool) {
	b := p.Buckets
	if len(b) == 0 {
		return p.Count, false
	}
	if perBucket(b, p.Count) {
		for i := 1; i < len(b); i++ {
			b[i] += b[i-1]
		}
		return p.Count, true
	}
	if otlp {
		return 0, false
	}
	for i := 1; i < len(b); i++ {
		if b[i] < b[i-1] {
			return 0, false
		}
	}
	count = max(b[len(b)-1], p.Count)
	b[len(b)-1] = count
	return count, true
}

// perBucket reports whether the buckets add up to count, without overflow.
func perBucket(buckets []uint64, count uint64) bool {
	var sum uint64
	for _, n := range buckets {
		if sum += n; sum < n {
			return false
		}
	}
	return sum == count
}
