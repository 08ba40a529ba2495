package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/promexporter/promexporter/cmd/flbhost/conf"
	"github.com/promexporter/promexporter/cmd/flbhost/host"
)

const (
	// maxGrace is how long a stop waits for chunks, however long the configuration would have it wait.
	maxGrace = time.Second
	// maxStop is how long the plugins may take to exit. Then they are killed, where Fluent Bit would wait for ever.
	maxStop = 5 * time.Second
)

// agent is the program while it runs.
type agent struct {
	line   *conf.CommandLine
	stdout io.Writer // safe for concurrent use
	stderr io.Writer // safe for concurrent use
	host   *host.Host
	plan   *plan // of what runs
	engine *engine
}

// run returns the exit code.
func (a *agent) run(ctx context.Context, signals <-chan os.Signal) int {
	p, err := a.read()
	if err == nil {
		err = a.launch()
	}
	if err != nil {
		a.complain(err)
		return exitFailed
	}
	if a.line.DryRun {
		return a.dryRun(ctx, p)
	}
	if err := a.host.Start(ctx, p.host); err != nil {
		p.close()
		a.stopHost()
		return a.failed(err)
	}
	a.begin(p)
	return a.wait(ctx, signals)
}

// read makes a plan of the command line and of the files as they are now.
func (a *agent) read() (*plan, error) {
	c, err := a.line.Load(os.LookupEnv)
	for _, w := range c.Warnings {
		a.complain(fmt.Errorf("warning: %s", w))
	}
	if err != nil {
		return nil, err
	}
	return newPlan(a.line, c, a.stdout)
}

func (a *agent) launch() error {
	loader, err := host.CachedLoader()
	if err != nil {
		return err
	}
	a.host, err = host.Launch(host.Options{
		Loader: loader, Log: a.stderr, Stdout: a.stdout, Sockets: activation.Files(true),
	})
	return err
}

func (a *agent) dryRun(ctx context.Context, p *plan) int {
	p.close()
	err := a.host.DryRun(ctx, p.host)
	a.stopHost()
	if err != nil {
		return a.failed(err)
	}
	fmt.Fprintln(a.stderr, "configuration test is successful")
	return exitOK
}

// failed returns the exit code. The log already says what is wrong with the configuration, and with which section.
func (a *agent) failed(err error) int {
	var ended *host.ExitError
	switch {
	case errors.As(err, &ended):
		a.complain(ended)
		return exitFailed
	case errors.Is(err, host.ErrInit):
		a.complain(errors.New("an input or an output did not start"))
		return exitInit
	}
	a.complain(errors.New("the configuration contains errors"))
	return exitFailed
}

func (a *agent) complain(err error) { fmt.Fprintf(a.stderr, "flbhost: %v\n", err) }

func (a *agent) begin(p *plan) {
	a.plan = p
	for n := range p.sources {
		if s := &p.sources[n]; s.isPlugin {
			s.input = pluginInput{a.host, s.plugin}
		}
	}
	a.engine = newEngine(p, a.send, a.host.Log)
	a.engine.start()
}

func (a *agent) send(plugin int, tag string, chunk []byte) (flight, error) {
	return a.host.Send(plugin, tag, chunk)
}

// wait serves signals until one, the end of ctx or of the loader ends the agent.
func (a *agent) wait(ctx context.Context, signals <-chan os.Signal) int {
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGHUP {
				return a.stop()
			}
			if code, goOn := a.reload(ctx); !goOn {
				return code
			}
		case <-ctx.Done():
			return a.stop()
		case <-a.host.Done():
			a.engine.stop(0)
			a.complain(&host.ExitError{State: a.host.State()})
			return exitFailed
		}
	}
}

func (a *agent) stop() int {
	a.engine.stop(min(a.plan.grace, maxGrace))
	if !a.stopHost() {
		return exitFailed
	}
	return exitOK
}

// stopHost reports whether the plugins exited as they should.
func (a *agent) stopHost() bool {
	// Not the context of run: that may have ended, and the plugins are still to exit.
	ctx, cancel := context.WithTimeout(context.Background(), maxStop)
	defer cancel()
	if err := a.host.Stop(ctx); err != nil {
		a.complain(fmt.Errorf("stop: %w", err))
		return false
	}
	return true
}

// reload re-reads the configuration. Unless goOn, the agent has stopped with that code.
func (a *agent) reload(ctx context.Context) (code int, goOn bool) {
	next := a.plan
	if a.plan.host.HotReload { // else the host only says that it is not
		var err error
		if next, err = a.read(); err != nil {
			a.host.Log(ctx, host.Error, "[reload] reloaded config is invalid. Reloading is halted: %v", err)
			return 0, true
		}
	}
	err := a.host.Reload(ctx, next.host, func(context.Context) { a.engine.stop(min(a.plan.grace, maxGrace)) })
	switch {
	case err == nil:
		a.begin(next)
		return 0, true
	case errors.Is(err, host.ErrReloadDisabled):
		return 0, true
	case errors.Is(err, host.ErrReloadHalted):
		next.close()
		return 0, true
	}
	next.close()
	a.engine.stop(0)
	a.complain(err)
	a.stopHost()
	fmt.Fprintln(a.stderr, "reloading is aborted and exit")
	return exitInit, false
}

// locked is a writer for several goroutines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
