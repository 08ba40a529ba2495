package collector

import (
	"strings"
)

// round is the current round of a tag in a family: the samples of one time that are aggregated. A newer time begins the
// next round, which ends the series that have no sample in it.
type round struct {
	tag    string
	number uint32 // index in rounds.all, plus 1
	time   int64  // of its samples
	seen   int64  // when the last record came, by the clock of the collector
	series int    // that had a sample in it or in the round before
	fed    int    // that had a sample in it
}

// roundCost is the memory of a round without its tag.
const roundCost = 160

// rounds are the rounds of a family.
type rounds struct {
	all   []*round // nil where one was removed
	free  []int    // indexes of these
	byTag map[string]*round
	last  *round // that was used
	begun *round // during the current batch, which has one tag; or nil
}

// addRounds adds what aggregates need, if it is not there.
func (s *store) addRounds() {
	if s.rounds != nil {
		return
	}
	s.addTimesColumn()
	s.rounds = &rounds{byTag: make(map[string]*round)}
	s.inRound = make([]uint32, len(s.keys), cap(s.keys))
	s.updateRowSize()
}

// enterRound returns the round of a tag, which a sample with the time at begins or belongs to. A round that had no
// record for the TTL of the family does not refuse older times.
func (c *Collector) enterRound(s *store, tag string, at int64) (*round, Reason) {
	s.addRounds()
	r := s.rounds.last
	if r == nil || r.tag != tag {
		if r = s.rounds.byTag[tag]; r == nil {
			if r = s.newRound(tag); r == nil {
				return nil, MemoryLimit
			}
		}
		s.rounds.last = r
	}
	isOver := s.expiry.ttl != 0 && c.now-r.seen >= s.expiry.ttl
	if at < r.time && !isOver {
		return nil, OutOfOrder
	}
	r.seen = c.now
	if at != r.time {
		r.time, r.fed = at, 0
		if s.rounds.begun == nil {
			c.begun = append(c.begun, s)
		}
		s.rounds.begun = r
	}
	return r, Kept
}

// newRound returns a round of a new tag, or nil if there is no memory for it.
func (s *store) newRound(tag string) *round {
	s.removeRounds()
	if !s.ledger.fits(roundCost + len(tag)) {
		return nil
	}
	at := len(s.rounds.all)
	if n := len(s.rounds.free); n > 0 {
		at, s.rounds.free = s.rounds.free[n-1], s.rounds.free[:n-1]
	} else {
		s.rounds.all = append(s.rounds.all, nil)
	}
	r := &round{tag: strings.Clone(tag), time: never}
	s.setRound(at, r)
	return r
}

// setRound puts a round at a free place.
func (s *store) setRound(at int, r *round) {
	s.charge(roundCost + len(r.tag))
	s.rounds.byTag[r.tag] = r
	s.rounds.all[at], r.number = r, uint32(at+1)
}

// rejuvenateRounds makes the last records of rounds not later than now.
func (s *store) rejuvenateRounds(now int64) {
	if s.rounds == nil {
		return
	}
	for _, r := range s.rounds.byTag {
		r.seen = min(r.seen, now)
	}
}

// removeRounds removes rounds without series if there are many. So there are hardly more than two rounds for each
// series, and the search for them costs little for each new tag.
func (s *store) removeRounds() {
	if len(s.rounds.byTag) < 16+2*len(s.keys) {
		return
	}
	s.rounds.last = nil
	for tag, r := range s.rounds.byTag {
		if r.series == 0 && r != s.rounds.begun {
			delete(s.rounds.byTag, tag)
			s.rounds.all[r.number-1] = nil
			s.rounds.free = append(s.rounds.free, int(r.number-1))
			s.charge(-roundCost - len(tag))
		}
	}
}

// roundOf returns the round of series i, or nil.
func (s *store) roundOf(i int) *round {
	if s.inRound == nil || s.inRound[i] == 0 {
		return nil
	}
	return s.rounds.all[s.inRound[i]-1]
}

// join makes series i part of a round, in which it has a sample.
func (s *store) join(i int, r *round) {
	if s.inRound[i] == r.number && s.times[i] == r.time {
		return
	}
	if s.inRound[i] != r.number {
		s.leaveRound(i)
		s.inRound[i] = r.number
		r.series++
	}
	r.fed++
}

// leaveRound takes series i out of its round.
func (s *store) leaveRound(i int) {
	r := s.roundOf(i)
	if r == nil {
		return
	}
	r.series--
	if s.times[i] == r.time {
		r.fed--
	}
	s.inRound[i] = 0
}

// endRounds advances rounds to the records of a batch of which no sample was made, and ends the series without a sample
// in the rounds that have begun.
func (c *Collector) endRounds(b *Batch) {
	for _, mark := range b.rounds {
		for _, f := range mark.of.list() {
			c.advanceRound(f, b.tag, mark.at)
		}
	}
	for _, st := range c.begun {
		if !st.removed {
			c.endSeries(st)
		}
	}
	clear(c.begun)
	c.begun = c.begun[:0]
}

// advanceRound advances the round of a tag in a family that has series in it.
func (c *Collector) advanceRound(f *Family, tag string, at int64) {
	st := f.store
	if st == nil || st.removed {
		st = c.byName[f.Name]
	}
	if st == nil || st.rounds == nil || st.rounds.byTag[tag] == nil || at > c.now+int64(maxAhead) || !st.family.Equal(f) {
		return
	}
	_, _ = c.enterRound(st, tag, at) // an older record changes nothing, and no sample of it is lost
}

// endSeries ends the series of s without a sample in the round that has begun. It looks at the series only if there are
// some.
func (c *Collector) endSeries(s *store) {
	r := s.rounds.begun
	s.rounds.begun = nil
	if r.fed == r.series {
		return
	}
	for i := len(s.keys) - 1; i >= 0; i-- { // the last series takes the place of one that is removed
		if s.inRound[i] == r.number && s.times[i] < r.time {
			c.endGauge(s, i)
		}
	}
	s.shrink()
}

// endGauge removes series i of a gauge before its TTL, unless it is declared.
func (c *Collector) endGauge(s *store, i int) {
	if s.isDeclared(i) {
		s.fallBack(i)
		return
	}
	c.end(s, i)
}
