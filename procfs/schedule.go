package procfs

import "time"

// tick is how often Fluent Bit asks an input that is written in Go.
const tick = time.Second

// schedule says when a round is due. It is a row of deadlines, so that rounds do not drift; an interval that is not a
// multiple of the tick comes out right on average.
type schedule struct {
	interval time.Duration
	deadline time.Time // of the next round; zero for at once
}

// due reports whether a round is due at now, and then sets the next deadline. The tick that is nearest to a deadline
// counts: ticks are not exact, and one that came a moment early would else leave out a round.
func (s *schedule) due(now time.Time) bool {
	late := now.Sub(s.deadline)
	if late < -tick/2 {
		return false
	}
	if late >= s.interval { // at the start, and after a pause: what was missed is not made up for
		s.deadline = now
	}
	s.deadline = s.deadline.Add(s.interval)
	return true
}
