package config

// BucketCounts says where a record has the counts of the buckets of a ready histogram. HistogramOptions.Buckets are the
// bounds that the family has.
type BucketCounts struct {
	From   Source // a map from bounds to counts, a list of maps, or a list of counts
	Bounds Source // the bounds of a list of counts; nil: those of the family
	// BoundKey and CountKey are the keys of the bound and the count in a list of maps.
	BoundKey, CountKey string
	Cumulative         bool   // the count of a bucket has those of the buckets below it
	Total              *Value // the number of all observations; nil: that of the buckets
}

// Defaults of the keys of a list of maps.
const (
	defaultBoundKey = "le"
	defaultCountKey = "count"
)

// readyHistogram reads the keys of a histogram that a record has ready.
func (r *reader) readyHistogram() {
	n := r.get("bucket_counts")
	if n == nil {
		r.onlyReady()
		return
	}
	path := r.under("bucket_counts")
	c := &BucketCounts{BoundKey: defaultBoundKey, CountKey: defaultCountKey}
	if n.kind == mapping {
		r.bucketCounts(c, n, path)
	} else {
		c.From, _ = r.source(n, path)
	}
	c.Total, r.m.Histogram.Weight = r.m.Histogram.Weight, nil
	r.m.Histogram.Counts = c
	r.fitsReady(n, path)
	if n := r.get("sum"); n != nil {
		r.m.Value, _ = r.otherValue(n, r.under("sum"), 0)
	} else if !r.has("sum") {
		r.wrong(r.node, r.under("sum"), "missing", "write the field with the sum: sum: $sum, or sum: 0 if there is none")
	}
}

// onlyReady reports keys that only histograms with bucket_counts have.
func (r *reader) onlyReady() {
	if n := r.get("sum"); n != nil {
		r.wrong(n, r.under("sum"), "a histogram without bucket_counts does not have this key", "write value: $field, or add bucket_counts")
	}
	if n := r.get("temporality"); n != nil {
		r.wrong(n, r.under("temporality"), "a histogram without bucket_counts does not have this key", "remove it, or add bucket_counts")
	}
}

// fitsReady reports what a ready histogram cannot have.
func (r *reader) fitsReady(n *node, path string) {
	if !r.has("buckets") {
		r.wrong(n, path, "the bounds of the buckets are missing", "add buckets: [0.1, 1, 5] with those of the records")
	}
	for _, key := range []string{"value", "fields", "native", "classic", "exemplar"} {
		if k := r.get(key); k != nil {
			right := "remove it"
			if key == "value" {
				right = "write sum for the sum of the observations"
			}
			r.wrong(k, r.under(key), "a histogram with bucket_counts does not have this key", right)
		}
	}
}

func (r *reader) bucketCounts(c *BucketCounts, n *node, path string) {
	s, ok := r.parser.readMapping(n, path, bucketCountsSpec)
	if !ok {
		return
	}
	if n := s.get("from"); n != nil {
		c.From, _ = r.source(n, s.under("from"))
	} else if !s.has("from") {
		r.wrong(s.node, s.under("from"), "missing", "write the field with the counts: from: $buckets")
	}
	if n := s.get("bounds"); n != nil {
		c.Bounds, _ = r.source(n, s.under("bounds"))
	}
	r.elementKey(s, "bound_key", &c.BoundKey)
	r.elementKey(s, "count_key", &c.CountKey)
	if n := s.get("cumulative"); n != nil {
		c.Cumulative, _ = r.boolean(n, s.under("cumulative"))
	}
}

// elementKey reads a key of the maps in a list.
func (r *reader) elementKey(s *mappingReader, key string, name *string) {
	n := s.get(key)
	if n == nil {
		return
	}
	if text, ok := r.text(n, s.under(key), "write a key of each map, such as "+*name); ok {
		*name = text
	}
	if s.has("bounds") {
		r.wrong(n, s.under(key), "bounds is also set", "write only one of them; a list of counts has no maps")
	}
}
