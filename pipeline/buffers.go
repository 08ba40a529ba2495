package pipeline

import "sync"

// bufferPool keeps the idle buffers, so that a flush of known series does not allocate. A [sync.Pool] would drop them
// at a garbage collection, and the next flush would allocate them again.
type bufferPool struct {
	newBuffers func() *flushBuffers

	mu   sync.Mutex
	idle []*flushBuffers // the most recently used ones last; guarded by mu
}

// get returns the buffers that were used last, because they are most likely in the processor's cache, or new ones.
func (p *bufferPool) get() *flushBuffers {
	if b := p.pop(); b != nil {
		return b
	}
	return p.newBuffers()
}

func (p *bufferPool) pop() *flushBuffers {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle) - 1
	if n < 0 {
		return nil
	}
	b := p.idle[n]
	p.idle[n] = nil
	p.idle = p.idle[:n]
	return b
}

func (p *bufferPool) put(b *flushBuffers) {
	b.used = true
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = append(p.idle, b)
}

// shrink frees the memory that no flush has needed since the last shrink, and returns its size in bytes. It does not
// touch buffers that a flush is using.
func (p *bufferPool) shrink() (freed int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := p.idle[:0]
	for _, b := range p.idle {
		freed += b.batch.Shrink()
		if b.used {
			b.used = false
			kept = append(kept, b)
		}
	}
	clear(p.idle[len(kept):])
	p.idle = kept
	return freed
}
