package flb

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/promexporter/promexporter/flb/flbtest"
)

// stderr replaces fd 2.
type stderr struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *stderr) write(line []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(line)
}

// lines returns what was written, without the time of each line.
func (s *stderr) lines(t *testing.T) []string {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for line := range strings.Lines(s.text.String()) {
		if _, err := time.Parse("[2006/01/02 15:04:05]", line[:21]); err != nil || line[21] != ' ' {
			t.Errorf("line %q: %v", line, err)
		}
		lines = append(lines, strings.TrimSuffix(line[22:], "\n"))
	}
	s.text.Reset()
	return lines
}

func logEach(log *slog.Logger) {
	log.Error("e")
	log.Warn("w")
	log.Info("i")
	log.Debug("d")
	log.Log(context.Background(), LevelTrace, "t")
}

// TestLogHost goes through the levels that a user can set, on the versions that have log functions.
func TestLogHost(t *testing.T) {
	all := []string{"1 % e", "2 % w", "3 % i", "4 % d", "5 % t"}
	for _, v := range flbtest.Versions[1:] {
		for wanted := range 6 {
			_, o := open(t, v, wanted)
			flbtest.Lines()
			logEach(o.Logger())
			var want []string
			for _, line := range all[:wanted] {
				want = append(want, strings.Replace(line, "%", "[output:promexporter:"+o.Name()+"]", 1))
			}
			if got := flbtest.Lines(); !slices.Equal(got, want) {
				t.Errorf("%s, level %d:\n%q, want\n%q", v.Name, wanted, got, want)
			}
		}
	}
}

// TestLogStderr has a host without log functions: levels from info go to stderr, in the host's format.
func TestLogStderr(t *testing.T) {
	_, o := open(t, oldest, 5)
	var fd2 stderr
	o.log.stderr = fd2.write
	flbtest.Lines()
	logEach(o.Logger())
	p := "[output:promexporter:" + o.Name() + "] "
	want := []string{"[error] " + p + "e", "[ warn] " + p + "w", "[ info] " + p + "i"}
	if got := fd2.lines(t); !slices.Equal(got, want) {
		t.Errorf("stderr\n%q, want\n%q", got, want)
	}
	if got := flbtest.Lines(); got != nil {
		t.Errorf("the host of 1.9 got %q", got)
	}
}

// TestLogAfterRelease checks that a goroutine of an instance may log after the host has freed the instance.
func TestLogAfterRelease(t *testing.T) {
	ins := flbtest.NewInstance(newest, "promexporter", 4)
	o := NewOutput(ins.Pointer())
	var fd2 stderr
	o.log.stderr = fd2.write
	o.SetContext("value")
	log := o.Logger().With("k", 1)
	flbtest.Lines()
	ReleaseContext(ins.Context())
	ins.Free()
	log.Debug("late")
	log.Log(context.Background(), LevelTrace, "unwanted")
	if got, want := fd2.lines(t), []string{"[debug] [output:promexporter:" + o.Name() + "] late k=1"}; !slices.Equal(got, want) {
		t.Errorf("stderr %q, want %q", got, want)
	}
	if got := flbtest.Lines(); got != nil {
		t.Errorf("the host got %q", got)
	}
}

func TestLogConcurrent(t *testing.T) {
	ins := flbtest.NewInstance(newest, "promexporter", 3)
	o := NewOutput(ins.Pointer())
	var fd2 stderr
	o.log.stderr = fd2.write
	o.SetContext("value")
	flbtest.Lines()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			log := o.Logger().WithGroup("g")
			for i := range 100 {
				log.Info("line", "i", i)
			}
		})
	}
	ReleaseContext(ins.Context())
	ins.Free()
	wg.Wait()
	if got := len(flbtest.Lines()) + len(fd2.lines(t)); got != 800 {
		t.Errorf("%d lines, want 800", got)
	}
}

func TestLogFormat(t *testing.T) {
	for want, log := range map[string]func(*slog.Logger){
		"plain":                              func(l *slog.Logger) { l.Info("plain") },
		"":                                   func(l *slog.Logger) { l.Info("") },
		"m n=1 s=a q=\"a b\" e=\"\"":         func(l *slog.Logger) { l.Info("m", "n", 1, "s", "a", "q", "a b", "e", "") },
		"m error=\"listen: \\\"no\\\"\\n2\"": func(l *slog.Logger) { l.Info("m", "error", errors.New("listen: \"no\"\n2")) },
		"m a=1 g.b=2 g.h.c=3":                func(l *slog.Logger) { l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").Info("m", "c", 3) },
		"m d=1.5s":                           func(l *slog.Logger) { l.Info("m", "d", 1500*time.Millisecond) },
		"m msg=x level=y time=z":             func(l *slog.Logger) { l.Info("m", "msg", "x", "level", "y", "time", "z") },
		"two lines of red  text %s %n":       func(l *slog.Logger) { l.Info("two\nlines\rof\x1bred\x00 text %s %n") },
		"m k=\"a\\x00b\"":                    func(l *slog.Logger) { l.Info("m", "k", "a\x00b") },
	} {
		_, o := open(t, newest, 3)
		flbtest.Lines()
		log(o.Logger())
		line := "3 [output:promexporter:" + o.Name() + "] " + want
		if got := flbtest.Lines(); !slices.Equal(got, []string{line}) {
			t.Errorf("got\n%q, want\n%q", got, line)
		}
	}
}

// TestLogWithIsACopy checks that two loggers made from one do not share attributes.
func TestLogWithIsACopy(t *testing.T) {
	_, o := open(t, newest, 3)
	flbtest.Lines()
	base := o.Logger().With("a", 1)
	x, y := base.With("x", 2), base.With("y", 3)
	x.Info("m")
	y.Info("m")
	p := "3 [output:promexporter:" + o.Name() + "] m a=1 "
	if got, want := flbtest.Lines(), []string{p + "x=2", p + "y=3"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

type panicking struct{}

func (panicking) LogValue() slog.Value { panic("in LogValue") }

func (panicking) Error() string { panic("in Error") }

func TestLogPanickingValue(t *testing.T) {
	_, o := open(t, newest, 3)
	flbtest.Lines()
	o.Logger().Info("m", "v", panicking{})
	o.Logger().Info("m", "e", error(panicking{}))
	if got := flbtest.Lines(); len(got) != 2 {
		t.Errorf("lines %q", got)
	}
}

func TestLevelOf(t *testing.T) {
	for l, want := range map[slog.Level]level{
		100: 1, 9: 1, 8: 1, 7: 2, 4: 2, 3: 3, 0: 3, -1: 4, -4: 4, -5: 5, -8: 5, -100: 5,
	} {
		if got := levelOf(l); got != want {
			t.Errorf("level %d is %d, want %d", l, got, want)
		}
	}
}
