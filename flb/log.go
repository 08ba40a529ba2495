package flb

/*
#include <stdlib.h>
#include "abi.h"
*/
import "C"

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unsafe"
)

// LevelTrace is Fluent Bit's trace level, below slog.LevelDebug.
const LevelTrace slog.Level = -8

// level is Fluent Bit's number for a log level, 0 (off) to 5 (trace).
type level int

var levelNames = [...]string{"off", "error", "warn", "info", "debug", "trace"}

func levelOf(l slog.Level) level {
	switch {
	case l >= slog.LevelError:
		return 1
	case l >= slog.LevelWarn:
		return 2
	case l >= slog.LevelInfo:
		return 3
	case l >= slog.LevelDebug:
		return 4
	}
	return 5
}

// sink takes an instance's lines to the host's logger, or straight to stderr where the host has none for us.
//
// It holds nothing that the host frees: its level, which the host fixes before Init, was copied, and log_print is code.
// On the host's own threads log_print queues the line for the host's logger; on the Go runtime's threads, which have no
// such queue, it writes the same line to stderr, whatever log_file says. It needs no lock here, so a stderr that nobody
// reads can hold up the goroutine that logs, but never the engine that wants to release the instance.
type sink struct {
	prefix   string
	level    level            // lines above it are not wanted
	host     C.host_log_print // nil before Fluent Bit 2.0
	detached atomic.Bool      // set when the host let the instance go
	stderr   func(line []byte)
}

func newSink(kind, plugin, instance string) *sink {
	name := kind + ":" + plugin
	if instance != "" {
		name += ":" + instance
	}
	return &sink{prefix: "[" + name + "] ", level: levelOf(slog.LevelInfo), stderr: writeStderr}
}

// PluginLogger returns a logger for what concerns the output plugin and no instance of it, such as a recovered panic.
// It writes to stderr, in the host's format.
func PluginLogger(plugin string) *slog.Logger {
	return slog.New(&handler{sink: newSink("output", plugin, "")})
}

// InputPluginLogger is PluginLogger for an input plugin.
func InputPluginLogger(plugin string) *slog.Logger {
	return slog.New(&handler{sink: newSink("input", plugin, "")})
}

func (s *sink) print(l level, at time.Time, text string) {
	if s.host == nil || s.detached.Load() {
		s.stderr(formatLine(l, at, s.prefix+text))
		return
	}
	c := C.CString(s.prefix + text)
	defer C.free(unsafe.Pointer(c))
	C.promexporter_log(s.host, C.int(l), c)
}

// handler is a slog.Handler whose lines read "message key=value".
type handler struct {
	sink *sink
	with []func(slog.Handler) slog.Handler // WithAttrs and WithGroup, in order
}

func (h *handler) Enabled(_ context.Context, l slog.Level) bool { return levelOf(l) <= h.sink.level }

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	var attrs bytes.Buffer
	// One per line: shared, it would need a lock, held while the attributes format themselves.
	var text slog.Handler = slog.NewTextHandler(&attrs, &slog.HandlerOptions{Level: r.Level, ReplaceAttr: attrsOnly})
	for _, with := range h.with {
		text = with(text)
	}
	line, at := oneLine(r.Message), r.Time
	r.Message, r.Time = "", time.Time{}
	if err := text.Handle(ctx, r); err != nil {
		return err
	}
	if a := strings.TrimSuffix(attrs.String(), "\n"); a != "" {
		line += " " + a
	}
	h.sink.print(levelOf(r.Level), at, line)
	return nil
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.plus(func(t slog.Handler) slog.Handler { return t.WithAttrs(attrs) })
}

func (h *handler) WithGroup(name string) slog.Handler {
	return h.plus(func(t slog.Handler) slog.Handler { return t.WithGroup(name) })
}

func (h *handler) plus(with func(slog.Handler) slog.Handler) slog.Handler {
	return &handler{sink: h.sink, with: append(slices.Clip(h.with), with)}
}

// attrsOnly leaves out what stands elsewhere in the line.
func attrsOnly(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	_, isLevel := a.Value.Any().(slog.Level)
	if a.Key == slog.LevelKey && isLevel || a.Key == slog.MessageKey && a.Value.String() == "" {
		return slog.Attr{}
	}
	return a
}

// oneLine keeps a message that quotes a record from looking like two lines.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
