package pipeline

import (
	"cmp"
	"sync"
	"time"

	"github.com/promexporter/promexporter/exporter"
)

// defaultSuspendTimeout is how long a suspended instance waits for its successor.
const defaultSuspendTimeout = 10 * time.Second

// Instances is what the instances of a process share: the HTTP servers, and the suspended instances, which wait for
// their successors during a reload. The zero value is ready to use. Instances must not be copied. It is safe for
// concurrent use.
type Instances struct {
	// SuspendTimeout is how long a suspended instance waits for its successor; 0 means ten seconds. It must be set
	// before the first Open.
	SuspendTimeout time.Duration

	servers  exporter.Servers
	identify sync.Once
	id       string // of the pages, set by process

	mu        sync.Mutex
	suspended map[string]*suspendedPipeline // by instance
}

// suspendedPipeline is a closed pipeline whose instance waits for its successor.
type suspendedPipeline struct {
	pipeline *Pipeline
	timeout  *time.Timer
}

// suspend keeps p, which is closed, for its successor. If there is none in time, the series of p are dropped.
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
		waiting.pipeline.log.Info("instance did not return after the reload; its series are dropped")
		waiting.pipeline.discard()
	}
}

// remove reports whether the pipeline was still waiting.
func (i *Instances) remove(waiting *suspendedPipeline) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.suspended[waiting.pipeline.name] != waiting {
		return false
	}
	delete(i.suspended, waiting.pipeline.name)
	return true
}

// takeSuspended removes and returns the suspended pipeline of this name, or returns nil.
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
