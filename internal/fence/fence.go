// Package fence keeps a panic from ending the process, and with it Fluent Bit.
package fence

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrPanic is in every error that a panic became.
var ErrPanic = errors.New("panic")

// Panic is the error that a panic became.
type Panic struct {
	Cause any    // what panic was called with
	Stack []byte // of the goroutine, where that was
}

// Error tells the cause.
func (p *Panic) Error() string { return fmt.Sprintf("%v: %v", ErrPanic, p.Cause) }

// Unwrap returns ErrPanic.
func (p *Panic) Unwrap() error { return ErrPanic }

// Run calls f, and returns a panic of f as a *Panic.
func Run(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &Panic{Cause: p, Stack: debug.Stack()}
		}
	}()
	return f()
}
