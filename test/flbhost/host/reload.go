package host

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrReloadDisabled says that the running configuration does not allow reloads. It continues.
	ErrReloadDisabled = errors.New("hot reloading is not enabled")
	// ErrReloadHalted says that the new configuration was refused. The old one continues.
	ErrReloadHalted = errors.New("reloaded config is invalid")
	// ErrReloadAborted says that the new configuration failed to start. The old one has ended: Fluent Bit exits with
	// 255.
	ErrReloadAborted = errors.New("reloading is aborted")
)

// Reload replaces the running configuration with c, as Fluent Bit does on SIGHUP. It loads and checks c while the old
// configuration still runs, calls lastFlush, which may be nil and may flush to the old outputs, stops the old
// configuration, and starts the new one. The error is one of the three above, or one of the host itself.
//
// As in Fluent Bit, the plugins of a refused configuration register and unregister. A test can force this with an
// output that no plugin registers.
func (h *Host) Reload(ctx context.Context, c Config, lastFlush func(context.Context)) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	old := h.running()
	if old == nil {
		return errors.New("no configuration is running")
	}
	// The signal replaces the signal handlers, even if the reload is refused.
	if err := h.do(ctx, newRequest(opHangUp)); err != nil {
		return err
	}
	if !old.config.HotReload || !h.v.Phases {
		h.Log(ctx, Warn, "[reload] hot reloading is not enabled")
		return ErrReloadDisabled
	}
	h.Log(ctx, Info, "reloading instance pid=%d", h.PID())
	// Fluent Bit never resets this: after a failed reload, a plain stop looks like one by a reload.
	old.hotExit = true
	next, err := h.prepare(ctx, c)
	if err != nil {
		return err
	}
	return h.replace(ctx, old, next, lastFlush)
}

func (h *Host) prepare(ctx context.Context, c Config) (*setup, error) {
	next, err := h.load(ctx, c, true)
	if err == nil {
		err = h.check(ctx, slices.Concat(next.inputs, next.outputs)...)
	}
	if err == nil {
		return next, nil
	}
	err = also(fmt.Errorf("%w: %w", ErrReloadHalted, err), h.discard(ctx, next))
	h.Log(ctx, Error, "[reload] reloaded config is invalid. Reloading is halted")
	return nil, err
}

func (h *Host) replace(ctx context.Context, old, next *setup, lastFlush func(context.Context)) error {
	h.Log(ctx, Info, "[reload] stop everything of the old context")
	if lastFlush != nil {
		lastFlush(ctx)
	}
	if err := h.end(ctx, old); err != nil {
		return err
	}
	h.Log(ctx, Info, "[reload] start everything")
	if err := h.begin(ctx, next); err != nil {
		h.Log(ctx, Error, "[reload] loaded configuration contains error(s). Reloading is aborted")
		return fmt.Errorf("%w: %w", ErrReloadAborted, err)
	}
	h.Log(ctx, Info, "[reload] successful reload done.")
	return nil
}
