package exporter

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// There is at most one reload per second. Requests that arrive meanwhile share the next one, and each gets the result
// of a reload that started after it.
func TestReloadsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReloads()
		errs := []error{errors.New("first"), errors.New("second"), nil}
		var begun []time.Duration
		var all sync.WaitGroup
		started := time.Now()
		var reload func() error
		get := func(want error) {
			all.Go(func() {
				if err := r.get(t.Context(), reload); !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			})
		}
		reload = func() error {
			n := len(begun)
			begun = append(begun, time.Since(started))
			if n == 1 { // one that comes while it runs is too late for this one
				get(errs[2])
				synctest.Wait()
			}
			return errs[n]
		}
		get(errs[0])
		synctest.Wait()
		for range 5 {
			time.Sleep(100 * time.Millisecond)
			get(errs[1])
		}
		all.Wait()
		if len(begun) != 3 || begun[0] != 0 || begun[1] != reloadInterval || begun[2] != 2*reloadInterval {
			t.Errorf("reloads after %v", begun)
		}
	})
}

// A request whose client disconnects before its reload does not reload, and does not affect the next one.
func TestWaitForReloadEndsWithItsClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReloads()
		n := 0
		reload := func() error { n++; return nil }
		if err := r.get(t.Context(), reload); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), reloadInterval/2)
		defer cancel()
		if err := r.get(ctx, reload); !errors.Is(err, context.DeadlineExceeded) || n != 1 {
			t.Errorf("%v, %d reloads", err, n)
		}
		started := time.Now()
		if err := r.get(t.Context(), reload); err != nil || n != 2 || time.Since(started) != reloadInterval/2 {
			t.Errorf("%v, %d reloads after %s", err, n, time.Since(started))
		}
	})
}

// A reload that panics is an error, and the next one is not affected.
func TestReloadPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newReloads()
		if err := r.get(t.Context(), func() error { panic("oops") }); err == nil || err.Error() != "panic: oops" {
			t.Error(err)
		}
		if err := r.get(t.Context(), func() error { return nil }); err != nil {
			t.Error(err)
		}
	})
}
