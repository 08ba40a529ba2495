// Command flbhost is a small stand-in for Fluent Bit, to develop this project's plugins on machines without Fluent Bit.
// It is not Fluent Bit, and not for production.
//
// It loads the built shared objects and calls them as Fluent Bit does (package host). It takes events from inputs that
// are plugins, and from built-in inputs that make the same records as Fluent Bit's (package input). It understands a
// part of Fluent Bit's command line and classic configuration (package conf). It has no filters, parsers or storage,
// and only the outputs stdout and null (package output). It passes sockets from systemd to the plugins.
//
// This package joins the others: an agent reads a configuration, makes a plan of it, and runs an engine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, signals); err != nil {
		fmt.Fprintln(os.Stderr, "flbhost:", err)
		os.Exit(1)
	}
}

// run is the program. It returns when a signal other than SIGHUP comes, when ctx ends, or when something fails. stderr
// must be safe for concurrent use.
func run(ctx context.Context, args []string, stdout, stderr io.Writer, signals <-chan os.Signal) error {
	a := &agent{args: args, stdout: stdout, stderr: stderr}
	if err := a.run(ctx, signals); !errors.Is(err, flag.ErrHelp) {
		return err
	}
	return nil
}
