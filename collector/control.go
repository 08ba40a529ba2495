package collector

import (
	"fmt"
	"slices"

	"github.com/promexporter/promexporter/internal/metric"
)

// call is a function to run between two batches.
type call struct {
	do   func()
	done chan error
}

// do runs f in the goroutine of the collector, between two batches.
func (c *Collector) do(f func()) error {
	k := &call{do: f, done: make(chan error, 1)}
	select {
	case c.calls <- k:
		return <-k.done
	case <-c.closed:
		return ErrClosed
	}
}

func (c *Collector) guard(do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in the collector: %v", p)
		}
	}()
	do()
	return nil
}

// Init makes series of f with the value 0 that stay on the page, so that their first increase is visible, see Declare.
// Each label set has the values of f.Labels. Existing series keep their value. Sets beyond a limit are dropped and
// counted.
func (c *Collector) Init(now int64, f *Family, sets ...[]string) error {
	b := &Batch{Now: now}
	for _, set := range sets {
		for _, value := range set {
			b.Label([]byte(value))
		}
		b.Append(&Sample{Family: f, Op: Declare, Source: unclaimedSource})
	}
	return c.Ingest(b, nil)
}

// Retain removes, between two batches, every family with its series and remembered series, except families that are
// Equal to one of families, or for which also, if not nil, returns an equal family. The other families keep their
// series and take TTL and SeriesLimit from the equal family; if also returned it, they take them from the Family of the
// next sample. Any field may become the source of the kept series, and declared series expire like others until they
// are declared again. Received families that expose a name of one of families are removed too, and cannot come back.
//
// A removed family starts over with its next sample, so no goroutine may still make samples of the old families.
func (c *Collector) Retain(families []*Family, also func(*Family) *Family) error {
	byName := make(map[string]*Family, len(families))
	for _, f := range families {
		byName[f.Name] = f
	}
	return c.do(func() {
		var gone []*store
		for _, st := range c.stores {
			if len(st.keys)+len(st.remembered) == 0 {
				gone = append(gone, st)
				continue
			}
			f, pending := successor(st.family, byName, also)
			if f == nil {
				gone = append(gone, st)
				continue
			}
			st.settingsPending = pending
			st.applySettings(f, c.now)
			st.reopenSources()
			st.expiry.clearPermanent(c.now)
			clear(st.declared)
		}
		c.remove(gone)
		c.claim(families)
		c.publishSizes()
	})
}

// successor returns the Family that is equal to f, or nil. pending is true if it came from also.
func successor(f *Family, byName map[string]*Family, also func(*Family) *Family) (next *Family, pending bool) {
	if next = byName[f.Name]; next != nil && next.Equal(f) {
		return next, false
	}
	if also == nil {
		return nil, false
	}
	return also(f), true
}

// applySettings takes over the settings of f, which is equal to the family of the store. It reports whether the store
// gained or lost a TTL.
func (s *store) applySettings(f *Family, now int64) (changed bool) {
	before := s.expiry.ttl
	s.family = f
	if max(int64(f.TTL), 0) != before {
		s.setTTL(f.TTL, now)
	}
	return (before != 0) != (s.expiry.ttl != 0)
}

// reopenSources lets the next field that feeds a series become its source.
func (s *store) reopenSources() {
	for i, source := range s.sources {
		if source != anySource {
			s.sources[i] = unclaimedSource
		}
	}
}

func (c *Collector) remove(stores []*store) {
	for _, st := range stores {
		st.removed = true
		c.cache.removeFamily(st)
		c.series -= len(st.keys)
		c.ledger.used -= st.bytes
		if len(st.keys) > 0 {
			c.nonEmpty--
		}
		delete(c.byName, st.family.Name)
		for _, name := range metric.Names(st.family.Name, st.family.Type) {
			delete(c.exposed, name)
		}
	}
	c.unlisted = true
}

// list brings the lists of families up to date. A batch can remove every family, one by one, so remove leaves this
// to the next use of the lists.
func (c *Collector) list() {
	if !c.unlisted {
		return
	}
	c.unlisted = false
	c.stores = slices.DeleteFunc(c.stores, func(st *store) bool { return st.removed })
	c.expiring = c.expiring[:0]
	for _, st := range c.stores {
		if st.expiry.ttl != 0 {
			c.expiring = append(c.expiring, st)
		}
	}
	for k := range c.reported {
		if c.byName[k.family] == nil {
			delete(c.reported, k)
		}
	}
	c.listSizes(nil)
}

// SetOptions replaces the options between two batches. When it returns, the old callbacks are not called any more, and
// the new ones are called again for the first loss of each kind. Series beyond a lower limit stay; remembered series
// beyond a lower limit are forgotten.
func (c *Collector) SetOptions(o Options) error {
	return c.do(func() {
		c.configure(o)
		c.evict(0)
		clear(c.reported)
		for _, st := range c.stores {
			st.overflowReported = false
		}
		c.publishSizes()
	})
}
