// Command promexporter tries out rules without an agent: it checks them, applies them to samples of records, says why a
// record was counted or not, and tests them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// version is set when the program is built.
var version = "dev"

func main() { os.Exit(run()) }

// run executes the command line and returns the status.
func run() int {
	signal.Ignore(syscall.SIGPIPE) // a reader that has seen enough is no failure
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return execute(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
}
