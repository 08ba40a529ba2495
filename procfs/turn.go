package procfs

import (
	"math"
	"runtime"
	"sync/atomic"
)

// turn says whether the goroutine that reads processes waits in the kernel, so that another one can go on where it does
// not come back: nothing ends a system call that hangs. Only the goroutine that has the turn uses what belongs to the
// round. It has the turn except while it waits in the kernel; then, and only then, the turn can be taken from it.
type turn struct {
	state atomic.Uint64 // odd while its goroutine waits in the kernel
	n     uint64        // the state that the goroutine itself gave it last
}

// The states of a turn that was taken.
const (
	taken    = math.MaxUint64 - 3
	returned = math.MaxUint64 - 1 // and its goroutine came back
)

// leave is to be called before a system call that may hang.
func (t *turn) leave() {
	t.n++
	t.state.Store(t.n)
}

// resume is to be called after the system call. If the turn was taken meanwhile, it ends the goroutine, which runs its
// deferred calls. They may use only what the goroutine does not share.
func (t *turn) resume() {
	t.n++
	if !t.state.CompareAndSwap(t.n-1, t.n) {
		t.state.Store(returned)
		runtime.Goexit()
	}
}

// take takes the turn from a goroutine that waits in the kernel since the state was seen. The caller then has it.
func (t *turn) take(seen uint64) bool { return seen%2 == 1 && t.state.CompareAndSwap(seen, taken) }

// hangs reports whether the goroutine from which the turn was taken is still in the kernel.
func (t *turn) hangs() bool { return t.state.Load() != returned }
