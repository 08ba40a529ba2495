package config

import (
	"fmt"
	"strconv"
	"time"
)

// summary reads the keys of a summary.
func (r *reader) summary() {
	o := &r.m.Summary
	if n := r.get("quantiles"); n != nil {
		o.Quantiles = r.quantiles(n, r.under("quantiles"))
		o.MaxAge = defaultMaxAge
	}
	if n := r.get("max_age"); n != nil {
		o.MaxAge, _ = r.duration(n, r.under("max_age"), time.Second)
		if !r.has("quantiles") {
			r.wrong(n, r.under("max_age"), "max_age needs quantiles",
				"add quantiles: {0.5: 0.05, 0.99: 0.001}")
		}
	}
}

func (r *reader) quantiles(n *node, path string) map[float64]float64 {
	const right = "map quantiles to their allowed errors: {0.5: 0.05, 0.99: 0.001}"
	if n.kind != mapping {
		r.wrongKind(n, path, "a mapping", right)
		return nil
	}
	if len(n.fields) == 0 || len(n.fields) > maxQuantiles {
		r.wrong(n, path, fmt.Sprintf("%d quantiles", len(n.fields)), fmt.Sprintf("write 1 to %d", maxQuantiles))
	}
	quantiles := make(map[float64]float64, len(n.fields))
	for _, f := range n.fields {
		path := path + "[" + f.key.text + "]"
		q, err := strconv.ParseFloat(f.key.text, 64)
		if err != nil || !(q >= 0 && q <= 1) {
			r.wrong(f.key, path, f.key.describe()+" is not a quantile", "write a number from 0 to 1")
			continue
		}
		if _, twice := quantiles[q]; twice {
			r.wrong(f.key, path, "the quantile appears twice", "remove one of them")
		}
		e, ok := r.number(f.value, path, right)
		if ok && !(e >= minQuantileError && e < 1) {
			r.wrong(f.value, path, "the allowed error "+f.value.text+" is out of range",
				fmt.Sprintf("write a number of at least %v and less than 1, such as 0.01", minQuantileError))
		}
		quantiles[q] = e
	}
	return quantiles
}
