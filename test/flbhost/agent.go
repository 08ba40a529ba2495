package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/promexporter/promexporter/test/flbhost/conf"
	"github.com/promexporter/promexporter/test/flbhost/host"
)

const (
	// grace is how long a stop waits for chunks.
	grace = time.Second
	// maxStop is how long the plugins may take to exit before they are killed. Fluent Bit waits forever.
	maxStop = 5 * time.Second
)

// agent is the program while it runs.
type agent struct {
	args   []string
	stdout io.Writer
	stderr io.Writer // safe for concurrent use
	host   *host.Host
	plan   *plan // the one that runs
	engine *engine
}

const banner = "promexporter development host: this is not Fluent Bit, and for development only"

func (a *agent) run(ctx context.Context, signals <-chan os.Signal) (err error) {
	p, err := a.read()
	if err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, banner)
	loader, err := host.CachedLoader()
	if err != nil {
		return err
	}
	a.host, err = host.Launch(host.Options{Loader: loader, Log: a.stderr, Sockets: activation.Files(true)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.stop()) }()
	if p.dryRun {
		if err = a.host.DryRun(ctx, p.host); err == nil {
			fmt.Fprintln(a.stderr, "configuration test is successful")
		}
		return err
	}
	if err := a.host.Start(ctx, p.host); err != nil {
		return err
	}
	a.begin(p)
	return a.wait(ctx, signals)
}

// stop stops the plugins.
func (a *agent) stop() error {
	// The context of run may have ended, but the plugins must still exit.
	ctx, cancel := context.WithTimeout(context.Background(), maxStop)
	defer cancel()
	if err := a.host.Stop(ctx); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	return nil
}

func (a *agent) begin(p *plan) {
	a.plan, a.engine = p, newEngine(p, a.host)
	a.engine.start()
}

// wait handles signals until one of them, the end of ctx or the end of the loader ends the agent.
func (a *agent) wait(ctx context.Context, signals <-chan os.Signal) error {
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGHUP {
				a.engine.stop(grace)
				return nil
			}
			if err := a.reload(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			a.engine.stop(grace)
			return nil
		case <-a.host.Done():
			a.engine.stop(0)
			return nil // stop has the error
		}
	}
}

// reload reads the configuration again. It returns an error if the agent cannot continue.
func (a *agent) reload(ctx context.Context) error {
	next := a.plan
	if a.plan.host.HotReload { // otherwise the host only logs that reloads are off
		var err error
		if next, err = a.read(); err != nil {
			a.host.Log(ctx, host.Error, "[reload] reloaded config is invalid. Reloading is halted: %v", err)
			return nil
		}
	}
	err := a.host.Reload(ctx, next.host, func(context.Context) { a.engine.stop(grace) })
	switch {
	case err == nil:
		a.begin(next)
		return nil
	case errors.Is(err, host.ErrReloadDisabled), errors.Is(err, host.ErrReloadHalted):
		return nil
	}
	a.engine.stop(0)
	return err
}

func (a *agent) read() (*plan, error) {
	c, err := conf.Read(a.args, a.stderr)
	if err != nil {
		return nil, err
	}
	return newPlan(c, a.stdout)
}
