package fence

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func breaks() error { panic("a bug") }

func TestRun(t *testing.T) {
	if err := Run(func() error { return io.EOF }); err != io.EOF {
		t.Errorf("an error: %v", err)
	}
	err := Run(breaks)
	var p *Panic
	if !errors.As(err, &p) || !errors.Is(err, ErrPanic) || err.Error() != "panic: a bug" || p.Cause != "a bug" {
		t.Fatalf("a panic: %v", err)
	}
	if !strings.Contains(string(p.Stack), "fence.breaks") {
		t.Errorf("the stack is not that of the panic:\n%s", p.Stack)
	}
}
