package collector

import "sync/atomic"

// Stats counts what the collector did. Its methods are safe for concurrent use.
type Stats struct {
	applied  atomic.Uint64
	dropped  [reasons]atomic.Uint64
	series   atomic.Int64
	families atomic.Int64
}

// Stats returns the collector's counts, which go on changing.
func (c *Collector) Stats() *Stats { return &c.stats }

// Applied returns the number of samples that reached a series.
func (s *Stats) Applied() uint64 { return s.applied.Load() }

// Dropped returns the number of samples that were dropped for r.
func (s *Stats) Dropped(r Reason) uint64 { return s.dropped[r].Load() }

// Series returns the number of live series.
func (s *Stats) Series() int64 { return s.series.Load() }

// Families returns the number of families that have series.
func (s *Stats) Families() int64 { return s.families.Load() }

func (s *Stats) count(samples uint64, dropped *[reasons]uint64) {
	for r, n := range dropped {
		if n > 0 {
			s.dropped[r].Add(n)
			samples -= n
		}
	}
	s.applied.Add(samples)
}

func (s *Stats) size(series, families int) {
	s.series.Store(int64(series))
	s.families.Store(int64(families))
}
