package host

import (
	"bytes"
	"io"
	"sync"
)

// output is where several writers put whole lines.
type output struct {
	mu sync.Mutex
	w  io.Writer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.w.Write(p)
}

// lines passes on whole lines, so that those of several streams do not mix. An end without a newline waits for flush.
type lines struct {
	w       io.Writer
	partial []byte
}

func (l *lines) Write(p []byte) (int, error) {
	l.partial = append(l.partial, p...)
	end := bytes.LastIndexByte(l.partial, '\n') + 1
	if end == 0 {
		return len(p), nil
	}
	_, err := l.w.Write(l.partial[:end])
	l.partial = append(l.partial[:0], l.partial[end:]...)
	return len(p), err
}

func (l *lines) flush() {
	if len(l.partial) > 0 {
		_, _ = l.w.Write(append(l.partial, '\n'))
		l.partial = nil
	}
}
