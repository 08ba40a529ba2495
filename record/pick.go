package record

// Pick reads a single map, such as an element of an array, into e as if it were the body of an event. It reports
// whether m is the encoding of a map. The values borrow m.
func (s *Selector) Pick(m []byte, e *Event) bool {
	e.reset(s.slots)
	w := walk{b: m, event: e}
	_, reason := w.walkRoot(0, s.event.body, s.event.leaves)
	s.copyDuplicates(e)
	return reason == ""
}
