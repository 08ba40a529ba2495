package collector

import "sync"

// Aggregates are the families that a rule aggregates records into. They are safe for concurrent use.
type Aggregates struct {
	mu  sync.Mutex
	all []*Family // guarded by mu; only appended to
}

// Add adds a family.
func (a *Aggregates) Add(f *Family) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, f)
}

func (a *Aggregates) list() []*Family {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.all
}

// roundMark says that a round of some families has reached a time.
type roundMark struct {
	of *Aggregates
	at int64
}

// Round says that a record of a tag, with a time as that of a Sample, belongs to the rounds of some families, whether
// samples are made of it or not. All samples of a batch that aggregate must have the same tag.
func (b *Batch) Round(tag string, of *Aggregates, at int64) {
	b.tag = tag
	if at == 0 {
		at = b.Now
	}
	for range b.rounds { // records call it for the same families in the same order
		mark := &b.rounds[b.nextRound]
		b.nextRound = (b.nextRound + 1) % len(b.rounds)
		if mark.of == of {
			mark.at = max(mark.at, at)
			return
		}
	}
	b.rounds = append(b.rounds, roundMark{of, at})
	b.nextRound = 0
}
