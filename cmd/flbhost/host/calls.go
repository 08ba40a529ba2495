package host

import (
	"context"
	"errors"
	"fmt"

	"github.com/promexporter/promexporter/cmd/flbhost/property"
)

// ErrDamage is the error of a call after which a struct of the host was found damaged: the plugin wrote past its end.
var ErrDamage = errors.New("the plugin wrote past the end of a struct")

// errRefused is a call's own failure, as opposed to that of the host.
var errRefused = errors.New("refused")

// plugin is a shared object in the loader.
type plugin struct {
	number      uint32
	path        string
	kind        pluginKind
	name        string // "" when it did not register
	description string
	keys        property.Map // nil without a config map
}

// pluginKind is what a plugin registered as.
type pluginKind uint32

const (
	inputPlugin  pluginKind = 1
	outputPlugin pluginKind = 2
)

// instance is an [OUTPUT] section in the loader.
type instance struct {
	number uint32
	name   string
	plugin *plugin
	core   core
}

// call makes a call to the loader and gives damage and failure their errors.
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

// Log writes a line in Fluent Bit's format, in order with those of the plugins. It does not look at any level.
func (h *Host) Log(ctx context.Context, l Level, format string, args ...any) {
	_, _ = h.p.call(ctx, newRequest(opLog, l.wire()).text(fmt.Sprintf(format, args...)))
}

// load has the main thread open and register a plugin. The plugin is in the loader unless the error says otherwise.
func (h *Host) loadPlugin(ctx context.Context, path string, hot bool) (*plugin, error) {
	p := &plugin{number: h.numbers.take(), path: path}
	r, err := h.call(ctx, newRequest(opLoad, p.number, flag(hot)).text(path))
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	if p.kind = pluginKind(r.number()); p.kind != 0 {
		p.name, p.description = r.text(), r.text()
		p.keys = readKeys(r)
	}
	return p, r.err
}

// Types and flags of Fluent Bit's config maps, as far as the check of a section depends on them.
const (
	typePrefix   = 1
	flagMultiple = 1
)

func readKeys(r *reply) property.Map {
	var m property.Map
	for n := r.number(); n > 0 && r.err == nil; n-- {
		kind, flags := r.number(), r.number()
		k := property.Key{Prefix: kind == typePrefix, Multiple: flags&flagMultiple != 0}
		k.Name, k.Default, k.Description = r.text(), r.text(), r.text()
		m = append(m, k)
	}
	return m
}

func (h *Host) unloadPlugin(ctx context.Context, p *plugin) error {
	h.numbers.giveBack(p.number)
	return h.do(ctx, newRequest(opUnload, p.number))
}

func (h *Host) create(ctx context.Context, i *instance) error {
	i.number = h.numbers.take()
	r := newRequest(opCreate, i.number, i.plugin.number, i.core.level.wire(), uint32(i.core.workers))
	r = r.text(i.name).text(i.core.alias).number(uint32(len(i.core.rest)))
	for _, p := range i.core.rest {
		r = r.text(p.Key).text(p.Value)
	}
	return h.do(ctx, r)
}

// destroy drops an instance without a word to the plugin.
func (h *Host) destroy(ctx context.Context, i *instance) error {
	h.numbers.giveBack(i.number)
	return h.do(ctx, newRequest(opDestroy, i.number))
}

func (h *Host) exit(ctx context.Context, i *instance, thread uint32, hot bool) error {
	h.numbers.giveBack(i.number)
	return h.do(ctx, newRequest(opExit, i.number, thread, flag(hot)))
}

func (h *Host) startThread(ctx context.Context, name string) (uint32, error) {
	n := h.numbers.take()
	return n, h.do(ctx, newRequest(opThread, n).text(name))
}

func (h *Host) join(ctx context.Context, thread uint32) error {
	h.numbers.giveBack(thread)
	return h.do(ctx, newRequest(opJoin, thread))
}

func flag(b bool) uint32 {
	if b {
		return 1
	}
	return 0
}
