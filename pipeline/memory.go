package pipeline

import (
	"os"
	"runtime/debug"
	"time"
)

const (
	scavengeInterval = 5 * time.Second // between two checks of the memory
	maxIdle          = time.Minute     // how long unused buffers of flushes are kept
	minCollect       = 4 << 20         // fewest bytes for which a garbage collection is worth its cost
)

// gcPercent is the GOGC of the plugin: by how much the heap grows, relative to the live heap, before it is collected.
// It is lower than Go's default because the plugin shares the process with Fluent Bit. The cost is low because only
// scrapes leave garbage, which is a fraction of the live heap.
const gcPercent = 50

// setGCPercent sets gcPercent for the whole plugin, unless the environment sets GOGC or GOMEMLIMIT.
func setGCPercent() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// scavenger returns memory to the system after the series grew or shrank. Without it, the runtime might collect garbage
// only after two minutes, because flushes of known series do not allocate.
type scavenger struct {
	instance       *instance
	lastShrink     time.Time // when the buffers were last shrunk
	lastBytes      int64     // bytes of the series at the last check
	collectedBytes int64     // bytes of the series at the last collection
	peakBytes      int64     // highest number of bytes since the snapshots were dropped
}

// scavengeMemory runs a scavenger until the pipeline is closed.
func (p *Pipeline) scavengeMemory() {
	s := &scavenger{instance: p.instance, lastShrink: time.Now()}
	tick := time.NewTicker(scavengeInterval)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case now := <-tick.C:
			p.guard("memory scavenger", func() { s.scavenge(now) })
		}
	}
}

// scavenge collects garbage and returns memory to the system if there is enough to return. It runs in its own
// goroutine.
func (s *scavenger) scavenge(now time.Time) {
	if s.release(now) >= minCollect {
		debug.FreeOSMemory()
	}
}

// release drops references to unused memory, and returns about how many bytes a collection would free.
func (s *scavenger) release(now time.Time) (freed int64) {
	if now.Sub(s.lastShrink) >= maxIdle {
		s.lastShrink = now
		freed = int64(s.instance.buffers.shrink())
	}
	bytes := s.instance.collector.Stats().Bytes()
	s.peakBytes = max(s.peakBytes, bytes)
	settled := absDiff(bytes, s.lastBytes) <= bytes/16
	s.lastBytes = bytes
	if !settled {
		return freed
	}
	if bytes < s.peakBytes/2 {
		s.peakBytes = bytes
		s.instance.collector.DropSnapshots() // which hold memory for all series of the peak
	}
	if d := absDiff(bytes, s.collectedBytes); d > max(bytes, s.collectedBytes)/4 {
		s.collectedBytes = bytes
		freed += d
	}
	return freed
}

func absDiff(a, b int64) int64 { return max(a-b, b-a) }
