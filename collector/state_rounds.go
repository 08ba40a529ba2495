package collector

// savedRound is a round in a state.
type savedRound struct {
	Tag        []byte // JSON would replace what is not UTF-8
	Time, Seen int64
}

// saveRounds returns the rounds of s. Rounds that were removed have a time before all others.
func (s *store) saveRounds() []savedRound {
	if s.rounds == nil {
		return nil
	}
	all := make([]savedRound, len(s.rounds.all))
	for i, r := range s.rounds.all {
		if r == nil {
			all[i].Time = never
			continue
		}
		all[i] = savedRound{[]byte(r.tag), r.time, r.seen}
	}
	return all
}

// roundsSize returns the bytes that the rounds of a state take.
func roundsSize(saved []savedRound) (n int) {
	for _, r := range saved {
		n += roundCost + len(r.Tag)
	}
	return n
}

// restoreRounds makes the rounds of a state, in which no series is yet.
func (s *store) restoreRounds(saved []savedRound) {
	if len(saved) == 0 {
		return
	}
	s.addRounds()
	s.rounds.all = make([]*round, len(saved))
	for i, r := range saved {
		if r.Time != never {
			s.setRound(i, &round{tag: string(r.Tag), time: r.Time, seen: r.Seen})
		} else {
			s.rounds.free = append(s.rounds.free, i)
		}
	}
}

// rejoin makes series i, which is restored, part of the round with a number.
func (s *store) rejoin(i int, number uint32) {
	s.inRound[i] = number
	r := s.roundOf(i)
	if r == nil {
		s.inRound[i] = 0
		return
	}
	r.series++
	if s.times[i] == r.time {
		r.fed++
	}
}
