// Package fence turns panics into errors, because a panic would end the process, and with it Fluent Bit.
package fence

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrPanic is wrapped by every *Panic.
var ErrPanic = errors.New("panic")

// Panic is a recovered panic.
type Panic struct {
	Cause any    // the argument of panic
	Stack []byte // of the goroutine that panicked
}

// Error returns the cause as text.
func (p *Panic) Error() string { return fmt.Sprintf("%v: %v", ErrPanic, p.Cause) }

// Unwrap returns ErrPanic.
func (p *Panic) Unwrap() error { return ErrPanic }

// Run calls f and returns its error, or a panic of f as a *Panic.
func Run(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Panic{Cause: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
