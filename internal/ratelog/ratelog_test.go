package ratelog

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/promexporter/promexporter/internal/logtest"
)

// logger returns a log without times, and what it wrote.
func logger() (*slog.Logger, *bytes.Buffer) {
	var out bytes.Buffer
	return logtest.New(&out, slog.LevelInfo), &out
}

func TestRepetitionsAreSuppressed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := logger()
		var l Log
		for i := range 90 {
			l.Warn(log, fmt.Errorf("error %d", i), "failed", "path", "/a")
			l.Warn(log, nil, "failed", "path", "/b")
			time.Sleep(time.Second)
		}
		const want = `level=WARN msg=failed path=/a error="error 0"
level=WARN msg=failed path=/b
level=WARN msg=failed path=/a error="error 60" suppressed=59
level=WARN msg=failed path=/b suppressed=59
`
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, out := logger()
		var l Log
		for i := range 10 * maxLines {
			l.Warn(log, nil, fmt.Sprint(i))
		}
		if got := strings.Count(out.String(), "\n"); got != maxLines || len(l.lines) != maxLines {
			t.Errorf("%d lines written, %d remembered, want %d", got, len(l.lines), maxLines)
		}
		time.Sleep(Interval)
		l.Warn(log, nil, "new")
		if !strings.HasSuffix(out.String(), "msg=new\n") || len(l.lines) != 1 {
			t.Errorf("%d remembered\n%s", len(l.lines), out.String())
		}
	})
}

func TestConcurrentWarnings(t *testing.T) {
	log, out := logger()
	var l Log
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				l.Warn(log, nil, "failed")
			}
		})
	}
	wg.Wait()
	if got := strings.Count(out.String(), "\n"); got != 1 {
		t.Errorf("%d lines, want 1", got)
	}
}

func TestOneLine(t *testing.T) {
	got := OneLine(errors.Join(errors.New("a"), errors.New("b\r\n\nc")).Error())
	if got != "a; b; c" {
		t.Errorf("got %q", got)
	}
	if got := OneLine(strings.Repeat("ä", 5000)); len(got) > maxText+len("...") || strings.ContainsRune(got, '\uFFFD') {
		t.Errorf("%d bytes", len(got))
	}
}
