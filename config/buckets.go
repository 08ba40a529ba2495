package config

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds and defaults of histograms and summaries.
const (
	maxBuckets           = 500 // of one histogram
	maxNativeBuckets     = 10_000
	defaultFactor        = 1.1
	maxFactor            = 65536 // beyond it, native histograms have no coarser schema
	defaultNativeBuckets = 160
	maxQuantiles         = 50
	minQuantileError     = 0.0001 // a smaller one keeps nearly every value in memory
	defaultMaxAge        = 10 * time.Minute
)

// histogram reads the shape of a histogram.
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
		h.Weight, _ = r.accessor(n, r.under("count"))
	}
}

func (r *reader) classic(n *node, path string) {
	on, ok := r.boolean(n, path)
	if !ok || on {
		return
	}
	if r.get("native") == nil {
		r.wrong(n, path, "without it the histogram has no buckets at all", "write native: {factor: 1.1} beside it")
	}
	if b := r.get("buckets"); b != nil {
		r.wrong(b, r.under("buckets"), "classic: false leaves no use for buckets", "remove one of them")
	}
	r.m.Histogram.Buckets = nil
}

func (r *reader) native(n *node, path string) {
	h := &r.m.Histogram
	h.Native, h.Factor, h.MaxBuckets = true, defaultFactor, defaultNativeBuckets
	s, ok := r.parser.section(n, path, "a mapping", nativeKeys)
	if !ok {
		return
	}
	if n := s.get("factor"); n != nil {
		const right = "write a number above 1, such as 1.1"
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

// buckets reads upper bounds, as a list or as a formula.
func (r *reader) buckets(n *node, path string) []float64 {
	switch n.kind {
	case sequence:
		return r.bucketList(n, path)
	case mapping:
		return r.bucketFormula(n, path)
	}
	r.unfit(n, path, "a list of upper bounds", "write [0.1, 0.5, 1], or {exponential: {start: 0.1, factor: 2, count: 10}}")
	return nil
}

func (r *reader) bucketList(n *node, path string) []float64 {
	const right = "write upper bounds from low to high: [0.1, 0.5, 1]"
	bounds := make([]float64, 0, len(n.elements))
	for i, e := range n.elements {
		if e.kind == number && math.IsInf(e.number, 1) && i == len(n.elements)-1 {
			break // every histogram has this bucket
		}
		b, ok := r.number(e, at(path, i), right)
		if !ok {
			continue
		}
		if k := len(bounds) - 1; k >= 0 && bounds[k] >= b {
			wrong := fmt.Sprintf("%s does not stand above %v", e.text, bounds[k])
			if bounds[k] == b {
				wrong = e.text + " stands there twice"
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
	s, ok := r.parser.section(n, path, "a mapping", bucketKeys)
	if !ok {
		return nil
	}
	exponential, linear := s.get("exponential"), s.get("linear")
	switch {
	case exponential != nil && linear != nil:
		r.wrong(linear, s.under("linear"), "exponential stands there too", "write one of them")
	case exponential != nil:
		return r.exponential(exponential, s.under("exponential"))
	case linear != nil:
		return r.linear(linear, s.under("linear"))
	case len(n.fields) == 0:
		r.wrong(n, path, "an empty mapping", "write exponential: {start: 0.1, factor: 2, count: 10}")
	}
	return nil
}

// part reads a number of a formula, which must be there.
func (r *reader) part(s *section, key, right string) (float64, bool) {
	n := s.get(key)
	if n == nil {
		r.wrong(s.node, s.under(key), "missing", right)
		return 0, false
	}
	return r.number(n, s.under(key), right)
}

func (r *reader) bucketCount(s *section) (int, bool) {
	n := s.get("count")
	if n == nil {
		r.wrong(s.node, s.under("count"), "missing", "write how many buckets there are")
		return 0, false
	}
	return r.whole(n, s.under("count"), 1, maxBuckets)
}

func (r *reader) exponential(n *node, path string) []float64 {
	s, ok := r.parser.section(n, path, "a mapping", exponentialKeys)
	if !ok {
		return nil
	}
	start, good1 := r.part(s, "start", "write the first upper bound, above 0")
	factor, good2 := r.part(s, "factor", "write the factor from one bound to the next, above 1")
	count, good3 := r.bucketCount(s)
	if good1 && start <= 0 {
		r.wrong(s.get("start"), s.under("start"), s.get("start").text+" is not above 0", "write the first upper bound, above 0")
		good1 = false
	}
	if good2 && factor <= 1 {
		r.wrong(s.get("factor"), s.under("factor"), s.get("factor").text+" is not above 1", "write a factor such as 2")
		good2 = false
	}
	if !good1 || !good2 || !good3 {
		return nil
	}
	return r.formula(s, prometheus.ExponentialBuckets(start, factor, count))
}

func (r *reader) linear(n *node, path string) []float64 {
	s, ok := r.parser.section(n, path, "a mapping", linearKeys)
	if !ok {
		return nil
	}
	start, good1 := r.part(s, "start", "write the first upper bound")
	width, good2 := r.part(s, "width", "write the distance from one bound to the next, above 0")
	count, good3 := r.bucketCount(s)
	if good2 && width <= 0 {
		r.wrong(s.get("width"), s.under("width"), s.get("width").text+" is not above 0", "write a distance such as 0.5")
		good2 = false
	}
	if !good1 || !good2 || !good3 {
		return nil
	}
	return r.formula(s, prometheus.LinearBuckets(start, width, count))
}

// formula checks the bounds that a formula gave: floats may overflow, or be too
// coarse for the steps.
func (r *reader) formula(s *section, bounds []float64) []float64 {
	for i, b := range bounds {
		if math.IsInf(b, 0) || i > 0 && b <= bounds[i-1] {
			r.wrong(s.node, s.path, fmt.Sprintf("bound %d would be %v, which does not stand above %v", i+1, b, bounds[max(i-1, 0)]),
				"write a smaller count or larger steps")
			return nil
		}
	}
	return bounds
}
