// Package ratelog limits the rate of repeated log lines.
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
	// Interval is the minimum time between two equal lines.
	Interval = time.Minute

	// maxLines is the maximum number of lines that are remembered.
	maxLines = 128

	// maxText is the maximum length of an error in a line, in bytes.
	maxText = 1024
)

// A Log writes equal lines at most once per Interval, with the number of lines that were suppressed since the last one.
// If there are more than maxLines different lines within an Interval, further ones are not written. The zero value is
// ready to use. It is safe for concurrent use.
type Log struct {
	mu    sync.Mutex
	lines map[string]*line // guarded by mu
}

type line struct {
	written    time.Time
	suppressed int
}

// Warn writes a line, unless one with the same text and attributes was written within the last Interval. err is not
// compared, because its text may contain an address or a number that differs. It may be nil.
func (l *Log) Warn(to *slog.Logger, err error, text string, attrs ...any) {
	l.WarnAs(fmt.Sprintln(text, attrs), to, err, text, attrs...)
}

// WarnAs is like Warn, but lines with the same key are equal, whatever their text and attributes are.
func (l *Log) WarnAs(key string, to *slog.Logger, err error, text string, attrs ...any) {
	suppressed, due := l.Due(key, time.Now())
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

// Due reports whether a line with this key is due, and how many were suppressed since the last one. The caller writes
// the line.
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

// hasRoom forgets lines that are due again, and reports whether there is room for one more.
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

// OneLine returns the text of an error, which may have several lines, as one line of bounded length.
func OneLine(text string) string {
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "..."
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
