package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// setup is a configuration in the loader: flb_config and what depends on it.
type setup struct {
	config  Config
	plugins []*plugin  // in the order of loading
	inputs  []*section // in the order of Config
	outputs []*section // likewise
	engine  handle     // the engine's thread; 0 before begin
	hotExit bool       // what PreExit gets
	flushes sync.WaitGroup
}

// ErrInit is the error of a start that failed because an input or an output did.
var ErrInit = errors.New("init")

// load does what Fluent Bit does while it reads its configuration, all on the main thread: it opens each plugin, calls
// PreRegister and Register, then creates each section. It initializes nothing. After an error the setup has what load
// made before it.
func (h *Host) load(ctx context.Context, c Config, hot bool) (*setup, error) {
	s := &setup{config: c}
	for _, path := range c.Plugins {
		p, err := h.loadPlugin(ctx, path, hot)
		if err != nil {
			return s, err
		}
		s.plugins = append(s.plugins, p)
	}
	err := h.addSections(ctx, s, inputPlugin, c.Inputs)
	if err == nil {
		err = h.addSections(ctx, s, outputPlugin, c.Outputs)
	}
	return s, err
}

// begin starts the engine: Init of each input on its own thread, then Init and PreRun of each output on the engine's.
// If a section fails, begin drops it without an exit, calls Exit of all others, including those that were never
// initialized, and unloads the plugins.
func (h *Host) begin(ctx context.Context, s *setup) (err error) {
	if s.engine, err = h.startThread(ctx, "flb-pipeline"); err != nil {
		return err
	}
	for _, i := range slices.Concat(s.inputs, s.outputs) {
		if !i.core.threaded {
			i.thread = s.engine
		}
	}
	if err = h.initializeInputs(ctx, s); err == nil {
		err = h.initializeOutputs(ctx, s)
	}
	if err != nil {
		return also(err, h.discard(ctx, s))
	}
	for _, i := range s.outputs {
		if err = h.do(ctx, newRequest(opPreRun, i.handle, i.thread).flag(s.config.HotReload)); err != nil {
			return also(err, h.end(ctx, s))
		}
	}
	if err = h.preRunInputs(ctx, s, true); err != nil {
		return also(err, h.end(ctx, s))
	}
	h.setRunning(s)
	return nil
}

// end stops the engine: it waits for open flushes, calls PreExit and Exit of each output on the engine's thread, then
// of the inputs on theirs, then Unregister of each plugin on the main thread. It continues after an error for as long
// as the loader answers.
func (h *Host) end(ctx context.Context, s *setup) error {
	h.setRunning(nil)
	err := also(s.waitForFlushes(ctx), h.exitOutputs(ctx, s))
	err = also(err, h.pauseInputs(ctx, s, true)) // a second time, after that of the last flush
	err = also(err, h.exitInputs(ctx, s, true))
	return also(also(err, h.join(ctx, s.engine)), h.unload(ctx, s))
}

// discard ends a configuration that did not run. Fluent Bit treats it as a running one: PreExit and Exit come all the
// same, with no context, and on the main thread if there is no engine. It does not call inputs that have threads.
func (h *Host) discard(ctx context.Context, s *setup) error {
	err := h.pauseInputs(ctx, s, false)
	err = also(err, h.exitOutputs(ctx, s))
	err = also(err, h.exitInputs(ctx, s, false))
	return also(also(err, h.join(ctx, s.engine)), h.unload(ctx, s))
}

func (s *setup) waitForFlushes(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		s.flushes.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("flushes are still open: %w", ctx.Err())
	}
}
