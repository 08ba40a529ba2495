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

	"github.com/promexporter/promexporter/test/flbhost/abi"
)

// Options say which loader runs, as which Fluent Bit, and where its output goes.
type Options struct {
	Loader  string     // the program that CachedLoader returns
	Version Version    // "" is V51
	Log     io.Writer  // what host and plugins log and print; nil discards it
	Sockets []*os.File // passed to plugins as systemd passes sockets, by their names
}

// Host is a running loader and the configuration in it.
//
// Its methods are safe for concurrent use. Start, DryRun, Reload, Exit and Stop wait for each other. If a context ends
// while one of them waits for a plugin, the state of the host is undefined: then call only Stop or Kill.
type Host struct {
	o Options
	v abi.Version
	p *process

	changing sync.Mutex // held while the configuration changes

	mu      sync.RWMutex
	current *setup // guarded by mu; nil while nothing runs
}

// Launch starts a loader without a configuration.
func Launch(o Options) (*Host, error) {
	if o.Version == "" {
		o.Version = V51
	}
	if o.Log == nil {
		o.Log = io.Discard
	}
	v, err := abi.Of(string(o.Version))
	if err != nil {
		return nil, err
	}
	cmd := o.command(v)
	cmd.Stdout, cmd.Stderr = o.Log, o.Log
	p, err := startProcess(cmd)
	if err != nil {
		return nil, err
	}
	return &Host{o: o, v: v, p: p}, nil
}

// firstFile is the first file that systemd passes. The pipes to the loader follow the sockets, so that plugins find 0,
// 1 and 2 where they expect them, and sockets where systemd would put them.
const firstFile = 3

func (o *Options) command(v abi.Version) *exec.Cmd {
	args := append(Runner(), o.Loader, strconv.Itoa(firstFile+len(o.Sockets)))
	args = append(args, v.Arguments()...)
	env := os.Environ()
	if len(o.Sockets) > 0 {
		// LISTEN_PID must be set before a plugin reads it. The shell knows it, because exec keeps the process.
		args = append([]string{"/bin/sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`}, args...)
		var names []string
		for _, s := range o.Sockets {
			names = append(names, s.Name())
		}
		env = append(env, fmt.Sprint("LISTEN_FDS=", len(names)), "LISTEN_FDNAMES="+strings.Join(names, ":"))
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env, cmd.ExtraFiles = env, slices.Clone(o.Sockets)
	return cmd
}

// PID returns the loader's process.
func (h *Host) PID() int { return h.p.cmd.Process.Pid }

// Done is closed when the loader has ended, for whatever reason.
func (h *Host) Done() <-chan struct{} { return h.p.ended }

// State returns how the loader ended, or nil while it runs.
func (h *Host) State() *os.ProcessState {
	select {
	case <-h.p.ended:
		return h.p.cmd.ProcessState
	default:
		return nil
	}
}

// Start loads the plugins and starts the inputs and outputs of c. If it fails, it stops what it had started, and the
// caller may try another Start.
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

// DryRun loads the plugins and checks the inputs and outputs of c, as fluent-bit --dry-run does. It returns nil if the
// configuration is good as far as a check without Init can say.
func (h *Host) DryRun(ctx context.Context, c Config) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	s, err := h.load(ctx, c, false)
	if err == nil {
		err = h.check(ctx, slices.Concat(s.inputs, s.outputs)...)
	}
	return also(err, h.discard(ctx, s))
}

// Exit waits for open flushes, stops the outputs and the inputs, and unloads the plugins. It does nothing while no
// configuration runs.
func (h *Host) Exit(ctx context.Context) error {
	h.changing.Lock()
	defer h.changing.Unlock()
	s := h.running()
	if s == nil {
		return nil
	}
	return h.end(ctx, s)
}

// Stop exits and ends the loader. If ctx ends first it kills the loader. The error says what went wrong on the way,
// including an exit status other than 0.
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
		return err
	}
	if !h.State().Success() {
		return &ExitError{State: h.State()}
	}
	return nil
}

// Kill ends the loader at once, without a call to any plugin.
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
