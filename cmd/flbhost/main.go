package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/promexporter/promexporter/cmd/flbhost/conf"
)

// Exit codes, which are Fluent Bit's.
const (
	exitOK     = 0
	exitFailed = 1
	exitInit   = 255 // an input or an output did not start
)

const banner = "promexporter development host: this is not Fluent Bit, and for development only"

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, signals))
}

// run is the program. It returns when a signal other than SIGHUP comes, when ctx ends, or when something fails.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, signals <-chan os.Signal) int {
	c, err := conf.ParseArgs(args)
	if err != nil {
		fmt.Fprintf(stderr, "flbhost: %v\n\n%s", err, conf.Usage)
		return exitFailed
	}
	if c.Help {
		fmt.Fprint(stdout, conf.Usage)
		return exitOK
	}
	if c.Version {
		fmt.Fprintln(stdout, banner)
		return exitOK
	}
	fmt.Fprintln(stderr, banner)
	if c.Workdir != "" {
		if err := os.Chdir(c.Workdir); err != nil {
			fmt.Fprintf(stderr, "flbhost: %v\n", err)
			return exitFailed
		}
	}
	a := &agent{line: c, stdout: &locked{w: stdout}, stderr: &locked{w: stderr}}
	return a.run(ctx, signals)
}
