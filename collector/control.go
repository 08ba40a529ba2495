package collector

import (
	"fmt"
	"slices"

	"github.com/promexporter/promexporter/internal/exposition"
)

// call is something to do between two batches.
type call struct {
	do   func()
	done chan error
}

// between runs do in the collector's goroutine.
func (c *Collector) between(do func()) error {
	k := &call{do: do, done: make(chan error, 1)}
	select {
	case c.calls <- k:
		return <-k.done
	case <-c.closed:
		return ErrClosed
	}
}

func (c *Collector) call(do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in the collector: %v", p)
		}
	}()
	do()
	return nil
}

// Init makes series of f with the value 0, which never expire, so that a first
// increment shows as one. Each label set holds the values of f.Labels; what is
// known already keeps its value. Sets beyond a limit are dropped and counted.
func (c *Collector) Init(now int64, f *Family, sets ...[]string) error {
	b := &Batch{Now: now}
	for _, set := range sets {
		for _, value := range set {
			b.Label([]byte(value))
		}
		b.Append(&Sample{Family: f, Op: Declare, Source: openSource})
	}
	return c.Ingest(b, nil)
}

// Retain takes out, between two batches, every family with its series and what
// is remembered of them, unless it is Equal to one of families or also, when not
// nil, returns an equal for it, and not nil. The others keep their series and take
// TTL and SeriesLimit from their equal; where that is also's, from the first Family
// that a sample of them comes with, if it differs. Any field may feed their series
// next, and those that were declared expire as others do until they are again.
// Received families with a name that one of families takes on a page are taken out too,
// and there will be none of them.
//
// A family that was taken out begins anew with the next sample of it, so those
// who make samples of the old families must have stopped.
func (c *Collector) Retain(families []*Family, also func(*Family) *Family) error {
	byName := make(map[string]*Family, len(families))
	for _, f := range families {
		byName[f.Name] = f
	}
	return c.between(func() {
		var gone []*store
		for _, st := range c.stores {
			f, provisional := successor(st.family, byName, also)
			if f == nil {
				gone = append(gone, st)
				continue
			}
			st.provisional = provisional
			st.adopt(f, c.now)
			st.open()
			st.life.unpin(c.now)
		}
		c.remove(gone)
		c.claim(families)
		c.count()
	})
}

// successor returns the Family that is equal to f, or nil. What also returns is
// provisional.
func successor(f *Family, byName map[string]*Family, also func(*Family) *Family) (next *Family, provisional bool) {
	if next = byName[f.Name]; next != nil && next.Equal(f) {
		return next, false
	}
	if also == nil {
		return nil, false
	}
	return also(f), true
}

// adopt takes the settings of f, which is equal to the store's family. It reports
// whether there is a TTL now and was none, or the other way round.
func (s *store) adopt(f *Family, now int64) (changed bool) {
	before := s.life.ttl
	s.family = f
	if max(int64(f.TTL), 0) != before {
		s.setTTL(f.TTL, now)
	}
	return (before != 0) != (s.life.ttl != 0)
}

// open lets the next field that feeds a series be its source.
func (s *store) open() {
	for i, source := range s.sources {
		if source != anySource {
			s.sources[i] = openSource
		}
	}
}

func (c *Collector) remove(stores []*store) {
	for _, st := range stores {
		st.gone = true
		c.memory.dropAll(st)
		c.series -= len(st.keys)
		c.ledger.used -= st.bytes
		if len(st.keys) > 0 {
			c.filled--
		}
		delete(c.byName, st.family.Name)
		for _, name := range exposition.Names(st.family.Name, st.family.Type.String()) {
			delete(c.exposed, name)
		}
	}
	c.stores = slices.DeleteFunc(c.stores, func(st *store) bool { return st.gone })
	c.listed = false
	c.listMortal()
	for k := range c.told {
		if c.byName[k.family] == nil {
			delete(c.told, k)
		}
	}
}

// listMortal finds the stores with a TTL.
func (c *Collector) listMortal() {
	c.mortal = c.mortal[:0]
	for _, st := range c.stores {
		if st.life.ttl != 0 {
			c.mortal = append(c.mortal, st)
		}
	}
}

// Adopt puts other options in force between two batches, for who takes the
// collector over. On return the old Dropped and Overflowed are not called any more,
// and the new ones are told of each kind of loss once more. Series beyond a lower
// limit stay; what is remembered beyond a lower bound is forgotten. Retain then
// takes out what the new owner does not make.
func (c *Collector) Adopt(o Options) error {
	return c.between(func() {
		c.configure(o)
		c.makeRoom(0)
		clear(c.told)
		for _, st := range c.stores {
			st.told = false
		}
		c.count()
	})
}
