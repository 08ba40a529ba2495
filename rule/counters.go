package rule

import (
	"hash/maphash"
	"sync"
)

// Counters keeps what continues when rules are compiled again: the counts of rules by name, and the seed of the digests
// of values that are counted. The zero Counters is ready. It is safe for concurrent use.
type Counters struct {
	mu     sync.Mutex
	byName map[string]*Stats
	seed   maphash.Seed
}

// hashSeed returns the seed, which is another one in each process.
func (b *Counters) hashSeed() maphash.Seed {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.seed == (maphash.Seed{}) {
		b.seed = maphash.MakeSeed()
	}
	return b.seed
}

// stats returns the counts of the rules with that name.
func (b *Counters) stats(name string) *Stats {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.byName[name]
	if s == nil {
		if b.byName == nil {
			b.byName = make(map[string]*Stats)
		}
		s = new(Stats)
		b.byName[name] = s
	}
	return s
}

// Skipped returns the number of samples that all rules, including former ones, skipped for r.
func (b *Counters) Skipped(r Reason) (n uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.byName {
		n += s.Skipped(r)
	}
	return n
}
