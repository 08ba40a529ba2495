package exporter

import (
	"context"
	"sync"
	"time"
)

// A debt is how many scrapes a source is still to answer although they no longer wait. The zero value is none. It is
// safe for concurrent use.
type debt struct {
	mu   sync.Mutex
	n    int           // guarded by mu
	paid chan struct{} // closed when n is 0 again; guarded by mu
}

func (d *debt) owe() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n == 0 {
		d.paid = make(chan struct{})
	}
	d.n++
}

func (d *debt) pay() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n--; d.n == 0 {
		close(d.paid)
	}
}

// due is closed when nothing is owed any more. It is nil when nothing is.
func (d *debt) due() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.n == 0 {
		return nil
	}
	return d.paid
}

// settled waits until the source owes nothing, for owedTimeout at most, and says whether it came to that. A client that
// gives up its scrapes early could otherwise have those of all others refused.
func (e *Endpoint) settled(ctx context.Context) bool {
	due := e.debt.due()
	if due == nil {
		return true
	}
	late := time.NewTimer(owedTimeout)
	defer late.Stop()
	select {
	case <-due:
		return true
	case <-late.C:
	case <-e.cut.Done():
	case <-ctx.Done():
	}
	return false
}
