package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// setup is a configuration in the loader: flb_config and what hangs on it.
type setup struct {
	config    Config
	plugins   []*plugin   // in the order of loading
	inputs    []*input    // in the order of the sections
	instances []*instance // the outputs, likewise
	engine    uint32      // the thread; 0 before begin
	hotExit   bool        // what PreExit is told
	flushes   sync.WaitGroup
}

const mainThread = 0

// ErrInit is the error of a start that failed because an input or an output did. Fluent Bit exits with 255.
var ErrInit = errors.New("init")

// load does what Fluent Bit does while it reads its configuration, all of it on the main thread: open each plugin,
// PreRegister, Register, then make an instance of each section. Nothing is initialised. After an error the setup holds
// what was made before it.
func (h *Host) load(ctx context.Context, c Config, hot bool) (*setup, error) {
	s := &setup{config: c}
	for _, path := range c.Plugins {
		p, err := h.loadPlugin(ctx, path, hot)
		if err != nil {
			return s, err
		}
		s.plugins = append(s.plugins, p)
	}
	for n, i := range c.Inputs {
		if err := h.addInput(ctx, s, n, i); err != nil {
			h.Log(ctx, Error, "%v", err)
			return s, err
		}
	}
	for n, o := range c.Outputs {
		if err := h.addInstance(ctx, s, n, o); err != nil {
			h.Log(ctx, Error, "%v", err)
			return s, err
		}
	}
	return s, nil
}

func (h *Host) addInstance(ctx context.Context, s *setup, position int, o Output) error {
	p := s.plugin(outputPlugin, o.Plugin)
	if p == nil {
		return fmt.Errorf("[config] section '%s' tried to instance a plugin name that doesn't exist", o.Plugin)
	}
	if o.Number == 0 {
		o.Number = position
	}
	i := &instance{plugin: p, name: fmt.Sprintf("%s.%d", p.name, o.Number)}
	var err error
	if i.core, err = coreOf(i.name, o.Properties, s.config.LogLevel); err != nil {
		err = fmt.Errorf("%w, section '%s'", err, o.Plugin)
	}
	// Fluent Bit makes the instance before it sets the properties, so one with a bad property exits like the others.
	s.instances = append(s.instances, i)
	return errors.Join(err, h.create(ctx, i))
}

func (s *setup) plugin(kind pluginKind, name string) *plugin {
	for _, p := range s.plugins {
		if p.kind == kind && strings.EqualFold(p.name, name) {
			return p
		}
	}
	return nil
}

// check checks all sections against the config maps of their plugins.
func (h *Host) check(ctx context.Context, s *setup) error {
	for _, i := range s.inputs {
		if err := i.check(); err != nil {
			h.Log(ctx, Error, "%v", err)
			return err
		}
	}
	for _, i := range s.instances {
		if err := i.check(); err != nil {
			h.Log(ctx, Error, "%v", err)
			return err
		}
	}
	return nil
}

func (i *instance) check() error {
	if i.plugin.keys != nil {
		if err := i.plugin.keys.Check(i.plugin.name, i.core.rest); err != nil {
			return err
		}
	}
	return i.core.all.CheckNet(i.plugin.name)
}

// begin starts the engine: Init of each input on its own thread, Init of each output, then PreRun of each, on the
// engine's thread. If an output fails it is dropped without an exit, all the others get theirs, the ones that were never
// initialised included, and the plugins are unloaded.
func (h *Host) begin(ctx context.Context, s *setup) error {
	var err error
	if s.engine, err = h.startThread(ctx, "flb-pipeline"); err != nil {
		return err
	}
	if err = h.beginInputs(ctx, s); err != nil {
		return also(err, h.endFailed(ctx, s))
	}
	for n, i := range s.instances {
		if err = h.initialise(ctx, s, i); err == nil {
			continue
		}
		h.Log(ctx, Error, "[engine] output initialization failed")
		s.instances = append(s.instances[:n:n], s.instances[n+1:]...)
		return also(fmt.Errorf("%w %s: %w", ErrInit, i.name, err), errors.Join(h.destroy(ctx, i), h.endFailed(ctx, s)))
	}
	for _, i := range s.instances {
		r := newRequest(opPreRun, i.number, s.engine, flag(s.config.HotReload))
		if err = h.do(ctx, r); err != nil {
			return also(err, h.end(ctx, s))
		}
	}
	if err = h.preRunInputs(ctx, s, true); err != nil {
		return also(err, h.end(ctx, s))
	}
	h.setRunning(s)
	return nil
}

func (h *Host) initialise(ctx context.Context, s *setup, i *instance) error {
	if err := i.check(); err != nil {
		h.Log(ctx, Error, "%v", err)
		return err
	}
	if err := h.do(ctx, newRequest(opInit, i.number, s.engine)); err != nil {
		if errors.Is(err, errRefused) {
			err = errors.New("the plugin refused, and should have logged why")
		}
		return err
	}
	for w := range i.core.workers {
		if i.core.level >= Info {
			h.Log(ctx, Info, "[output:%s:%s] worker #%d started", i.plugin.name, i.displayName(), w)
		}
	}
	return nil
}

func (i *instance) displayName() string {
	if i.core.alias != "" {
		return i.core.alias
	}
	return i.name
}

// end stops the engine: open flushes, then PreExit and Exit of each output on the engine's thread, then those of the
// inputs on theirs, then Unregister of each plugin on the main thread. It goes on after an error, for as long as the
// loader answers.
func (h *Host) end(ctx context.Context, s *setup) error {
	h.setRunning(nil)
	err := also(s.waitForFlushes(ctx), h.endOutputs(ctx, s))
	err = also(err, h.pauseInputs(ctx, s, true)) // as before the last flush already
	err = also(err, h.endInputs(ctx, s, true))
	return also(also(err, h.join(ctx, s.engine)), h.unload(ctx, s))
}

// endFailed stops an engine that did not start. Fluent Bit leaves the threads of inputs alone then.
func (h *Host) endFailed(ctx context.Context, s *setup) error {
	err := h.pauseInputs(ctx, s, false)
	err = also(err, h.endOutputs(ctx, s))
	err = also(err, h.endInputs(ctx, s, false))
	return also(also(err, h.join(ctx, s.engine)), h.unload(ctx, s))
}

func (h *Host) endOutputs(ctx context.Context, s *setup) error {
	var err error
	for _, i := range s.instances {
		err = also(err, h.exit(ctx, i, s.engine, s.hotExit))
	}
	return err
}

// discard drops a configuration that never ran. Fluent Bit takes it for a running one: PreExit and Exit come all the
// same, on the main thread, with no context.
func (h *Host) discard(ctx context.Context, s *setup) error {
	err := h.pauseInputs(ctx, s, false)
	for _, i := range s.instances {
		err = also(err, h.exit(ctx, i, mainThread, s.hotExit))
	}
	err = also(err, h.endInputs(ctx, s, false))
	return also(err, h.unload(ctx, s))
}

// unload has the inputs first, whatever the order of loading.
func (h *Host) unload(ctx context.Context, s *setup) error {
	var err error
	for _, inputs := range []bool{true, false} {
		for _, p := range s.plugins {
			if inputs == (p.kind == inputPlugin) {
				err = also(err, h.unloadPlugin(ctx, p))
			}
		}
	}
	return err
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
