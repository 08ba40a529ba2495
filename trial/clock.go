package trial

import (
	"sync/atomic"
	"time"
)

// clock is read by the goroutine of the collector too. The zero clock has no time.
type clock struct{ nanos atomic.Int64 }

// set moves the clock, but not back.
func (c *clock) set(to time.Time) {
	if n := to.UnixNano(); n > c.nanos.Load() {
		c.nanos.Store(n)
	}
}

func (c *clock) now() time.Time {
	n := c.nanos.Load()
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n)
}
