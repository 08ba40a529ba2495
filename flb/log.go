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

// sink writes the lines of an instance to the host's logger, or to stderr if the host has no logger for plugins.
//
// It does not refer to memory that the host frees: the level, which the host sets before Init, is a copy, and log_print
// is a function. On the host's own threads, log_print queues the line for the host's logger. On threads of the Go
// runtime, which have no such queue, it writes the line to stderr, even if log_file is set. sink has no lock, so if
// nobody reads stderr, the goroutine that logs can block, but not the engine that releases the instance.
type sink struct {
	prefix   string
	level    level            // higher levels are not logged
	host     C.host_log_print // nil before Fluent Bit 2.0
	detached atomic.Bool      // set when the host closes the instance
	stderr   func(line []byte)
}

func newSink(kind, plugin, instance string) *sink {
	name := kind + ":" + plugin
	if instance != "" {
		name += ":" + instance
	}
	return &sink{prefix: "[" + name + "] ", level: levelOf(slog.LevelInfo), stderr: writeStderr}
}

// PluginLogger returns a logger for lines about the output plugin that do not belong to an instance, such as a
// recovered panic. It writes to stderr, in the host's format.
func PluginLogger(plugin string) *slog.Logger {
	return slog.New(&handler{sink: newSink("output", plugin, "")})
}

// InputPluginLogger is like PluginLogger, for an input plugin.
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
	// A handler per line: a shared one would need a lock while attributes are formatted.
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

// attrsOnly removes the level and the message, which are written separately.
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

// oneLine replaces control characters, so that a message with content of a record cannot look like two lines.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
}
