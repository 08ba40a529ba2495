package exporter

import (
	"context"
	"runtime"
	"sync"
)

// turns bounds the pages that are encoded at the same time to half of the processors, and at least one. More at once
// would be done no sooner, but all of them together would take every processor from those who make the metrics.
// The zero value is ready.
type turns struct {
	once  sync.Once
	taken chan struct{}
}

// wait waits for a turn, which the caller ends, and returns nil when ctx is done before.
func (t *turns) wait(ctx context.Context) (end func()) {
	t.once.Do(func() { t.taken = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2)) })
	select {
	case t.taken <- struct{}{}:
		return func() { <-t.taken }
	case <-ctx.Done():
		return nil
	}
}
