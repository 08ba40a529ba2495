// Package fence keeps a panic from ending the process, and with it Fluent Bit.
package fence

import (
	"errors"
	"fmt"
)

// ErrPanic is in every error that a panic became.
var ErrPanic = errors.New("panic")

// Run calls f, and returns a panic of f as an error.
func Run(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrPanic, p)
		}
	}()
	return f()
}
