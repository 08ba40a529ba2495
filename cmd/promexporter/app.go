package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"github.com/promexporter/promexporter/internal/ansi"
)

// The statuses of the program. Scripts depend on them, so they never change.
const (
	statusFine        = 0
	statusWrong       = 1 // what was looked at is wrong
	statusFailed      = 2 // the command could not do its work
	statusWarnings    = 3 // only warnings, and --strict was given
	statusInterrupted = 130
)

// status is an error that ends the program with a status. What there is to say was said.
type status int

func (s status) Error() string { return fmt.Sprintf("status %d", int(s)) }

type streams struct {
	in       io.Reader
	out, err io.Writer
}

// app is what all commands share: the streams, and the flags for them.
type app struct {
	streams
	color   string
	quiet   bool
	verbose bool
}

func execute(ctx context.Context, args []string, s streams) int {
	a := &app{streams: s}
	root := a.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var end status
	switch {
	case ctx.Err() != nil && (err == nil || errors.Is(err, context.Canceled)):
		return statusInterrupted
	case err == nil, errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrClosedPipe):
		return statusFine
	case errors.As(err, &end):
		return int(end)
	}
	fmt.Fprintf(s.err, "%s %v\n", a.palette(s.err).Red("promexporter:"), err)
	return statusFailed
}

// knownCommand refuses words that are not commands, with the most similar command as advice.
func knownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	advice := "promexporter --help lists them"
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		advice = "did you mean " + near[0] + "?"
	}
	return fmt.Errorf("unknown command %q; %s", args[0], advice)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "promexporter",
		Short: "Try out rules of promexporter without an agent",
		Long: `promexporter checks rules, applies them to samples of records, says why a record was counted or not, and tests them.

Exit status: 0 fine, warnings or not; 1 what was looked at is wrong; 2 the command could not do its work; 3 only warnings,
and --strict was given; 130 after Ctrl-C.`,
		SilenceErrors:              true,
		SuggestionsMinimumDistance: 2,
		SilenceUsage:               true,
		Args:                       knownCommand,
		PersistentPreRunE:          func(*cobra.Command, []string) error { return a.checkColor() },
		RunE:                       func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetOut(a.out)
	root.SetErr(a.err)
	flags := root.PersistentFlags()
	flags.StringVar(&a.color, "color", "auto", "color the output: always, never or auto, which is on a terminal")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "write no notes and summaries to stderr")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "write more detail")
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			return fmt.Errorf("--%s %q; write %s", bad.GetFlag().Name, bad.GetValue(), valueAdvice(bad.GetFlag().Value.Type()))
		}
		return fmt.Errorf("%w; see %s --help", err, c.CommandPath())
	})
	root.AddCommand(
		a.checkCommand(), a.evalCommand(), a.explainCommand(), a.testCommand(),
		a.listenCommand(), a.schemaCommand(), a.versionCommand(), a.manCommand(),
	)
	return root
}

// valueAdvice says what a flag of this type takes.
func valueAdvice(flagType string) string {
	switch flagType {
	case "int":
		return "a whole number"
	case "float64":
		return "a number"
	}
	return "true or false"
}

func (a *app) checkColor() error { return oneOf("--color", a.color, "always", "never", "auto") }

// oneOf reports a word that a flag does not take.
func oneOf(flag, word string, words ...string) error {
	for _, w := range words {
		if w == word {
			return nil
		}
	}
	return fmt.Errorf("%s %q; write one of %s", flag, word, strings.Join(words, ", "))
}

// palette returns the colors of a stream.
func (a *app) palette(w io.Writer) ansi.Palette {
	switch {
	case a.color == "always":
		return true
	case a.color == "never":
		return false
	case os.Getenv("CLICOLOR_FORCE") != "" && os.Getenv("CLICOLOR_FORCE") != "0":
		return true
	case os.Getenv("NO_COLOR") != "", os.Getenv("TERM") == "dumb":
		return false
	}
	return ansi.Palette(isTerminal(w))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// note writes a line to stderr, unless notes are off.
func (a *app) note(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}
