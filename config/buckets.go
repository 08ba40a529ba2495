package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds and defaults of histograms and summaries.
const (
	maxBuckets           = 500 // per histogram
	maxNativeBuckets     = 10_000
	defaultFactor        = 1.1
	maxFactor            = 65536 // beyond it, native histograms have no coarser schema
	defaultNativeBuckets = 160
	maxQuantiles         = 50
	minQuantileError     = 0.0001 // smaller errors keep nearly all values in memory
	defaultMaxAge        = 10 * time.Minute
)

// histogram reads the keys of a histogram.
func (r *reader) histogram() {
	h := &r.m.Histogram
	h.Buckets = slices.Clone(prometheus.DefBuckets)
	if n := r.get("native"); n != nil {
		r.native(n, r.under("native"))
	}
	if n := r.get("buckets"); n != nil {
		h.Buckets = r.buckets(n, r.under("buckets"))
	}
	if n := r.get("classic"); n != nil {
		r.classic(n, r.under("classic"))
	}
	if n := r.get("count"); n != nil {
		if v, ok := r.otherValue(n, r.under("count"), 0); ok {
			h.Weight = &v
		}
	}
	r.readyHistogram()
}

func (r *reader) classic(n *node, path string) {
	on, ok := r.boolean(n, path)
	if !ok || on {
		return
	}
	if !r.has("native") {
		r.wrong(n, path, "without classic buckets the histogram has no buckets", "add native: {factor: 1.1}")
	}
	if b := r.get("buckets"); b != nil {
		r.wrong(b, r.under("buckets"), "classic: false is also set, so buckets have no effect", "remove one of them")
	}
	r.m.Histogram.Buckets = nil
}

func (r *reader) native(n *node, path string) {
	h := &r.m.Histogram
	h.Native, h.Factor, h.MaxBuckets = true, defaultFactor, defaultNativeBuckets
	s, ok := r.parser.readMapping(n, path, nativeSpec)
	if !ok {
		return
	}
	if n := s.get("factor"); n != nil {
		const right = "write a number greater than 1, such as 1.1"
		if f, ok := r.number(n, s.under("factor"), right); ok && (f <= 1 || f > maxFactor) {
			r.wrong(n, s.under("factor"), n.text+" is out of range", fmt.Sprintf("%s, and at most %d", right, maxFactor))
		} else {
			h.Factor = f
		}
	}
	if n := s.get("max_buckets"); n != nil {
		count, _ := r.whole(n, s.under("max_buckets"), 1, maxNativeBuckets)
		h.MaxBuckets = uint32(count)
	}
}

// buckets reads upper bounds, from a list or a formula.
func (r *reader) buckets(n *node, path string) []float64 {
	switch n.kind {
	case sequence:
		return r.bucketList(n, path)
	case mapping:
		return r.bucketFormula(n, path)
	}
	r.wrongKind(n, path, bucketSpec.what, "write "+bucketSpec.example)
	return nil
}

func (r *reader) bucketList(n *node, path string) []float64 {
	const right = "list upper bounds in ascending order: [0.1, 0.5, 1]"
	bounds := make([]float64, 0, len(n.elements))
	for i, e := range n.elements {
		if e.kind == number && math.IsInf(e.number, 1) && i == len(n.elements)-1 {
			break // every histogram has the +Inf bucket
		}
		if v, err := strconv.ParseFloat(e.text, 64); err == nil && e.kind == text && math.IsInf(v, 1) {
			r.wrong(e, at(path, i), "+Inf is a string in YAML", "leave it out: every histogram has this bucket")
			continue
		}
		b, ok := r.number(e, at(path, i), right)
		if !ok {
			continue
		}
		if k := len(bounds) - 1; k >= 0 && bounds[k] >= b {
			wrong := fmt.Sprintf("%s is not greater than %v", e.text, bounds[k])
			if bounds[k] == b {
				wrong = e.text + " appears twice"
			}
			r.wrong(e, at(path, i), wrong, right)
			continue
		}
		bounds = append(bounds, b)
	}
	switch {
	case len(n.elements) == 0:
		r.wrong(n, path, "an empty list", right+", or remove the key for the default bounds")
	case len(n.elements) > maxBuckets:
		r.wrong(n, path, fmt.Sprintf("%d buckets", len(n.elements)), fmt.Sprintf("a histogram has at most %d", maxBuckets))
	}
	return bounds
}

func (r *reader) bucketFormula(n *node, path string) []float64 {
	s, ok := r.parser.readMapping(n, path, bucketSpec)
	if !ok {
		return nil
	}
	exponential, linear := s.get("exponential"), s.get("linear")
	switch {
	case exponential != nil && linear != nil:
		r.wrong(linear, s.under("linear"), "exponential is also set", "write only one of them")
	case exponential != nil:
		return r.exponential(exponential, s.under("exponential"))
	case linear != nil:
		return r.linear(linear, s.under("linear"))
	case len(n.fields) == 0:
		r.wrong(n, path, "an empty mapping", "write exponential: "+exponentialSpec.example)
	}
	return nil
}

// part reads a required number of a formula, which must be greater than low.
func (r *reader) part(s *mappingReader, key string, low float64, right string) (float64, bool) {
	n := s.get(key)
	if n == nil {
		if !s.has(key) {
			r.wrong(s.node, s.under(key), "missing", right)
		}
		return 0, false
	}
	v, ok := r.number(n, s.under(key), right)
	if ok && v <= low {
		r.wrong(n, s.under(key), fmt.Sprintf("%s is not greater than %v", n.text, low), right)
		return 0, false
	}
	return v, ok
}

func (r *reader) bucketCount(s *mappingReader) (int, bool) {
	n := s.get("count")
	if n == nil {
		if !s.has("count") {
			r.wrong(s.node, s.under("count"), "missing", "write the number of buckets")
		}
		return 0, false
	}
	return r.whole(n, s.under("count"), 1, maxBuckets)
}

func (r *reader) exponential(n *node, path string) []float64 {
	s, ok := r.parser.readMapping(n, path, exponentialSpec)
	if !ok {
		return nil
	}
	start, hasStart := r.part(s, "start", 0, "write the first upper bound, greater than 0")
	factor, hasFactor := r.part(s, "factor", 1, "write the factor from one bound to the next, greater than 1")
	count, hasCount := r.bucketCount(s)
	if !hasStart || !hasFactor || !hasCount {
		return nil
	}
	return r.formula(s, prometheus.ExponentialBuckets(start, factor, count))
}

func (r *reader) linear(n *node, path string) []float64 {
	s, ok := r.parser.readMapping(n, path, linearSpec)
	if !ok {
		return nil
	}
	start, hasStart := r.part(s, "start", math.Inf(-1), "write the first upper bound")
	width, hasWidth := r.part(s, "width", 0, "write the distance from one bound to the next, greater than 0")
	count, hasCount := r.bucketCount(s)
	if !hasStart || !hasWidth || !hasCount {
		return nil
	}
	return r.formula(s, prometheus.LinearBuckets(start, width, count))
}

// formula checks the bounds from a formula: floats may overflow, or be too coarse for the steps.
func (r *reader) formula(s *mappingReader, bounds []float64) []float64 {
	for i, b := range bounds {
		if math.IsInf(b, 0) || i > 0 && b <= bounds[i-1] {
			wrong := fmt.Sprintf("bound %d would be %v, which is not greater than %v", i+1, b, bounds[max(i-1, 0)])
			r.wrong(s.node, s.path, wrong, "write a smaller count or a larger step")
			return nil
		}
	}
	return bounds
}
