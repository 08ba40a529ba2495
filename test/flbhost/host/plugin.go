package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/promexporter/promexporter/test/flbhost/property"
)

// ErrDamage is the error of a call after which the loader found a struct damaged: the plugin wrote past its end.
var ErrDamage = errors.New("the plugin wrote past the end of a struct")

// errRefused is the error of a call that the plugin, not the host, failed.
var errRefused = errors.New("refused")

// pluginKind is what a plugin registered as; 0 if it did not register.
type pluginKind uint32

const (
	inputPlugin  pluginKind = 1
	outputPlugin pluginKind = 2
)

func (k pluginKind) String() string {
	if k == inputPlugin {
		return "input"
	}
	return "output"
}

// reserved reports whether Fluent Bit keeps a key of a section of this kind to itself.
func (k pluginKind) reserved(key string) bool {
	if k == inputPlugin {
		return property.ReservedInput(key)
	}
	return property.ReservedOutput(key)
}

// plugin is a shared object in the loader.
type plugin struct {
	handle handle
	kind   pluginKind
	name   string
	keys   property.Map // nil without a config map
}

// call makes a call to the loader and turns damage and failure into errors.
func (h *Host) call(ctx context.Context, r request) (*reply, error) {
	p, err := h.p.call(ctx, r)
	if err != nil {
		return nil, err
	}
	switch p.result {
	case resultOK:
		return p, nil
	case resultDamage:
		err := fmt.Errorf("%w: %s, as Fluent Bit %s has it", ErrDamage, p.text(), h.o.Version)
		h.Log(ctx, Error, "[flbhost] %v", err)
		return nil, err
	default:
		return nil, fmt.Errorf("%w: %s", errRefused, p.text())
	}
}

func (h *Host) do(ctx context.Context, r request) error {
	_, err := h.call(ctx, r)
	return err
}

// create is a call whose reply is a handle.
func (h *Host) create(ctx context.Context, r request) (handle, error) {
	p, err := h.call(ctx, r)
	if err != nil {
		return 0, err
	}
	return p.handle(), p.err
}

// Log writes a line in Fluent Bit's format, in order with those of the plugins. It ignores the configured level.
func (h *Host) Log(ctx context.Context, l Level, format string, args ...any) {
	_, _ = h.p.call(ctx, newRequest(opLog).number(l.wire()).text(fmt.Sprintf(format, args...)))
}

// loadPlugin opens a plugin and lets it register, on the main thread.
func (h *Host) loadPlugin(ctx context.Context, path string, hot bool) (*plugin, error) {
	r, err := h.call(ctx, newRequest(opLoad).flag(hot).text(path))
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	p := &plugin{handle: r.handle(), kind: pluginKind(r.number())}
	if p.kind != 0 {
		p.name = r.text()
		r.text() // the description
		p.keys = readKeys(r)
	}
	return p, r.err
}

// Types and flags of Fluent Bit's config maps that the check of a section depends on.
const (
	typePrefix   = 1
	flagMultiple = 1
)

func readKeys(r *reply) property.Map {
	var m property.Map
	for n := r.number(); n > 0 && r.err == nil; n-- {
		kind, flags := r.number(), r.number()
		m = append(m, property.Key{Name: r.text(), Prefix: kind == typePrefix, Multiple: flags&flagMultiple != 0})
		r.text() // the default
		r.text() // the description
	}
	return m
}

// unload unloads inputs first, in whatever order the plugins were loaded.
func (h *Host) unload(ctx context.Context, s *setup) error {
	var err error
	for _, inputs := range []bool{true, false} {
		for _, p := range s.plugins {
			if inputs == (p.kind == inputPlugin) {
				err = also(err, h.do(ctx, newRequest(opUnload, p.handle)))
			}
		}
	}
	return err
}
