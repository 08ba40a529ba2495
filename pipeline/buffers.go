package pipeline

import "sync"

// bufferPool are those that rest, so that a flush of what was seen before takes no memory. A [sync.Pool] would forget them
// at a garbage collection, and the next flush would take their memory anew.
type bufferPool struct {
	newBuffers func() *flushBuffers

	mu   sync.Mutex
	idle []*flushBuffers // the one that was used last is the last one; guarded by mu
}

// get returns the buffers that were used last, because their memory is warm, or new ones.
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

// shrink gives back the memory that no flush has needed since the last shrink, and returns how many bytes that are. It
// leaves out buffers that a flush is using.
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
