package pipeline

import (
	"cmp"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

// defaultSuspendTimeout is how long a section that was closed for a reload waits for its
// successor.
const defaultSuspendTimeout = 10 * time.Second

// Instances joins the sections of a process: the HTTP servers that they share, and
// what those that were closed for a reload leave to their successors. The zero
// value is ready, and must not be copied. It is safe for concurrent use.
type Instances struct {
	// SuspendTimeout is how long what was closed for a reload waits to be opened again; 0
	// means ten seconds. It is set before the first Open.
	SuspendTimeout time.Duration

	servers exporter.Servers

	mu        sync.Mutex
	suspended map[string]*suspendedPipeline // by instance
}

// suspendedPipeline is a closed pipeline that waits for its successor.
type suspendedPipeline struct {
	pipeline *Pipeline
	timeout  *time.Timer
}

// suspend keeps p, which is closed, for its successor. When none comes in time, its
// series are gone.
func (i *Instances) suspend(p *Pipeline) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.suspended == nil {
		i.suspended = make(map[string]*suspendedPipeline)
	}
	if other := i.suspended[p.name]; other != nil && other.timeout.Stop() {
		go other.pipeline.discard()
	}
	waiting := &suspendedPipeline{pipeline: p}
	waiting.timeout = time.AfterFunc(cmp.Or(i.SuspendTimeout, defaultSuspendTimeout), func() { i.expire(waiting) })
	i.suspended[p.name] = waiting
}

func (i *Instances) expire(waiting *suspendedPipeline) {
	if i.remove(waiting) {
		waiting.pipeline.log.Info("the section did not come back with the reload, its series are gone")
		waiting.pipeline.discard()
	}
}

// remove reports whether place was still waiting.
func (i *Instances) remove(waiting *suspendedPipeline) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.suspended[waiting.pipeline.name] != waiting {
		return false
	}
	delete(i.suspended, waiting.pipeline.name)
	return true
}

// takeSuspended returns the pipeline that waits for a successor of this name, or nil.
func (i *Instances) takeSuspended(instance string) *Pipeline {
	i.mu.Lock()
	defer i.mu.Unlock()
	waiting := i.suspended[instance]
	if waiting == nil {
		return nil
	}
	waiting.timeout.Stop()
	delete(i.suspended, instance)
	return waiting.pipeline
}
