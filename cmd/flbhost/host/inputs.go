package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Tick is how often Fluent Bit asks an input that is written in Go.
const Tick = time.Second

// input is an [INPUT] section in the loader.
type input struct {
	number uint32
	name   string
	plugin *plugin
	core   inputCore
	thread uint32 // of all its calls, the engine's or its own; the main thread before it has any
}

func (h *Host) addInput(ctx context.Context, s *setup, position int, c Input) error {
	p := s.plugin(inputPlugin, c.Plugin)
	if p == nil {
		return fmt.Errorf("[config] section '%s' tried to instance a plugin name that doesn't exist", c.Plugin)
	}
	if c.Number == 0 {
		c.Number = position
	}
	i := &input{plugin: p, name: fmt.Sprintf("%s.%d", p.name, c.Number)}
	var err error
	if i.core, err = inputCoreOf(c.Properties, s.config.LogLevel); err != nil {
		err = fmt.Errorf("%w, section '%s'", err, c.Plugin)
	}
	s.inputs = append(s.inputs, i)
	i.number = h.numbers.take()
	r := newRequest(opInputCreate, i.number, p.number, i.core.level.wire())
	r = r.text(i.name).text(i.core.alias).number(uint32(len(i.core.rest)))
	for _, p := range i.core.rest {
		r = r.text(p.Key).text(p.Value)
	}
	return errors.Join(err, h.do(ctx, r))
}

func (i *input) check() error {
	if i.plugin.keys == nil {
		return nil
	}
	return i.plugin.keys.Check(i.plugin.name, i.core.rest)
}

// beginInputs initialises the inputs. One that fails is dropped without an exit, and it ends the start; before 4.0.3
// the others go on without it if it has a thread of its own.
func (h *Host) beginInputs(ctx context.Context, s *setup) error {
	for _, i := range s.inputs {
		if !i.core.threaded {
			i.thread = s.engine
		}
	}
	for _, i := range slices.Clone(s.inputs) {
		err := h.beginInput(ctx, i)
		if err == nil {
			continue
		}
		h.Log(ctx, Error, "failed initialize input %s", i.name)
		s.inputs = slices.DeleteFunc(s.inputs, func(other *input) bool { return other == i })
		err = also(fmt.Errorf("%w %s: %w", ErrInit, i.name, err), h.dropInput(ctx, i))
		if h.o.Version != V32 || !i.core.threaded || errors.Is(err, ErrDamage) {
			h.Log(ctx, Error, "[engine] input initialization failed")
			return err
		}
		h.Log(ctx, Error, "[input:%s:%s] could not initialize threaded plugin instance", i.plugin.name, i.name)
	}
	return h.preRunInputs(ctx, s, false)
}

func (h *Host) beginInput(ctx context.Context, i *input) error {
	if err := i.check(); err != nil {
		h.Log(ctx, Error, "%v", err)
		return err
	}
	if i.core.threaded {
		var err error
		if i.thread, err = h.startThread(ctx, "flb-in-"+i.name+"-w0"); err != nil {
			return err
		}
	}
	err := h.do(ctx, newRequest(opInputInit, i.number, i.thread))
	if errors.Is(err, errRefused) {
		err = errors.New("the plugin refused, and should have logged why")
	}
	return err
}

// preRunInputs tells the inputs that have threads of their own, or those that have none.
func (h *Host) preRunInputs(ctx context.Context, s *setup, threaded bool) error {
	for _, i := range s.inputs {
		if i.core.threaded != threaded {
			continue
		}
		if err := h.do(ctx, newRequest(opInputPreRun, i.number, i.thread, flag(s.config.HotReload))); err != nil {
			return err
		}
	}
	return nil
}

// Collect does what the timer of an input does, once: it asks for records, copies them and has the plugin clean up. It
// returns nothing if the plugin has nothing. Fluent Bit calls it every Tick, from one Tick after the start on, and
// stops doing so when it pauses an input: of several, always the last one, whichever it meant.
func (h *Host) Collect(ctx context.Context, input int) ([]byte, error) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	i, err := h.inputAt(input)
	if err != nil {
		return nil, err
	}
	r, err := h.p.call(ctx, newRequest(opInputCollect, i.number, i.thread))
	if err != nil {
		return nil, err
	}
	return r.bytes(), r.err
}

// PauseInput tells an input that there is no room for its records, or that the end is near, and ResumeInput that it may
// go on. No timer stops by that.
func (h *Host) PauseInput(ctx context.Context, input int) error {
	return h.tell(ctx, opInputPause, input)
}

// ResumeInput ends a pause.
func (h *Host) ResumeInput(ctx context.Context, input int) error {
	return h.tell(ctx, opInputResume, input)
}

func (h *Host) tell(ctx context.Context, op uint32, input int) error {
	h.mu.RLock()
	defer h.mu.RUnlock()
	i, err := h.inputAt(input)
	if err != nil {
		return err
	}
	return h.do(ctx, newRequest(op, i.number, i.thread))
}

func (h *Host) inputAt(n int) (*input, error) {
	if h.current == nil {
		return nil, ErrNotRunning
	}
	if n < 0 || n >= len(h.current.inputs) {
		return nil, fmt.Errorf("no input %d among %d", n, len(h.current.inputs))
	}
	return h.current.inputs[n], nil
}

// pauseInputs pauses the inputs, or only those without threads of their own.
func (h *Host) pauseInputs(ctx context.Context, s *setup, all bool) error {
	var err error
	for _, i := range s.inputs {
		if all || !i.core.threaded {
			err = also(err, h.do(ctx, newRequest(opInputPause, i.number, i.thread)))
		}
	}
	return err
}

// endInputs stops the inputs, the last one first. Those with threads of their own do not hear of it if they never
// worked.
func (h *Host) endInputs(ctx context.Context, s *setup, worked bool) error {
	var err error
	for _, i := range slices.Backward(s.inputs) {
		if i.core.threaded && !worked {
			err = also(err, h.dropInput(ctx, i))
			continue
		}
		err = also(err, h.do(ctx, newRequest(opInputExit, i.number, i.thread, flag(s.hotExit))))
		err = also(err, h.releaseInput(ctx, i))
	}
	return err
}

// dropInput drops an input without a word to the plugin.
func (h *Host) dropInput(ctx context.Context, i *input) error {
	return also(h.do(ctx, newRequest(opInputDrop, i.number)), h.releaseInput(ctx, i))
}

func (h *Host) releaseInput(ctx context.Context, i *input) error {
	h.numbers.giveBack(i.number)
	if i.core.threaded && i.thread != mainThread {
		return h.join(ctx, i.thread)
	}
	return nil
}
