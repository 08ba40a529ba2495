package pipeline

import (
	"os"
	"runtime/debug"
	"time"
)

const (
	scavengeInterval = 5 * time.Second // between two looks at the memory
	maxIdle          = time.Minute     // for how long memory of flushes is kept that none needs
	minCollect       = 4 << 20         // bytes for which a collection is worth its time
)

// gcPercent is by how much of what lives the heap grows before it is collected. The heap is a guest in Fluent Bit's
// process, and flushes leave no garbage: scrapes do, a fraction of what lives.
const gcPercent = 50

// setGCPercent sets gcPercent for the whole plugin, unless whoever runs Fluent Bit has chosen otherwise.
func setGCPercent() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// scavenger gives memory back that growth or a peak has left behind. Without it the runtime would not collect for two
// minutes, because flushes of known series leave no garbage.
type scavenger struct {
	instance       *instance
	lastShrink     time.Time // when the buffers were last shrunk
	lastBytes      int64     // bytes of the series at the last look
	collectedBytes int64     // and at the last collection
	peakBytes      int64     // and at most, since the snapshots were dropped
}

// scavengeMemory looks after the memory until the section is closed.
func (p *Pipeline) scavengeMemory() {
	s := &scavenger{instance: p.instance, lastShrink: time.Now()}
	tick := time.NewTicker(scavengeInterval)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case now := <-tick.C:
			p.guard("panic when memory was given back, please report it", func() { s.scavenge(now) })
		}
	}
}

// scavenge collects what there is to give back, in its own goroutine, and returns it to the system.
func (s *scavenger) scavenge(now time.Time) {
	if s.release(now) >= minCollect {
		debug.FreeOSMemory()
	}
}

// release lets go of memory that nothing needs, and returns about how many bytes wait for a collection.
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
		s.instance.collector.DropSnapshots() // which know all series there were
	}
	if d := absDiff(bytes, s.collectedBytes); d > max(bytes, s.collectedBytes)/4 {
		s.collectedBytes = bytes
		freed += d
	}
	return freed
}

func absDiff(a, b int64) int64 { return max(a-b, b-a) }
