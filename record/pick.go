package record

// Pick reads one value on its own, such as an element of an array, into e as if it were the body of an event. A path
// without steps leads to the value itself. It reports whether m is the encoding of a value. The values borrow m.
func (s *Selector) Pick(m []byte, e *Event) bool {
	e.reset(s.slots)
	w := walk{b: m, event: e}
	var ok bool
	if isMap(lead(m, 0)) {
		_, reason := w.walkRoot(0, s.event.body, s.event.leaves)
		ok = reason == ""
	} else {
		ok = w.readValue(0, s.event.body) >= 0
	}
	s.copyDuplicates(e)
	return ok
}
