// Package ratelog keeps log lines that come again and again from filling the log.
package ratelog

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"
)

const (
	// Interval is how often one and the same line is written at most.
	Interval = time.Minute

	// maxLines bounds the lines that are remembered.
	maxLines = 128

	// maxText bounds the text of an error in a line, in bytes.
	maxText = 1024
)

// A Log writes one and the same line at most once a minute, with the number of those that were suppressed since. When too
// many different lines come within a minute, further ones are not written. The zero value is ready; it is safe for
// concurrent use.
type Log struct {
	mu    sync.Mutex
	lines map[string]*line // guarded by mu
}

type line struct {
	written    time.Time
	suppressed int
}

// Warn writes a line, unless one with the same text and attributes was written within a minute. err may be nil, and may
// differ from that of the other line, because its text may hold an address or a number that does.
func (l *Log) Warn(to *slog.Logger, err error, text string, attrs ...any) {
	suppressed, due := l.Due(fmt.Sprintln(text, attrs), time.Now())
	if !due {
		return
	}
	if err != nil {
		attrs = append(attrs, "error", OneLine(err.Error()))
	}
	if suppressed > 0 {
		attrs = append(attrs, "suppressed", suppressed)
	}
	to.Warn(text, attrs...)
}

// Due reports whether a line with that key is to be written now, and how often it was not since it was last. It is for
// callers whose lines differ in more than an error, or who have the time already.
func (l *Log) Due(key string, now time.Time) (suppressed int, due bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.lines[key]
	switch {
	case known == nil && !l.hasRoom(now):
		return 0, false
	case known == nil:
		l.lines[key] = &line{written: now}
		return 0, true
	case now.Sub(known.written) < Interval:
		known.suppressed++
		return 0, false
	}
	suppressed, known.written, known.suppressed = known.suppressed, now, 0
	return suppressed, true
}

// hasRoom forgets lines that may be written again, and reports whether there is room for one more.
func (l *Log) hasRoom(now time.Time) bool {
	if l.lines == nil {
		l.lines = make(map[string]*line)
	}
	if len(l.lines) < maxLines {
		return true
	}
	maps.DeleteFunc(l.lines, func(_ string, known *line) bool { return now.Sub(known.written) >= Interval })
	return len(l.lines) < maxLines
}

// OneLine returns the text of an error, which may be a list over several lines, as one line of bounded length.
func OneLine(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
