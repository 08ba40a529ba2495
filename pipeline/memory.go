package pipeline

import (
	"runtime/debug"
	"time"
)

const (
	memoryInterval = 5 * time.Second // between two looks at the memory
	quiet          = time.Minute     // for how long memory of flushes is kept that none needs
	worthwhile     = 4 << 20         // bytes for which a collection is worth its time
)

// keeper gives memory back that a peak has left behind. Flushes of known series leave no garbage, so that the runtime
// would not collect for two minutes what expired.
type keeper struct {
	section *section
	shrunk  time.Time // when the flushers gave memory back
	most    int64     // bytes that series took since the last collection
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
			p.collectGarbage(k, now)
		}
	}
}

// collectGarbage collects what there is to give back, in its own goroutine, and returns it to the system.
func (p *Pipeline) collectGarbage(k *keeper, now time.Time) {
	defer p.rescue("panic when memory was given back, please report it")
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
	if bytes < k.most/2 {
		freed += k.most - bytes
		k.most = bytes
		k.section.collector.DropSnapshots() // which know all series there were
	}
	return freed
}
