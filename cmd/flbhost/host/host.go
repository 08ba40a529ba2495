package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options say which loader runs, as which Fluent Bit, and where its output goes.
type Options struct {
	Loader  string        // the program that BuildLoader made
	Version Version       // "" is V51
	Log     io.Writer     // log lines of host and plugins, whole lines at a time; nil discards them
	Stdout  io.Writer     // what plugins print; nil is Log
	Env     []string      // added to this process's environment
	Dir     string        // where the loader runs; "" is here
	Backoff time.Duration // before a chunk is flushed again the first time; 0 is one second
	Sockets []*os.File    // that plugins find as if systemd had passed them on, by their names
}

// Host is a running loader and the configuration in it.
//
// Its methods are safe for concurrent use. Start, DryRun, Reload, Exit and Stop wait for each other. A context that
// ends while one of them waits for a plugin leaves the host in no defined state: only Stop and Kill make sense then.
type Host struct {
	o Options
	p *process

	changing sync.Mutex // held while the configuration changes
	numbers  numbers    // guarded by changing

	mu      sync.RWMutex
	current *setup // guarded by mu; nil while nothing runs
}

// Launch starts a loader without any configuration.
func Launch(o Options) (*Host, error) {
	if o.Version == "" {
		o.Version = V51
	}
	if o.Backoff == 0 {
		o.Backoff = time.Second
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	log := &output{w: o.Log}
	stdout := log
	if o.Stdout != nil {
		stdout = &output{w: o.Stdout}
	}
	errLines, outLines := &lines{w: log}, &lines{w: stdout}
	cmd := o.command()
	cmd.Stdout, cmd.Stderr = outLines, errLines
	p, err := startProcess(cmd, func() {
		errLines.flush()
		outLines.flush()
	})
	if err != nil {
		return nil, err
	}
	return &Host{o: o, p: p}, nil
}

// firstFile is the first file that systemd passes on. The pipes to the loader lie behind the sockets, so that a plugin
// may print to 0, 1 and 2 and finds sockets where they are with systemd.
const firstFile = 3

func (o *Options) command() *exec.Cmd {
	args := []string{o.Loader, string(o.Version), strconv.Itoa(firstFile + len(o.Sockets))}
	env := append(os.Environ(), o.Env...)
	if len(o.Sockets) > 0 {
		// The shell becomes the loader, and knows its process before a plugin can ask for it.
		args = append([]string{"/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}, args...)
		var names []string
		for _, s := range o.Sockets {
			names = append(names, s.Name())
		}
		env = append(env, fmt.Sprint("LISTEN_FDS=", len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.ExtraFiles = o.Dir, env, slices.Clone(o.Sockets)
	return cmd
}

// PID is the loader's process.
func (h *Host) PID() int { return h.p.cmd.Process.Pid }

// Done is closed when the loader has ended, for whatever reason.
func (h *Host) Done() <-chan struct{} { return h.p.ended }

// State says how the loader ended; nil while it runs.
func (h *Host) State() *os.ProcessState {
	select {
	case <-h.p.ended:
		return h.p.cmd.ProcessState
	default:
		return nil
	}
}

// Start loads the plugins and starts the inputs and outputs of c. When it fails, what had been started has been stopped,
// and another Start may be tried.
func (h *Host) Start(ctx context.Context, c Config) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	if h.running() != nil {
		return errors.New("a configuration is already running")
	}
	s, err := h.load(ctx, c, false)
	if err != nil {
		return also(err, h.discard(ctx, s))
	}
	return h.begin(ctx, s)
}

// DryRun loads the plugins and checks the inputs and outputs of c, as fluent-bit --dry-run does. A nil error is a good
// configuration, as far as can be told without Init.
func (h *Host) DryRun(ctx context.Context, c Config) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	s, err := h.load(ctx, c, false)
	if err == nil {
		err = h.check(ctx, s)
	}
	return also(err, h.discard(ctx, s))
}

// Exit stops the outputs and the inputs, and unloads the plugins. It waits for open flushes first. It does nothing when
// no configuration runs.
func (h *Host) Exit(ctx context.Context) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	s := h.running()
	if s == nil {
		return nil
	}
	return h.end(ctx, s)
}

// Stop exits and ends the loader. Should that take longer than ctx lasts, the loader is killed. The error says what
// went wrong on the way, an exit status other than 0 included.
func (h *Host) Stop(ctx context.Context) error {
	err := h.Exit(ctx)
	if err == nil {
		_, err = h.p.call(ctx, newRequest(opQuit))
	}
	if err == nil {
		select {
		case <-h.p.ended:
		case <-ctx.Done():
			err = fmt.Errorf("the loader does not end: %w", ctx.Err())
		}
	}
	if err != nil {
		h.p.kill()
	}
	if err == nil && !h.State().Success() {
		err = &ExitError{State: h.State()}
	}
	return err
}

// Kill ends the loader at once. No plugin is told.
func (h *Host) Kill() { h.p.kill() }

func (h *Host) running() *setup {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.current
}

func (h *Host) setRunning(s *setup) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current = s
}

// numbers names the objects in the loader. 0 is the loader's main thread.
type numbers struct {
	last uint32
	free []uint32
}

func (n *numbers) take() uint32 {
	if len(n.free) == 0 {
		n.last++
		return n.last
	}
	i := n.free[len(n.free)-1]
	n.free = n.free[:len(n.free)-1]
	return i
}

func (n *numbers) giveBack(i uint32) { n.free = append(n.free, i) }
