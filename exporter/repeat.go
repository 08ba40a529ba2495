package exporter

import (
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"time"
)

// repeats writes log lines that may come with each scrape: one and the same at most once in repeatInterval, with the
// number of those that were suppressed since. The zero value is ready.
type repeats struct {
	mu    sync.Mutex
	lines map[string]*repeat
}

type repeat struct {
	written    time.Time
	suppressed int
}

// warn writes a line, unless one with the same text and attributes was written just now. err may be nil, and may
// differ from that of the other line: its text may hold an address or a number that does.
func (r *repeats) warn(log *slog.Logger, err error, text string, attrs ...any) {
	suppressed, due := r.due(fmt.Sprintln(text, attrs), time.Now())
	if !due {
		return
	}
	if err != nil {
		attrs = append(attrs, "error", oneLine(err.Error()))
	}
	if suppressed > 0 {
		attrs = append(attrs, "suppressed", suppressed)
	}
	log.Warn(text, attrs...)
}

// due says whether line is to be written now, and how often it was not since it was last.
func (r *repeats) due(line string, now time.Time) (suppressed int, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.lines[line]
	switch {
	case known == nil && !r.makeRoom(now):
		return 0, false
	case known == nil:
		r.lines[line] = &repeat{written: now}
		return 0, true
	case now.Sub(known.written) < repeatInterval:
		known.suppressed++
		return 0, false
	}
	suppressed, known.written, known.suppressed = known.suppressed, now, 0
	return suppressed, true
}

// makeRoom forgets lines that may be written again, and says whether there is room for one more.
func (r *repeats) makeRoom(now time.Time) bool {
	if r.lines == nil {
		r.lines = make(map[string]*repeat)
	}
	if len(r.lines) < maxRepeats {
		return true
	}
	maps.DeleteFunc(r.lines, func(_ string, known *repeat) bool { return now.Sub(known.written) >= repeatInterval })
	return len(r.lines) < maxRepeats
}

// oneLine keeps the text of an error, which may be a list over several lines, to one line of bounded length.
func oneLine(text string) string {
	const longest = 1024
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "..."
	}
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}
