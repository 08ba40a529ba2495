package cmetrics

import "io"

// Newest returns the time of the newest point of a chunk, in nanoseconds since 1970, and 0 if no point has a time.
func Newest(chunk []byte) (at int64) {
	var (
		r Reader
		c Context
		f Family
		p Point
	)
	r.Reset(chunk)
	for read(func() error { return r.Next(&c) }) {
		for read(func() error { return c.Next(&f) }) {
			for read(func() error { return f.Next(&p) }) {
				at = max(at, p.Time)
			}
		}
	}
	return at
}

// read calls next until it has read something that is not malformed, and reports false at the end.
func read(next func() error) bool {
	for {
		if err := next(); err == nil || err == io.EOF {
			return err == nil
		}
	}
}
