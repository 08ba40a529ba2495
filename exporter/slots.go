package exporter

import (
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// slots bounds the requests that hold a page in memory: while it is made, and until the client has read it. When all
// are taken, one makes room for the next: that of a client which has been reading for longer than slowAfter, or else
// the oldest one of the client that has the most, if that is at least two more than the next one's client has. So
// neither reading slowly nor asking often keeps other clients out.
type slots struct {
	cut prometheus.Counter // how many made room; may be nil

	mu     sync.Mutex
	visits []*visit // in the order in which they came; guarded by mu
}

// A visit is one request that has a slot.
type visit struct {
	slots   *slots
	client  netip.Addr
	reading time.Time // since when the client reads; guarded by slots.mu, zero before

	mu      sync.Mutex
	control *http.ResponseController // nil when the request is over; guarded by mu
	answer  *answer                  // ended with the visit; may be nil; guarded by mu
	isCut   bool                     // guarded by mu
}

// enter takes one of limit slots for a request, and returns nil when there is none.
func (s *slots) enter(limit int, w http.ResponseWriter, r *http.Request) *visit {
	v := &visit{slots: s, client: clientAddr(r.RemoteAddr), control: http.NewResponseController(w)}
	s.mu.Lock()
	var out *visit
	if len(s.visits) >= limit {
		if out = s.yields(v.client, time.Now()); out == nil {
			s.mu.Unlock()
			return nil
		}
		s.drop(out)
	}
	s.visits = append(s.visits, v)
	s.mu.Unlock()
	if out != nil {
		out.cut()
		if s.cut != nil {
			s.cut.Inc()
		}
	}
	return v
}

// clientAddr is what tells the client at remote, an address with its port, from others. A client has a whole IPv6
// network to choose from.
func clientAddr(remote string) netip.Addr {
	a, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{} // that of a Unix socket, say
	}
	if ip := a.Addr().Unmap(); ip.Is4() {
		return ip
	}
	network, _ := a.Addr().WithZone("").Prefix(64) // of an IPv6 address there always is one
	return network.Addr()
}

// yields is the visit that makes room for one of client, or nil. The caller holds mu.
func (s *slots) yields(client netip.Addr, now time.Time) *visit {
	var slow, first *visit
	counts := make(map[netip.Addr]int)
	for _, v := range s.visits {
		counts[v.client]++
		if !v.reading.IsZero() && now.Sub(v.reading) >= slowAfter && (slow == nil || v.reading.Before(slow.reading)) {
			slow = v
		}
	}
	if slow != nil {
		return slow
	}
	for _, v := range s.visits {
		if counts[v.client] >= counts[client]+2 && (first == nil || counts[v.client] > counts[first.client]) {
			first = v
		}
	}
	return first
}

func (s *slots) drop(v *visit) {
	s.visits = slices.DeleteFunc(s.visits, func(o *visit) bool { return o == v })
}

// fills says that a is what the visit is for.
func (v *visit) fills(a *answer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.answer = a
	if a != nil && v.isCut {
		a.end(&endCrowded)
	}
}

// wasCut says whether the visit had to make room.
func (v *visit) wasCut() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.isCut
}

// send lets the client read a, until the given time if that is not zero.
func (v *visit) send(a *answer, w http.ResponseWriter, until time.Time) {
	v.slots.mu.Lock()
	v.reading = time.Now()
	inside := slices.Contains(v.slots.visits, v)
	v.slots.mu.Unlock()
	if inside && !until.IsZero() {
		v.writeBy(until)
	}
	a.send(w)
}

// cut ends the visit: what is written fails, and its page is given up.
func (v *visit) cut() {
	v.writeBy(time.Unix(1, 0))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.isCut = true
	if v.answer != nil {
		v.answer.end(&endCrowded)
	}
}

// writeBy lets writes fail after t. Once the request is over it does nothing: its connection may serve another one.
func (v *visit) writeBy(t time.Time) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.control != nil {
		_ = v.control.SetWriteDeadline(t) // only a test's writer has none
	}
}

// leave gives the slot back. The answer must not be used by others before.
func (v *visit) leave() {
	v.mu.Lock()
	v.control, v.answer = nil, nil
	v.mu.Unlock()
	v.slots.mu.Lock()
	defer v.slots.mu.Unlock()
	v.slots.drop(v)
}
