package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// section is a section in the loader: an input or an output.
type section struct {
	handle handle
	name   string // such as promexporter.0
	plugin *plugin
	core   core
	thread handle // of all calls but flushes with workers; the main thread until the start
}

func (h *Host) addSections(ctx context.Context, s *setup, kind pluginKind, sections []Section) error {
	for n, section := range sections {
		if err := h.addSection(ctx, s, kind, n, section); err != nil {
			h.Log(ctx, Error, "%v", err)
			return err
		}
	}
	return nil
}

// addSection creates a section of a plugin of that kind. If it fails because of a property, s has the section all the
// same: like Fluent Bit, it creates the section before it sets the properties, and later exits it like the others.
func (h *Host) addSection(ctx context.Context, s *setup, kind pluginKind, position int, c Section) error {
	p := s.plugin(kind, c.Plugin)
	if p == nil {
		return fmt.Errorf("[config] section '%s' tried to instance a plugin name that doesn't exist", c.Plugin)
	}
	if c.Number == 0 {
		c.Number = position
	}
	i := &section{plugin: p, name: fmt.Sprintf("%s.%d", p.name, c.Number)}
	var err error
	if i.core, err = coreOf(kind, c.Properties, s.config.LogLevel); err != nil {
		err = fmt.Errorf("%w, section '%s'", err, c.Plugin)
	}
	r := newRequest(opCreate, p.handle).number(i.core.level.wire()).number(uint32(i.core.workers))
	r = r.text(i.name).text(i.core.alias).number(uint32(len(i.core.rest)))
	for _, p := range i.core.rest {
		r = r.text(p.Key).text(p.Value)
	}
	var createErr error
	i.handle, createErr = h.create(ctx, r)
	if createErr == nil && kind == inputPlugin {
		s.inputs = append(s.inputs, i)
	} else if createErr == nil {
		s.outputs = append(s.outputs, i)
	}
	return also(createErr, err)
}

func (s *setup) plugin(kind pluginKind, name string) *plugin {
	for _, p := range s.plugins {
		if p.kind == kind && strings.EqualFold(p.name, name) {
			return p
		}
	}
	return nil
}

// check checks the properties against the config maps of the plugins, and logs what is wrong.
func (h *Host) check(ctx context.Context, sections ...*section) error {
	for _, i := range sections {
		if i.plugin.keys == nil {
			continue
		}
		if err := i.plugin.keys.Check(i.plugin.name, i.core.rest); err != nil {
			h.Log(ctx, Error, "%v", err)
			return err
		}
	}
	return nil
}

// initialize makes the section's thread call FLBPluginInit. It starts the thread first if the section has one of its
// own.
func (h *Host) initialize(ctx context.Context, i *section) error {
	err := h.check(ctx, i)
	if err == nil && i.core.threaded {
		i.thread, err = h.startThread(ctx, "flb-in-"+i.name+"-w0")
	}
	if err == nil {
		err = h.do(ctx, newRequest(opInit, i.handle, i.thread))
	}
	if errors.Is(err, errRefused) {
		err = errors.New("the plugin refused, and should have logged why")
	}
	return err
}

// initializeInputs initializes the inputs, each on a thread of its own unless its section says otherwise. An input that
// fails is dropped without an exit, and ends the start; before 4.0.3 the start continues if the input has its own
// thread.
func (h *Host) initializeInputs(ctx context.Context, s *setup) error {
	for _, i := range slices.Clone(s.inputs) {
		err := h.initialize(ctx, i)
		if err == nil {
			continue
		}
		h.Log(ctx, Error, "failed initialize input %s", i.name)
		s.inputs = slices.DeleteFunc(s.inputs, func(other *section) bool { return other == i })
		err = also(fmt.Errorf("%w %s: %w", ErrInit, i.name, err), h.drop(ctx, i))
		if h.v.InputFailures || !i.core.threaded || errors.Is(err, ErrDamage) {
			h.Log(ctx, Error, "[engine] input initialization failed")
			return err
		}
		h.Log(ctx, Error, "[input:%s:%s] could not initialize threaded plugin instance", i.plugin.name, i.name)
	}
	return h.preRunInputs(ctx, s, false)
}

// initializeOutputs initializes the outputs on the engine's thread. An output that fails is dropped without an exit,
// and ends the start.
func (h *Host) initializeOutputs(ctx context.Context, s *setup) error {
	for n, i := range s.outputs {
		if err := h.initialize(ctx, i); err != nil {
			h.Log(ctx, Error, "[engine] output initialization failed")
			s.outputs = slices.Delete(s.outputs, n, n+1)
			return also(fmt.Errorf("%w %s: %w", ErrInit, i.name, err), h.drop(ctx, i))
		}
	}
	return nil
}

// preRunInputs calls PreRun of the inputs that have threads of their own, or of those that have not.
func (h *Host) preRunInputs(ctx context.Context, s *setup, threaded bool) error {
	for _, i := range s.inputs {
		if i.core.threaded != threaded {
			continue
		}
		if err := h.do(ctx, newRequest(opPreRun, i.handle, i.thread).flag(s.config.HotReload)); err != nil {
			return err
		}
	}
	return nil
}

// exit ends a section, which calls PreExit and Exit of the plugin.
func (h *Host) exit(ctx context.Context, s *setup, i *section) error {
	return also(h.do(ctx, newRequest(opExit, i.handle, i.thread).flag(s.hotExit)), h.joinOwn(ctx, i))
}

// drop ends a section without a call to the plugin.
func (h *Host) drop(ctx context.Context, i *section) error {
	return also(h.do(ctx, newRequest(opDestroy, i.handle)), h.joinOwn(ctx, i))
}

func (h *Host) exitOutputs(ctx context.Context, s *setup) error {
	var err error
	for _, i := range s.outputs {
		err = also(err, h.exit(ctx, s, i))
	}
	return err
}

// pauseInputs pauses the inputs, or only those without threads of their own.
func (h *Host) pauseInputs(ctx context.Context, s *setup, all bool) error {
	var err error
	for _, i := range s.inputs {
		if all || !i.core.threaded {
			err = also(err, h.do(ctx, newRequest(opPause, i.handle, i.thread)))
		}
	}
	return err
}

// exitInputs ends the inputs, the last one first. If they never worked, those with threads of their own are dropped.
func (h *Host) exitInputs(ctx context.Context, s *setup, worked bool) error {
	var err error
	for _, i := range slices.Backward(s.inputs) {
		if i.core.threaded && !worked {
			err = also(err, h.drop(ctx, i))
		} else {
			err = also(err, h.exit(ctx, s, i))
		}
	}
	return err
}

func (h *Host) startThread(ctx context.Context, name string) (handle, error) {
	return h.create(ctx, newRequest(opThread).text(name))
}

// joinOwn ends the thread of an input that has one of its own.
func (h *Host) joinOwn(ctx context.Context, i *section) error {
	if i.core.threaded {
		return h.join(ctx, i.thread)
	}
	return nil
}

// join ends a thread, unless it is the main thread.
func (h *Host) join(ctx context.Context, thread handle) error {
	if thread == 0 {
		return nil
	}
	return h.do(ctx, newRequest(opJoin, thread))
}
