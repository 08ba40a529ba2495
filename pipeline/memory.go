package pipeline

import (
	"os"
	"runtime/debug"
	"time"
)

const (
	memoryInterval = 5 * time.Second // between two looks at the memory
	quiet          = time.Minute     // for how long memory of flushes is kept that none needs
	worthwhile     = 4 << 20         // bytes for which a collection is worth its time
)

// gcPercent is by how much of what lives the heap grows before it is collected. The heap is a guest in Fluent Bit's
// process, and flushes leave no garbage: scrapes do, a fraction of what lives.
const gcPercent = 50

// limitGarbage sets gcPercent for the whole plugin, unless whoever runs Fluent Bit has chosen otherwise.
func limitGarbage() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// keeper gives memory back that growth or a peak has left behind. Without it the runtime would not collect for two
// minutes, because flushes of known series leave no garbage.
type keeper struct {
	section   *section
	shrunk    time.Time // when the flushers gave memory back
	looked    int64     // bytes of the series at the last look
	collected int64     // and at the last collection
	most      int64     // and at most, since the snapshots were dropped
}

// keep looks after the memory until the section is closed.
func (p *Pipeline) keep() {
	k := &keeper{section: p.section, shrunk: time.Now()}
	tick := time.NewTicker(memoryInterval)
	defer tick.Stop()
	for {
		select {
		case <-p.quit:
			return
		case now := <-tick.C:
			p.guard("panic when memory was given back, please report it", func() { k.collectGarbage(now) })
		}
	}
}

// collectGarbage collects what there is to give back, in its own goroutine, and returns it to the system.
func (k *keeper) collectGarbage(now time.Time) {
	if k.letGo(now) >= worthwhile {
		debug.FreeOSMemory()
	}
}

// letGo lets go of memory that nothing needs, and returns about how many bytes wait for a collection.
func (k *keeper) letGo(now time.Time) (freed int64) {
	if now.Sub(k.shrunk) >= quiet {
		k.shrunk = now
		freed = int64(k.section.flushers.shrink())
	}
	bytes := k.section.collector.Stats().Bytes()
	k.most = max(k.most, bytes)
	settled := differ(bytes, k.looked) <= bytes/16
	k.looked = bytes
	if !settled {
		return freed
	}
	if bytes < k.most/2 {
		k.most = bytes
		k.section.collector.DropSnapshots() // which know all series there were
	}
	if d := differ(bytes, k.collected); d > max(bytes, k.collected)/4 {
		k.collected = bytes
		freed += d
	}
	return freed
}

func differ(a, b int64) int64 { return max(a-b, b-a) }
